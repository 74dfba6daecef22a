"""Messages in the words of Python: what a command calls ``--area CA`` is ``ref_area="CA"`` here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from statpipe.api import StatpipeError

_ARGUMENTS = {
    "area": "ref_area",
    "as-of": "as_of",
    "category": "category",
    "dataset": "dataset",
    "period": "period",
}
_VALUE = r"'[^']*'|[^\s;]*[^\s;:,]"
_OPTION = re.compile(rf"--(area|as-of|category|dataset|period) ({_VALUE})?")
_WHERE = re.compile(rf"--where ([a-z_]+)=({_VALUE})")
_BARE = re.compile(r"--(area|as-of|category|dataset|period)\b")


@contextmanager
def in_python() -> Iterator[None]:
    """
    Let a foreseen error say arguments where it says options.
    """
    try:
        yield
    except StatpipeError as error:
        error.args = (spoken(str(error)), *error.args[1:])
        raise


def spoken(message: str) -> str:
    """
    Return a message with arguments in place of options.
    """

    def argument(match: re.Match[str]) -> str:
        value = (match[2] or "").strip("'")
        name = _ARGUMENTS[match[1]]
        return f'{name}="{value}"' if value else name

    message = _OPTION.sub(argument, message)
    message = _WHERE.sub(lambda match: f'{match[1]}="{match[2]}"', message)
    return _BARE.sub(lambda match: _ARGUMENTS[match[1]], message)
