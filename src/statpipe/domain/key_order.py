"""The order of observations by their key: numbers within codes as numbers, ``SAPCE1:9`` before ``:10``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from statpipe.domain.codes import encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

_LONGEST = 40
"""Texts with longer runs of digits are compared one by one, so that not all texts are padded to
that length."""


def key_codes(table: pa.Table, key: Sequence[str]) -> Any:
    """
    Return an integer per row that sorts like its key.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    combined = None
    for name in key:
        codes = encoded(table[name])
        ranks = _ranks(codes.dictionary).take(codes.indices)
        base = pa.array([max(len(codes.dictionary), 1)], pa.int64())[0]
        combined = ranks if combined is None else pc.add(pc.multiply(combined, base), ranks)
    return combined


def _ranks(texts: pa.StringArray) -> pa.Array:
    """Return the rank of each text. Equal texts have the same rank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    distinct = texts.dictionary_encode()
    ordered = _in_order(distinct.dictionary)
    # The ranks are the inverse of the sorting permutation.
    ranks = pc.sort_indices(ordered).cast(pa.int64())
    return ranks.take(distinct.indices)


def _in_order(texts: pa.StringArray) -> Any:
    """Return the positions of distinct texts in sorted order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    written = _written_to_sort(texts)
    if written is None:
        values = texts.to_pylist()
        places = sorted(range(len(values)), key=lambda one: (_natural(values[one]), values[one]))
        return pa.array(places, pa.int64())
    # Codes with the same number, such as 01 and 1, are ordered by their text.
    both = pa.table({"written": written, "text": texts})
    return pc.sort_indices(both, sort_keys=[("written", "ascending"), ("text", "ascending")])


def _written_to_sort(texts: pa.StringArray) -> pa.StringArray | None:
    """
    Rewrite texts so that their bytes sort like :func:`_natural`. All numbers get the same number of
    digits, and a NUL before them, so that ``A1`` comes before ``AA``. A number at the beginning
    gets the last character of all, so that words come first.

    ``None`` if a text contains these characters itself, or too many digits to pad.
    """
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(texts, "[0-9]")).as_py():
        return texts
    if pc.any(pc.match_substring_regex(texts, r"[\x00\x{10FFFF}]")).as_py():
        return None
    digits = 1
    while pc.any(pc.match_substring_regex(texts, f"[0-9]{{{digits + 1}}}")).as_py():
        digits += 1
        if digits > _LONGEST:
            return None
    texts = pc.replace_substring_regex(texts, "([0-9]+)", "\0" + "0" * (digits - 1) + r"\1")
    if digits > 1:
        texts = pc.replace_substring_regex(texts, f"\0[0-9]*([0-9]{{{digits}}})", "\0\\1")
    if pc.any(pc.starts_with(texts, "\0")).as_py():
        texts = pc.replace_substring_regex(texts, "^\0", "\U0010ffff")
    return texts


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (1, int(part), "") if "0" <= part[0] <= "9" else (0, 0, part)
        for part in re.split(r"([0-9]+)", text)
        if part
    )
