"""Every credential that the configuration can reach, so that log lines can mask it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
    names = (
        set(SECRETS)
        | set(_declared(registry))
        | set(_referred_to(configuration.document, registry))
    )
    return {value for name in names if (value := configuration.variables.get(name))}


def _declared(registry: Registry) -> Iterator[str]:
    for offer in registry.offers:
        if offer.role != "model":
            for field in attrs.fields(offer.item.settings):
                if field.metadata.get("variable"):
                    yield field.metadata["variable"]


def _referred_to(node: Any, registry: Registry) -> Iterator[str]:
    secret_fields = {
        field.name
        for offer in registry.offers
        if offer.role != "model"
        for field in attrs.fields(offer.item.settings)
        if "variable" in field.metadata
    }
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in secret_fields and isinstance(value, str):
                yield from _REFERENCE.findall(value)
            else:
                yield from _referred_to(value, registry)
