"""From raw settings to a component's settings class: references resolved, types held strictly."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import cattrs
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from statpipe.api import Component, ConfigError, Environment, Secret
from statpipe.api.component import FILLED_IN
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.nearest import nearest
from statpipe.engine.site.variables import secret_of

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
_LITERAL_SECRET = 'a secret is written as a reference, "${VARIABLE}", never as itself'  # noqa: S105


def filled(
    component: Component,
    raw: Mapping[str, Any],
    place: str,
    configuration: Configuration,
    environment: Environment,
) -> Any:
    """
    Make a component's settings.

    :raises ConfigError: A key is unknown, a type wrong, a variable not set, or a secret written out or
        in quotes.
    """
    fields = {a.name: a for a in attrs.fields(attrs.resolve_types(component.settings))}
    where = f"{configuration.shown}: {place}"
    for key in raw:
        if key not in fields or key in FILLED_IN:
            choices = set(fields) - FILLED_IN
            raise ConfigError(f"{where}: unknown key {key!r}{nearest(key, choices)}")
    values = {
        name: _resolved(value, fields[name], f"{where}.{name}", configuration)
        for name, value in raw.items()
    }
    for name, attribute in fields.items():
        variable = attribute.metadata.get("variable")
        if variable and name not in values:
            values[name] = secret_of(configuration.variables, variable)
    given = {"environment": environment, "instance": component.name}
    values |= {name: value for name, value in given.items() if name in fields}
    try:
        return _converter().structure(values, component.settings)
    except (ClassValidationError, ForbiddenExtraKeysError) as error:
        raise ConfigError("; ".join(f"{where}{text}" for text in _readable(error))) from None


def unset_secrets(
    component: Component, raw: Mapping[str, Any], place: str, configuration: Configuration
) -> str:
    """
    Name the configured secrets whose variables are not set, to put behind a message; or nothing.
    """
    fields = {a.name: a for a in attrs.fields(attrs.resolve_types(component.settings))}
    named = [
        f"{place}.{name} refers to {value}, which is not set"
        for name, value in raw.items()
        if name in fields and _is_secret(fields[name])
        for match in [_REFERENCE.fullmatch(str(value))]
        if match and not configuration.variables.get(match["name"])
    ]
    return f" ({'; '.join(named)})" if named else ""


def _resolved(
    value: Any, attribute: attrs.Attribute[Any], where: str, configuration: Configuration
) -> Any:
    """Put the values of variables in place of references."""
    if _is_secret(attribute):
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ConfigError(f"{where}: {_LITERAL_SECRET}")
        return secret_of(configuration.variables, match["name"])
    if isinstance(value, str):
        return _REFERENCE.sub(lambda m: _variable(m["name"], where, configuration), value)
    if isinstance(value, list):
        return [_resolved(item, attribute, where, configuration) for item in value]
    return value


def _variable(name: str, where: str, configuration: Configuration) -> str:
    found = configuration.variables.get(name)
    if not found:
        msg = f"{where} refers to ${{{name}}}, which is not set; set {name} in the process environment or in .env"
        raise ConfigError(msg)
    return found


def _is_secret(attribute: attrs.Attribute[Any]) -> bool:
    return attribute.type is Secret or Secret in typing.get_args(attribute.type)


def _converter() -> cattrs.Converter:
    """Make a converter that holds types strictly: TOML has types of its own."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in _WORDS:  # one by one: cattrs asks its own hooks for these before any predicate
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook_func(
        lambda wanted: wanted is Environment or wanted is Secret or wanted == Secret | None,
        lambda value, _: value,
    )
    converter.register_structure_hook_func(_is_list, _strict_list(converter))
    converter.register_structure_hook_func(_is_choice, _chosen)
    return converter


def _strict(value: Any, kind: type) -> Any:
    allowed = (int, float) if kind is float else (kind,)
    if type(value) not in allowed:
        msg = f" is {value!r}; expected {_WORDS[kind]}"
        raise TypeError(msg)
    return kind(value)


def _is_choice(wanted: Any) -> bool:
    return typing.get_origin(wanted) is typing.Literal


def _chosen(value: Any, wanted: Any) -> Any:
    choices = typing.get_args(wanted)
    if value not in choices:
        msg = f" is {value!r}; expected one of {', '.join(map(str, choices))}"
        raise ValueError(msg)
    return value


def _is_list(wanted: Any) -> bool:
    return typing.get_origin(wanted) is tuple


def _strict_list(converter: cattrs.Converter) -> Any:
    def structure(value: Any, wanted: Any) -> Any:
        if not isinstance(value, list):
            msg = f" is {value!r}; expected a list"
            raise TypeError(msg)
        (kind, *_) = typing.get_args(wanted)
        return tuple(converter.structure(item, kind) for item in value)

    return structure


_WORDS = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}


def _readable(error: BaseException, path: str = "") -> Iterable[str]:
    """Flatten cattrs' nested errors into place and text."""
    for note in getattr(error, "__notes__", []):
        name = getattr(note, "name", None)
        if name is not None:
            path = f"{path}.{name}"
    if isinstance(error, ClassValidationError | IterableValidationError):
        for inner in error.exceptions:
            yield from _readable(inner, path)
    elif isinstance(error, KeyError):
        yield f"{path} is missing; set it"
    else:
        text = str(error)
        yield path + (text if text.startswith(" ") else f": {text}")
