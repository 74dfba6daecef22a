"""A range of periods as a reader types it: ``2019:2021``, ``2023M01:``, ``:2020-Q4``."""

from __future__ import annotations

from statpipe.domain.period import in_one_form, is_period


def range_of(text: str) -> tuple[str, str] | None:
    """
    Return the first and the last period of a range, as they are kept; empty where a side is left open.
    ``None`` where the text is not a range.
    """
    if ":" not in text or is_period(text):
        return None  # a date-time has colons of its own
    colons = [place for place, sign in enumerate(text) if sign == ":"]
    pairs = [(text[:place], text[place + 1 :]) for place in colons]
    readable = [pair for pair in pairs if all(not one or is_period(one) for one in pair)]
    first, last = (readable or pairs)[0]
    return in_one_form(first), in_one_form(last)
