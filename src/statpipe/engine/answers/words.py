"""How a reader chose rows, for messages: as command-line options, or as Python arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

_OPTIONS = {
    "ref_area": "--area",
    "category": "--category",
    "dataset": "--dataset",
    "time_period": "--period",
}
_ARGUMENTS = {"time_period": "period"}


@frozen(kw_only=True)
class Words:
    """
    The spelling of what a reader chose. ``as_of`` is what a day is given by.
    """

    python: bool = False
    as_of: str = field(init=False)

    @as_of.default
    def _as_of(self) -> str:
        return "as_of" if self.python else "--as-of"

    def choice(self, column: str, values: Sequence[str]) -> str:
        """
        Return how a reader chose these values of a column.
        """
        if self.python:
            texts = [f'"{value}"' for value in values]
            shown = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
            return f"{_ARGUMENTS.get(column, column)}={shown}"
        if column in _OPTIONS:
            return f"{_OPTIONS[column]} {','.join(values)}"
        return f"--where {column}={','.join(values)}"

    def choices(self, wanted: Mapping[str, Sequence[str]]) -> str:
        """
        Return everything that a reader chose.
        """
        return (", " if self.python else " ").join(self.choice(*one) for one in wanted.items())

    def day(self, day: object) -> str:
        """
        Return how a reader gave a day.
        """
        return f'as_of="{day}"' if self.python else f"--as-of {day}"


OPTIONS = Words()
ARGUMENTS = Words(python=True)
