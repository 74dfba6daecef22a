"""Sources that the configuration creates from a component: ``[sources.NAME] use = "COMPONENT"``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from statpipe.api import ConfigError, Instance
from statpipe.domain.nearest import nearest
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.model_order import reading
from statpipe.engine.site.offers import FAMILY
from statpipe.engine.site.registry import Registry

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OUR_KEYS = ("use", "gold", "calendar")


def add_instances(configuration: Configuration, registry: Registry) -> None:
    """
    Add the instances that a configuration declares to the registry, with their Gold models.

    :raises ConfigError: One is wrong, or its family has a model of a name that another model has.
    """
    instances = instances_of(configuration, registry)
    registry.add_instances(instances)
    models = [one.item for one in registry.offers if one.role == "model"]
    twice = [name for name, count in Counter(one.name for one in models).items() if count > 1]
    for instance in instances:
        family = [one for one in models if f"{one.name}_".startswith(f"{instance.gold}_")]
        for name in (one.name for one in family if one.name in twice):
            read = {source for one in family for source in one.inputs} - {instance.name}
            others = ", ".join(sorted(read & registry.named("source").keys()))
            msg = (
                f"{configuration.shown}: sources.{instance.name}.gold is {instance.gold!r}, but "
                f"{others} already has a Gold model named {name!r}; choose another name for `gold`"
            )
            raise ConfigError(msg)


def is_without_models(configuration: Configuration, registry: Registry, name: str) -> bool:
    """
    Return whether a source is an instance without Gold models, because its plugin makes none for
    instances.
    """
    table = configuration.table("sources").get(name)
    used = isinstance(table, Mapping) and table.get("use", name) != name
    return used and not reading(registry.models(), name)


NO_MODELS = "no Gold model reads it, so analysts cannot see its figures"
NO_MODELS_REMEDY = (
    "let its plugin name the source's `freq`, or let its hook statpipe_models take `instances` and make a family "
    "for each"
)


def instances_of(configuration: Configuration, registry: Registry) -> list[Instance]:
    """
    Return the instances that a configuration declares. Instances of a broken plugin's component are
    left out. Using one is an error.

    :raises ConfigError: One uses a component that does not exist, or has a name that is taken or
    that
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
            msg = (
                f"{where}.gold is {instance.gold!r}, the same as that of "
                f"{families[instance.gold]}; give each its own"
            )
            raise ConfigError(msg)
        found[name] = instance
    return list(found.values())


def _instance(
    configuration: Configuration, registry: Registry, name: str, table: Mapping[str, Any]
) -> Instance:
    where = f"{configuration.shown}: sources.{name}"
    offers = registry.named("source")
    if name in offers:
        msg = (
            f"{where}.use: the plugin {offers[name].plugin} already has a source of this "
            "name; choose another name"
        )
        raise ConfigError(msg)
    gold = table.get("gold", FAMILY.format(name))
    for text, place in ((name, where), (gold, f"{where}.gold")):
        if not isinstance(text, str) or not _NAME.fullmatch(text):
            msg = (
                f"{place}: {text!r} is not a valid name; expected at most 40 lower-case letters, "
                "digits and _, such as 'pce_bulk'"
            )
            if text is gold and "gold" not in table:  # nobody has written it
                msg = (
                    f"{where}: its tables would be named {gold!r}, which is longer than 40 characters; "
                    f"set `gold` in [sources.{name}] to a shorter name"
                )
            raise ConfigError(msg)
    if gold in offers or gold in configuration.table("sources"):
        msg = (
            f"{where}.gold is {gold!r}, which is also the name of a source, so SQL would be "
            "ambiguous; choose another name"
        )
        raise ConfigError(msg)
    component = table["use"]
    if component not in offers:
        msg = f"{where}.use: no source component is named {component!r}{nearest(str(component), offers)}"
        raise ConfigError(msg)
    settings = {key: value for key, value in table.items() if key not in _OUR_KEYS}
    return Instance(name=name, component=component, gold=gold, settings=settings)
