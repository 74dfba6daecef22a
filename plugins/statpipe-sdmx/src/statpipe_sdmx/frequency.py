"""The frequency of a period, where a flow has no dimension that tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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


def frequencies_of(periods: pa.DictionaryArray) -> pa.DictionaryArray:
    """
    Return the SDMX code of the frequency that each period has by its form; ``A`` where none fits, so that the
    period is refused with its cell.
    """
    import pyarrow as pa

    def code_of(text: str) -> str:
        return next((code for code, form in _PATTERNS if form.fullmatch(text)), "A")

    codes = [code_of(text) for text in periods.dictionary.to_pylist()]
    return pa.array(codes, pa.string()).take(periods.indices).dictionary_encode()
