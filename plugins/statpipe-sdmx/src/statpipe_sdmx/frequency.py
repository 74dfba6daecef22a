"""The frequency of figures: as the service codes it, or else by the form of their periods."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from statpipe.domain.period import Frequency

if TYPE_CHECKING:
    import pyarrow as pa

_FORMS = (
    ("A", r"\d{4}(?:-?A1)?"),
    ("S", r"\d{4}-?[SH][12]"),
    ("T", r"\d{4}-?T[1-3]"),
    ("Q", r"\d{4}-?Q[1-4]"),
    ("M", r"\d{4}-(?:0[1-9]|1[0-2])|\d{4}-?M\d{1,2}"),
    ("W", r"\d{4}-?W\d{1,2}"),
    ("D", r"\d{4}-\d\d-\d\d|\d{4}-?D\d{1,3}"),
)
_PATTERNS = [(code, re.compile(form)) for code, form in _FORMS]


_HALF_YEARLY, _HOURLY = "S", "H"
_KNOWN = get_args(Frequency)


def meant_by(code: str) -> list[str]:
    """
    Return the frequencies that figures of a service's code may have here.

    ``H`` is hourly in the standard, and half-yearly at some central banks. What is published every five years
    (``A5``) or has no frequency (``_Z``) may have periods of any.
    """
    if code == _HOURLY:
        return [_HOURLY, _HALF_YEARLY]
    return [code] if code in _KNOWN else list(_KNOWN)


def translated(
    codes: pa.DictionaryArray, periods: pa.DictionaryArray
) -> tuple[pa.DictionaryArray, pa.DictionaryArray | None]:
    """
    Return the frequencies of figures, and the service's codes where they are other ones.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if _are_plain(codes.dictionary.to_pylist()):
        return codes, None
    told, by_form = codes.cast(pa.string()), frequencies_of(periods).cast(pa.string())
    half = pc.and_(pc.equal(told, _HOURLY), pc.equal(by_form, _HALF_YEARLY))
    is_other = pc.or_(half, pc.invert(pc.is_in(told, value_set=pa.array(_KNOWN))))
    found = pc.if_else(is_other, by_form, told)
    other = pc.if_else(is_other, told, pa.scalar(None, pa.string()))
    return found.dictionary_encode(), other.dictionary_encode()


def _are_plain(codes: Iterable[str | None]) -> bool:
    return all(code in _KNOWN and code != _HOURLY for code in codes)


def frequencies_of(periods: pa.DictionaryArray) -> pa.DictionaryArray:
    """
    Return the SDMX code of the frequency of each period, by its form. If none fits, return ``A``,
    so that the period is refused with its cell.
    """
    import pyarrow as pa

    def code_of(text: str) -> str:
        return next((code for code, form in _PATTERNS if form.fullmatch(text)), "A")

    codes = [code_of(text) for text in periods.dictionary.to_pylist()]
    return pa.array(codes, pa.string()).take(periods.indices).dictionary_encode()
