"""What a setting chooses of what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from statpipe.domain.errors import ConfigError
from statpipe.domain.nearest import nearest

T = TypeVar("T")


def chosen(there: Mapping[str, T], names: Iterable[str], where: str) -> list[T]:
    """
    Return what stands under these names. *where* is the setting that holds them, such as ``sources.tea.tables``.

    :raises ConfigError: There is nothing of a name; the text says what was probably meant.
    """
    for name in (wanted := list(names)):
        if name not in there:
            msg = f"{where} holds {name!r}, which is not there{nearest(name, there)}"
            raise ConfigError(msg)
    return [there[name] for name in wanted]
