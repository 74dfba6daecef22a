"""Types of option values, each checked in one place."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token

_LONGEST_WAIT = 7 * 24 * 60 * 60
_AS_MANY_AS_YOU_LIKE = (1, None)


def split(names: Sequence[str]) -> tuple[str, ...]:
    """
    Return each name once. `A B`, `A,B`, and `A` and `B` in several options are equivalent.
    """
    return tuple(dict.fromkeys(part.strip() for name in names for part in name.split(",")))


def _no_name_is_empty(_type: Any, names: Sequence[str] | str | None) -> None:
    given = (names,) if isinstance(names, str) else names or ()
    if not all(split(given)):
        msg = f"empty name in {', '.join(map(repr, given))}"
        raise ValueError(msg)


def _seconds(_type: Any, seconds: float) -> None:
    if not (math.isfinite(seconds) and 0 <= seconds <= _LONGEST_WAIT):
        msg = f"it must be a number of seconds from 0 to {_LONGEST_WAIT} (a week), not {seconds:g}"
        raise ValueError(msg)


def _whole_number(_type: Any, tokens: Sequence[Token]) -> int:
    (token,) = tokens
    if not re.fullmatch(r"[0-9]+", token.value, re.ASCII) or int(token.value) < 1:
        msg = f"it must be a whole number, at least 1, not {token.value}"
        raise ValueError(msg)
    return int(token.value)


Flag = Annotated[bool, Parameter(negative="")]
All = Annotated[bool, Parameter(name="--all", negative="")]
Csv = Annotated[bool, Parameter(name="--csv", negative="")]
Name = Annotated[str, Parameter(validator=_no_name_is_empty)]
Names = Annotated[
    tuple[str, ...],
    Parameter(negative="", consume_multiple=_AS_MANY_AS_YOU_LIKE, validator=_no_name_is_empty),
]
Conditions = Annotated[
    tuple[str, ...], Parameter(negative="", consume_multiple=_AS_MANY_AS_YOU_LIKE)
]
Places = Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=_AS_MANY_AS_YOU_LIKE)]
Seconds = Annotated[float, Parameter(validator=_seconds)]
Count = Annotated[int, Parameter(converter=_whole_number, n_tokens=1)]
