"""Choose by the names in a setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from statpipe.domain.errors import ConfigError
from statpipe.domain.nearest import nearest

T = TypeVar("T")


def chosen(there: Mapping[str, T], names: Iterable[str], where: str) -> list[T]:
    """
    Return the values with these names. *where* is the setting that holds the names, such as ``sources.tea.tables``.

    :raises ConfigError: A name does not exist; the message suggests a similar one.
    """
    for name in (wanted := list(names)):
        if name not in there:
            msg = f"{where}: {name!r} does not exist{nearest(name, there)}"
            raise ConfigError(msg)
    return [there[name] for name in wanted]
