"""Every credential that the configuration refers to, so that log lines can mask it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import attrs

from statpipe.engine.site.aws_environment import SECRETS
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def credentials(configuration: Configuration, registry: Registry) -> set[str]:
    """
    Return the values of all variables that settings declared as secret may take, and of AWS's keys.
    """
    fields = _secret_fields(registry)
    declared = [variable for one in fields if (variable := one.metadata["variable"])]
    referred = _referred_to(configuration.document, {one.name for one in fields})
    names = {*SECRETS, *declared, *referred}
    return {value for name in names if (value := configuration.variables.get(name))}


def _secret_fields(registry: Registry) -> list[Any]:
    # Many sources may share a class of settings.
    kinds = {offer.item.settings for offer in registry.offers if offer.role != "model"}
    return [one for kind in kinds for one in attrs.fields(kind) if "variable" in one.metadata]


def _referred_to(node: Any, secret_fields: Collection[str]) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in secret_fields and isinstance(value, str):
                yield from _REFERENCE.findall(value)
            else:
                yield from _referred_to(value, secret_fields)
