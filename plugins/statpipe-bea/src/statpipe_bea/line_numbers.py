"""The check ``bea_line_numbers``: BEA renumbered a table's lines."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from statpipe.api import Check, CheckResult, Dataset, Severity, Snapshot
from statpipe_bea.crosswalk import is_renumbered, known_layout
from statpipe_bea.lines import lines_in_token
from statpipe_bea.settings import LineNumberSettings


class LineNumbers(Check):
    """
    Reports categories whose line numbers differ from those of the vintage before.

    Figures are identified by title and unit, so renumbering does not revise them. But programs that
    request BEA's lines by number now get other figures. Numbers that are not in the crosswalk are
    also reported.
    """

    name = "bea_line_numbers"

    def __init__(self, settings: LineNumberSettings) -> None:
        self._severity: Severity = settings.severity

    def applies_to(self, dataset: Dataset) -> bool:
        """
        Return whether BEA has renumbered this table before.
        """
        return is_renumbered(dataset.name)

    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Compare the line numbers in the tokens of the two vintages.
        """
        lines = _numbers(lines_in_token(current.vintage.token))
        released = current.vintage.released
        known = _numbers(known_layout(current.dataset.name, released))
        before = _numbers(lines_in_token(previous.vintage.token)) if previous else {}
        since = previous.vintage.id if previous else ""
        if not lines:
            message = "the release does not say how its lines are numbered"
            return attrs.evolve(self._verdict(current, message), judged=False)
        moved = {c: (before[c], n) for c, n in lines.items() if before.get(c, n) != n}
        texts, told = [], moved
        if moved:
            texts.append(
                f"{_count(len(moved))} other line numbers than in {since}, first: "
                f"{_first(moved)}; figures are identified by title and unit, so none is revised"
            )
        if lines != known:
            texts.append(
                f"the line numbers of {released} are not recorded: add these lines with their "
                "titles and units to statpipe_bea/data/price_lines.csv"
            )
            told = {c: (known.get(c, ""), n) for c, n in lines.items()} | moved
        return self._verdict(current, "; ".join(texts), told if texts else {})

    def _verdict(
        self, current: Snapshot, message: str, moved: Mapping[str, tuple[str, str]] | None = None
    ) -> CheckResult:
        titles = {c.code: c.name for c in current.dataset.categories}
        return CheckResult(
            check=self.name,
            dataset=current.dataset.name,
            vintage=current.vintage.id,
            severity=self._severity,
            passed=not moved,
            about_revision=bool(moved),
            message=message or "the lines have the recorded numbers",
            failures=len(moved or ()),
            cells=tuple(
                {
                    "category": category,
                    "title": titles.get(category, category),
                    "previous_line": old,
                    "line": new,
                }
                for category, (old, new) in (moved or {}).items()
            ),
        )


def _numbers(layout: Mapping[str, str]) -> dict[str, str]:
    """Return the numbers by category, in order of number."""
    return {layout[line]: line for line in sorted(layout, key=int)}


def _first(moved: Mapping[str, tuple[str, str]]) -> str:
    category, (old, new) = next(iter(moved.items()))
    return f"{category} was line {old} and is now line {new}"


def _count(number: int) -> str:
    return "1 category has" if number == 1 else f"{number} categories have"
