"""Periods as BLS codes them: ``M01`` to ``M13``, ``Q01`` to ``Q05``, ``S01`` to ``S03``, ``A01``."""

from __future__ import annotations

import re

_YEAR = re.compile(r"[12]\d{3}")
ANNUAL = ("M13", "Q05", "S03", "A01")
"""BLS's codes for annual averages of months, quarters or halves, and for annual figures; the first that a series has
counts."""

PERIODS = {
    **{f"M{month:02}": ("M", f"-{month:02}") for month in range(1, 13)},
    **{f"Q{quarter:02}": ("Q", f"-Q{quarter}") for quarter in range(1, 5)},
    **{f"S{half:02}": ("S", f"-S{half}") for half in (1, 2)},
    **dict.fromkeys(ANNUAL, ("A", "")),
}
"""Frequency and the part after the year in SDMX notation, by BLS's code."""


def read_period(year: str, period: str) -> tuple[str, str]:
    """
    Return the frequency and the period of a figure: ``M13`` of 2023 is the year 2023.

    :raises ValueError: The year is not a number, or BLS does not document this period.
    """
    if not _YEAR.fullmatch(year):
        raise ValueError(f"{year!r} is not a year")
    if period not in PERIODS:
        raise ValueError(f"{period!r} is not a period; expected one of {', '.join(PERIODS)}")
    freq, ending = PERIODS[period]
    return freq, f"{year}{ending}"


def periods_of(first: int, last: int) -> list[str]:
    """
    Return all periods in these years.
    """
    endings = sorted({ending for _, ending in PERIODS.values()})
    return [f"{year}{ending}" for year in range(first, last + 1) for ending in endings]
