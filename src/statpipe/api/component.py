"""What a plugin offers: a named declaration of something that the engine can create when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import attrs
from attrs import field, frozen

from statpipe.domain.errors import PluginError
from statpipe.domain.name import SMALL, must_be_name
from statpipe.domain.period import refuse_unknown_frequencies

FILLED_IN = frozenset({"environment", "instance"})
"""Fields of settings that the engine fills, and not the configuration."""


@frozen
class NoSettings:
    """
    The settings of a component that has none.
    """


def _imported_later(factory: Callable[[Any], Any] | str) -> Any:
    if not isinstance(factory, str):
        return factory
    module, _, name = factory.partition(":")
    if not (module and name):
        return factory  # refused below, with the name of the component

    def make(settings: Any) -> Any:
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            msg = f"the factory {factory} cannot be loaded ({error}); correct the plugin"
            raise PluginError(msg) from error
        return found() if isinstance(settings, NoSettings) else found(settings)

    make.__qualname__ = factory  # a traceback and the test kit name what it makes
    return make


def _summed_up(component: Any, _attribute: Any, summary: Any) -> None:
    if not isinstance(summary, str):
        msg = f"the summary of component {component.name} is {summary!r}; expected one line of text"
        raise TypeError(msg)


def _makes(component: Any, _attribute: Any, factory: Any) -> None:
    if not callable(factory):
        msg = (
            f"the factory of component {component.name} is {factory!r}; expected a function that takes the "
            "settings and returns the object, or its place, such as 'my_agency.source:MySource'"
        )
        raise TypeError(msg)


def _known(component: Any, _attribute: Any, freq: Any) -> None:
    if freq:
        refuse_unknown_frequencies(f"component {component.name}", freq)


def _of_attrs(component: Any, _attribute: Any, settings: Any) -> None:
    if not isinstance(settings, type) or not attrs.has(settings):
        msg = (
            f"the settings of component {component.name} are {settings!r}; expected a class that is marked "
            "with attrs.frozen"
        )
        raise TypeError(msg)


@frozen(kw_only=True)
class Component:
    """
    A source, normalizer, sink, check or notifier that a plugin offers.

    ``summary`` is the line that ``statpipe plugins list`` shows. ``settings`` is an attrs class
    that the engine fills from the configuration; unknown keys are refused. A settings field named
    ``environment`` receives the run's :class:`~statpipe.api.Environment` instead, one named
    ``instance`` the name under which the component is configured. ``factory`` takes the settings
    and returns the object of the role; it is called once per run and may import heavy libraries.
    Written as text, ``"my_agency.source:MySource"``, it is imported when it is called; without
    settings, it is called without arguments. Making a Component must be cheap and need no
    credentials. A source that declares its ``freq`` (SDMX CL_FREQ, or several such as ``"MQ"``)
    gets the standard Gold models, :func:`statpipe.api.gold.gold_models`, under ``NAME_figures``,
    and so does each source that the configuration makes of it. A source that ``needs_instance`` has
    no figures until it is configured under a name of its own: ``[sources.NAME] use = "..."``. A
    check that is not ``general`` only checks its own plugin's figures, so it does not replace the
    general checks if those are broken.

    :raises ValueError: The name is not valid, or a frequency is unknown.
    :raises TypeError: The summary is not text, the factory is not a function, or the settings are
    not an attrs class.
    """

    name: str = field(validator=must_be_name("component", *SMALL))
    summary: str = field(validator=_summed_up)
    factory: Callable[[Any], Any] = field(converter=_imported_later, validator=_makes)
    settings: type = field(default=NoSettings, validator=_of_attrs)
    general: bool = True
    needs_instance: bool = False
    freq: str = field(default="", validator=_known)


@frozen(kw_only=True)
class Instance:
    """
    A source that the configuration makes of a component, under a name of its own.

    ``gold`` is the name for its family of Gold models. ``settings`` are its settings as written,
    for a hook that makes models for some instances only; secrets are references there.
    """

    name: str
    component: str
    gold: str
    settings: Mapping[str, Any] = field(factory=dict, repr=False, hash=False)


def secret(variable: str | None = None) -> Any:
    """
    Declare a settings field that holds a credential.

    The field's type is ``Secret | None``. The configuration may only *refer* to a secret, as
    ``"${VARIABLE}"``; if it does not, *variable* is looked up. An unset variable gives ``None``.
    """
    return attrs.field(default=None, metadata={"variable": variable})
