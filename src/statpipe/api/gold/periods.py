"""Periods in SQL for both DuckDB and PostgreSQL: the previous one, and the same one a year
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen


@frozen(kw_only=True)
class Step:
    """
    A change between two periods: its suffix, its name, the earlier period, and the frequencies that
    have it.
    """

    suffix: str
    words: str
    before: str
    frequencies: str

    def counterpart(self, present: Iterable[str]) -> str:
        """
        Return the condition that ``before`` is the period that ``now`` is compared with.

        *present* are the frequencies that the family's rows have.
        """
        own = [freq for freq in present if freq in self.frequencies]
        if self.suffix == "yoy":
            return f"before.time_period = {_year_before(own)}"
        lengths = {_LENGTH[freq]: freq for freq in own}
        if set(own) == {"B", "D"}:
            day = f"CASE WHEN now.freq = 'B' THEN {_LENGTH['B']} ELSE {_LENGTH['D']} END"
        else:
            (day,) = lengths
        return f"before.period_start = CAST(now.period_start - {day} AS DATE)"

    def impossible(self, present: Iterable[str]) -> str:
        """
        Return the reasons, as branches of a CASE, why a period has none to be compared with.
        """
        # Two long years never follow each other.
        reasons = {
            "W": ("now.freq = 'W' AND right(now.time_period, 4) = '-W53'", "week 53"),
            "D": ("now.freq = 'D' AND right(now.time_period, 6) = '-02-29'", "29 February"),
        }
        return "".join(
            f"        WHEN {condition}\n        THEN 'the year before has no {what}'\n"
            for freq, (condition, what) in reasons.items()
            if self.suffix == "yoy" and freq in present
        )

    @property
    def condition(self) -> str:
        """
        Return the condition that a row has a frequency with this change.
        """
        codes = ", ".join(f"'{freq}'" for freq in self.frequencies)
        return f"IN ({codes})" if len(self.frequencies) > 1 else f"= {codes}"


STEPS = (
    Step(suffix="yoy", words="year-on-year", before="the year before", frequencies="ASTQMWDB"),
    Step(suffix="hoh", words="half-on-half", before="the half-year before", frequencies="S"),
    Step(suffix="tot", words="third-on-third", before="the four months before", frequencies="T"),
    Step(suffix="qoq", words="quarter-on-quarter", before="the quarter before", frequencies="Q"),
    Step(suffix="mom", words="month-on-month", before="the month before", frequencies="M"),
    Step(suffix="wow", words="week-on-week", before="the week before", frequencies="W"),
    Step(suffix="dod", words="day-on-day", before="the day before", frequencies="DB"),
)
"""The changes, in the order of the models. Date-times have none because they may be irregular."""

_LENGTH: Mapping[str, str] = {
    "S": "INTERVAL '6 months'",
    "T": "INTERVAL '4 months'",
    "Q": "INTERVAL '3 months'",
    "M": "INTERVAL '1 month'",
    "W": "INTERVAL '7 days'",
    "D": "INTERVAL '1 day'",
    # The business day before a Monday is the Friday.
    "B": "CASE WHEN extract(ISODOW FROM now.period_start) = 1 THEN INTERVAL '3 days' "
    "ELSE INTERVAL '1 day' END",
}


def _year_before(present: list[str]) -> str:
    """Write the same period of the year before; week 53 and 29 February usually have none."""
    same = "CAST(now.year - 1 AS VARCHAR) || substr(now.time_period, 5)"
    if "B" not in present:
        return same
    day = "(now.period_start - INTERVAL '1 year')"
    # The same date; where that is a Saturday or Sunday, the last business day before it.
    friday = (
        f"({day} - CASE extract(ISODOW FROM {day}) WHEN 6 THEN INTERVAL '1 day' "
        "WHEN 7 THEN INTERVAL '2 days' ELSE INTERVAL '0 days' END)"
    )
    text = " || '-' || ".join(
        f"right('0' || CAST(extract({part} FROM {friday}) AS VARCHAR), {width})"
        for part, width in (("YEAR", 4), ("MONTH", 2), ("DAY", 2))
    )
    return f"CASE WHEN now.freq = 'B' THEN {text} ELSE {same} END"


def period_end(row: str = "") -> str:
    """
    Return the last day of a row's period, from its first one.
    """
    of = f"{row}." if row else ""
    lengths = " ".join(
        f"WHEN '{freq}' THEN INTERVAL '{length}'"
        for freq, length in (
            ("A", "12 months"),
            ("S", "6 months"),
            ("T", "4 months"),
            ("Q", "3 months"),
            ("M", "1 month"),
            ("W", "7 days"),
        )
    )
    return (
        f"CAST({of}period_start + CASE {of}freq {lengths} ELSE INTERVAL '1 day' END "
        "- INTERVAL '1 day' AS DATE)"
    )
