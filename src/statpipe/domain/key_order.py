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
    Give each row one integer that sorts as its key does.
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
    """Give each text its place among them; equal ones have one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    distinct = texts.dictionary_encode()
    ordered = _in_order(distinct.dictionary)
    # The place of each place in the order is the inverse of that permutation.
    ranks = pc.sort_indices(ordered).cast(pa.int64())
    return ranks.take(distinct.indices)


def _in_order(texts: pa.StringArray) -> Any:
    """Give the places of distinct texts in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    written = _written_to_sort(texts)
    if written is None:
        values = texts.to_pylist()
        places = sorted(range(len(values)), key=lambda one: (_natural(values[one]), values[one]))
        return pa.array(places, pa.int64())
    # Codes that read as the same number, such as 01 and 1, are ordered by their text.
    both = pa.table({"written": written, "text": texts})
    return pc.sort_indices(both, sort_keys=[("written", "ascending"), ("text", "ascending")])


def _written_to_sort(texts: pa.StringArray) -> pa.StringArray | None:
    """
    Write texts so that their bytes sort as :func:`_natural` does: all numbers get as many digits, and NUL
    before them, so that ``A1`` comes before ``AA``; at the beginning the last sign of all, so that words
    come first.

    ``None`` where a text holds these signs itself, or more digits than are worth filling up.
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
