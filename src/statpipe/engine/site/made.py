"""Checks that a plugin's factory returns an object that fits its role, before anything is
fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statpipe.api import (
    Check,
    ConfigError,
    Environment,
    Layer,
    Normalizer,
    Notifier,
    PluginError,
    Sink,
    Source,
    StatpipeError,
)
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.offers import Offer, Role
from statpipe.engine.site.settings import filled, unset_secrets

_BASES: Mapping[Role, type] = {
    "source": Source,
    "normalizer": Normalizer,
    "sink": Sink,
    "check": Check,
    "notifier": Notifier,
}


def made_of(offer: Offer, configuration: Configuration, environment: Environment) -> Any:
    """
    Make the object that an offer declares, with its settings.

    :raises ConfigError: The settings are wrong, or are not enough.
    :raises PluginError: The plugin is wrong: its factory raises, or returns an object that does not
    fit the role.
    """
    component, name = offer.item, offer.name
    raw, place = configuration.settings(offer.role, name, environment.name)
    try:
        made = component.factory(filled(component, raw, place, configuration, environment))
    except PluginError as error:
        raise PluginError(f"{_cannot(offer)}: {error}") from error
    except ConfigError as error:
        hint = unset_secrets(component, raw, place, configuration)
        raise type(error)(f"{error}{hint}") from error
    except StatpipeError:
        raise
    except Exception as error:
        raise _wrong(offer, f"its factory raised {type(error).__name__}: {error}") from error
    fault = _fault(offer.role, made)
    if fault:
        raise _wrong(offer, fault)
    return made


def _wrong(offer: Offer, fault: str) -> PluginError:
    return PluginError(f"{_cannot(offer)}: {fault}; correct or uninstall its plugin")


def _cannot(offer: Offer) -> str:
    return f"{offer.role} {offer.name!r} of {offer.whose} cannot be used"


def _fault(role: Role, made: object) -> str:
    """Return what is wrong with an object, if anything is."""
    base, kind = _BASES[role], type(made).__name__
    if not isinstance(made, base):
        return f"its factory returned a {kind}, which is not a {base.__name__}"
    if isinstance(made, Sink):
        layers = getattr(made, "layers", None)
        if not isinstance(layers, frozenset | set) or not all(isinstance(n, Layer) for n in layers):
            said = "has no `layers`" if layers is None else f"has the layers {layers!r}"
            return f"{kind} {said}; expected a frozenset such as frozenset({{Layer.GOLD}})"
    if isinstance(made, Normalizer) and (
        not isinstance(made.version, str) or not made.version.strip()
    ):
        return f'{kind} has the version {made.version!r}; expected text, such as version = "1"'
    return ""
