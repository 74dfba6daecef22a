"""Sources that the configuration makes of a component: ``[sources.NAME] use = "COMPONENT"``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from statpipe.api import ConfigError, Instance
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.nearest import nearest
from statpipe.engine.site.registry import Registry

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FAMILY = "{}_figures"
"""What the Gold family of an instance is called: SQL could not tell a model from a source of its name."""


def instances_of(configuration: Configuration, registry: Registry) -> list[Instance]:
    """
    Return the instances that a configuration declares. Of a component that a broken plugin may have, there
    is none: whoever needs it is told so.

    :raises ConfigError: One uses a component that is not there, or has a name that is taken or that
        nothing can have.
    """
    found: dict[str, Instance] = {}
    for name, table in configuration.table("sources").items():
        if not isinstance(table, Mapping) or "use" not in table:
            continue
        if table["use"] == name and "gold" not in table:
            continue  # the component itself
        if registry.broken and table["use"] not in registry.named("source"):
            continue
        instance = _instance(configuration, registry, name, table)
        families = {one.gold: one.name for one in found.values()}
        if instance.gold in families:
            where = f"{configuration.shown}: sources.{name}"
            msg = f"{where}.gold is {instance.gold!r}, as is that of {families[instance.gold]}; give each its own"
            raise ConfigError(msg)
        found[name] = instance
    return list(found.values())


def _instance(
    configuration: Configuration, registry: Registry, name: str, table: Mapping[str, Any]
) -> Instance:
    where = f"{configuration.shown}: sources.{name}"
    offers = registry.named("source")
    if name in offers:
        msg = f"{where}.use: the plugin {offers[name].plugin} has a source of this name; choose another name"
        raise ConfigError(msg)
    gold = table.get("gold", _FAMILY.format(name))
    for text, place in ((name, where), (gold, f"{where}.gold")):
        if not isinstance(text, str) or not _NAME.fullmatch(text):
            msg = f"{place}: {text!r} is no name; expected at most 40 small letters, digits and _, such as 'pce_bulk'"
            raise ConfigError(msg)
    if gold in offers or gold in configuration.table("sources"):
        msg = f"{where}.gold is {gold!r}, which is a source; SQL could not tell them apart: choose another name"
        raise ConfigError(msg)
    component = table["use"]
    if component not in offers:
        msg = f"{where}.use: no source component is named {component!r}{nearest(str(component), offers)}"
        raise ConfigError(msg)
    return Instance(name=name, component=component, gold=gold)
