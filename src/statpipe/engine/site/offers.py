"""What a plugin offers: its hooks are called, and unusable offers are refused with a clear
message.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

from attrs import field, frozen

from statpipe.api import Component, Instance, Model, PluginError, hookspecs
from statpipe.api.markers import PROJECT
from statpipe.domain.nearest import nearest

Role = Literal["source", "normalizer", "sink", "check", "model", "notifier"]
HOOKS: dict[Role, str] = {
    "source": "statpipe_sources",
    "normalizer": "statpipe_normalizers",
    "sink": "statpipe_sinks",
    "check": "statpipe_checks",
    "model": "statpipe_models",
    "notifier": "statpipe_notifiers",
}
FAMILY = "{}_figures"
"""The suffix of a source's Gold family: a model must not have the same name as a source in SQL."""


@frozen(kw_only=True)
class Offer:
    """
    One named declaration, and the plugin that offers it.
    """

    role: Role
    name: str
    summary: str
    plugin: str
    distribution: str
    version: str
    item: Any = field(repr=False)

    @property
    def whose(self) -> str:
        """
        The distribution that offers it, with its version.
        """
        return f"{self.distribution} {self.version}"

    @property
    def of(self) -> tuple[str, str, str]:
        """
        The plugin, its distribution and version.
        """
        return self.plugin, self.distribution, self.version


@frozen(kw_only=True)
class Broken:
    """
    A plugin that cannot be used, and why in one line.
    """

    plugin: str
    distribution: str
    version: str
    reason: str
    trace: str = field(repr=False, default="")


def offers_of(
    of: tuple[str, str, str],
    module: Any,
    instances: Sequence[Instance] = (),
    roles: Iterable[Role] = tuple(HOOKS),
) -> list[Offer]:
    """
    Call a plugin's hooks. *of* are the plugin, its distribution and version.

    :raises PluginError: A hook raises, returns something else, or offers a name twice.
    """
    plugin, distribution, version = of
    offers = [
        Offer(
            role=role,
            name=item.name,
            summary=item.title if isinstance(item, Model) else item.summary,
            plugin=plugin,
            distribution=distribution,
            version=version,
            item=item,
        )
        for role in roles
        for item in _all_items_of(role, module, instances)
    ]
    names = Counter((offer.role, offer.name) for offer in offers)
    twice = [f"{role} {name!r}" for (role, name), count in names.items() if count > 1]
    if twice and not instances:  # for instances, the configuration may be wrong
        msg = f"{' and '.join(twice)} is offered twice; give each its own name"
        raise PluginError(msg)
    return offers


def offered_twice(offers: Sequence[Offer]) -> str:
    """
    Say that several plugins offer the same name.
    """
    who = " and ".join(offer.whose for offer in offers)
    first = offers[0]
    return f"two plugins offer a {first.role} named {first.name!r}: {who}; uninstall one of them"


def _all_items_of(role: Role, module: Any, instances: Sequence[Instance]) -> list[Any]:
    offered = _items_of(role, getattr(module, HOOKS[role], None), instances)
    return offered + _standard_models(module, instances) if role == "model" else offered


def _standard_models(module: Any, instances: Sequence[Instance]) -> list[Model]:
    """Make the standard Gold models of sources that declare their frequency, and of their instances."""
    components = _with_freq(module)
    if not components:
        return []
    from statpipe.api.gold import gold_models

    return [
        model
        for one in components
        for name, source in [
            *([] if one.needs_instance else [(FAMILY.format(one.name), one.name)]),
            *((made.gold, made.name) for made in instances if made.component == one.name),
        ]
        for model in gold_models(name=name, source=source, title=one.summary, freq=one.freq)
    ]


def _with_freq(module: Any) -> list[Component]:
    hook = getattr(module, HOOKS["source"], None)
    return [one for one in _items_of("source", hook, ()) if one.freq]


def _items_of(role: Role, function: Any, instances: Sequence[Instance]) -> list[Any]:
    """Call a hook and check what it returns."""
    if function is None:
        return []
    hook = HOOKS[role]
    wanted: type = Model if role == "model" else Component
    told = {"instances": instances} if "instances" in _parameters(function) else {}
    try:
        offered: Any = function(**told)
        if isinstance(offered, Iterable) and not isinstance(offered, str | bytes):
            offered = list(offered)  # a generator only raises here
    except Exception as error:
        msg = f"{hook} raised {type(error).__name__}: {error}"
        raise PluginError(msg) from error
    several = isinstance(offered, list)
    items: list[Any] = offered if several else [offered]
    other = [item for item in items if not isinstance(item, wanted)] if several else items
    if other:
        what = "None" if other[0] is None else f"a {type(other[0]).__name__}"
        within = " in its list" if several else ""
        msg = f"{hook} returned {what}{within}; expected a list of statpipe.api.{wanted.__name__}"
        raise PluginError(msg)
    return items


def takes_instances(module: Any) -> bool:
    """
    Return whether a plugin makes Gold models for sources that the configuration declares.
    """
    hook = getattr(module, HOOKS["model"], None)
    return "instances" in _parameters(hook) or bool(_with_freq(module))


def _parameters(function: Any) -> Collection[str]:
    return inspect.signature(function).parameters if function is not None else ()


def refuse_misspelt_hooks(module: Any) -> None:
    """
    Refuse a function that has nearly the name of a hook, or is not marked as one, because it
    would never be called.

    :raises PluginError: There is such a function.
    """
    known = {name for name in dir(hookspecs) if name.startswith(f"{PROJECT}_")}
    for name in dir(module):
        function = getattr(module, name) if name.startswith(f"{PROJECT}_") else None
        if not callable(function):
            continue
        if name not in known:
            msg = f"{name} is not a hook of statpipe{nearest(name, known)}"
            raise PluginError(msg)
        if name not in HOOKS.values() and not hasattr(function, f"{PROJECT}_impl"):
            msg = f"{name} is not marked with statpipe.api.hookimpl, so it would never be called"
            raise PluginError(msg)
