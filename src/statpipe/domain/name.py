"""Names in declarations, with a clear message for invalid ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def must_be_name(what: str, pattern: str, expected: str) -> Callable[[Any, Any, Any], None]:
    """
    Return a validator for the name of *what*.
    """

    def validate(_instance: Any, _attribute: Any, name: Any) -> None:
        if not isinstance(name, str) or not re.fullmatch(pattern, name):
            msg = f"{name!r} is not a valid name for a {what}; expected {expected}"
            raise ValueError(msg)

    return validate


SMALL = (
    r"[a-z][a-z0-9_]*",
    "lower-case letters, digits and underscores, beginning with a letter, such as 'my_agency'",
)
"""Names that need no quotes in SQL and configurations: pattern and description."""
