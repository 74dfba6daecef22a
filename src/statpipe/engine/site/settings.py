"""From raw settings to a component's settings class: references resolved, types strictly
checked.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import attrs
import cattrs
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from statpipe.api import Component, ConfigError, Environment, Secret
from statpipe.api.component import FILLED_IN
from statpipe.domain.nearest import nearest
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.variables import secret_of

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
_BY_NAME = (dict, Mapping)
_LITERAL_SECRET = 'write a secret as a reference, "${VARIABLE}", never as its value'  # noqa: S105


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
    fields = _fields(component.settings)
    where = f"{configuration.shown}: {place}"
    _refuse_unknown(raw, set(fields) - FILLED_IN, where)
    values = _resolved_fields(raw, component.settings, where, configuration)
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
    Name the configured secrets whose variables are not set, for the end of a message; or an empty
    text.
    """
    fields = _fields(component.settings)
    named = [
        f"{place}.{name} refers to {value}, which is not set"
        for name, value in raw.items()
        if name in fields and _is_secret(fields[name].type)
        for match in [_REFERENCE.fullmatch(str(value))]
        if match and not configuration.variables.get(match["name"])
    ]
    return f" ({'; '.join(named)})" if named else ""


def _fields(settings: type) -> dict[str, attrs.Attribute[Any]]:
    return {a.name: a for a in attrs.fields(attrs.resolve_types(settings))}


def _refuse_unknown(raw: Mapping[str, Any], choices: Collection[str], where: str) -> None:
    for key in raw:
        if key not in choices:
            raise ConfigError(f"{where}: unknown key {key!r}{nearest(key, choices)}")


def _resolved_fields(
    raw: Mapping[str, Any], settings: type, where: str, configuration: Configuration
) -> dict[str, Any]:
    """Replace references by the values of variables in the fields of a class of settings."""
    fields = _fields(settings)
    values = {
        name: _resolved(value, fields[name].type, f"{where}.{name}", configuration)
        for name, value in raw.items()
    }
    for name, attribute in fields.items():
        variable = attribute.metadata.get("variable")
        if variable and name not in values:
            values[name] = secret_of(configuration.variables, variable)
    return values


def _resolved(value: Any, kind: Any, where: str, configuration: Configuration) -> Any:
    """Replace references by the values of variables, also in nested settings."""
    if _is_secret(kind):
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ConfigError(f"{where}: {_LITERAL_SECRET}")
        return secret_of(configuration.variables, match["name"])
    kind = _less_none(kind)
    (*_, item) = (None, *(one for one in typing.get_args(kind) if one is not ...))
    if attrs.has(kind) or typing.get_origin(kind) in _BY_NAME:
        if not isinstance(value, dict):
            raise ConfigError(f"{where} is {value!r}; expected a table")
        if attrs.has(kind):
            _refuse_unknown(value, _fields(kind), where)
            return _resolved_fields(value, kind, where, configuration)
    if isinstance(value, dict):
        return {n: _resolved(v, item, f"{where}.{n}", configuration) for n, v in value.items()}
    if isinstance(value, list):
        return [_resolved(v, item, f"{where}[{n}]", configuration) for n, v in enumerate(value)]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda m: _variable(m["name"], where, configuration), value)
    return value


def _less_none(kind: Any) -> Any:
    """Return the type of an optional setting without None."""
    if typing.get_origin(kind) not in {typing.Union, types.UnionType}:
        return kind
    others = [one for one in typing.get_args(kind) if one is not type(None)]
    return others[0] if len(others) == 1 else kind


def _variable(name: str, where: str, configuration: Configuration) -> str:
    found = configuration.variables.get(name)
    if not found:
        msg = f"{where} refers to ${{{name}}}, which is not set; set {name} in the process environment or in .env"
        raise ConfigError(msg)
    return found


def _is_secret(kind: Any) -> bool:
    return kind is Secret or Secret in typing.get_args(kind)


@cache
def _converter() -> cattrs.Converter:
    """Make a converter with strict types, because TOML has its own types."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in _WORDS:  # one by one: cattrs has its own hooks for these
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook(date, _day)
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


def _day(value: Any, _: type) -> date:
    """Read a date of TOML, or a date as text."""
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        msg = f" is {value!r}; expected a day such as 2026-12-18"
        raise ValueError(msg) from None


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
