"""How a reader chose rows, for messages: as command-line options, or as Python arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

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
    The spelling of what a reader chose. *dated* is the Python argument that gives the day.
    """

    python: bool = False
    dated: str = "as_of"

    @property
    def as_of(self) -> str:
        """
        What gives the day: an argument or an option.
        """
        return self.dated if self.python else f"--{self.dated.strip('_').replace('_', '-')}"

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
        return f'{self.as_of}="{day}"' if self.python else f"{self.as_of} {day}"

    def of_two_days(self) -> tuple[Words, Words]:
        """
        Return the words for the first and the last of two days.
        """
        return Words(python=self.python, dated="from_"), Words(python=self.python, dated="to")


OPTIONS = Words()
ARGUMENTS = Words(python=True)
