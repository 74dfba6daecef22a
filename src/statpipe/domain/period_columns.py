"""The periods of a normalizer's table: one form for each, with its first day and its last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.domain.codes import constant, looked_up
from statpipe.domain.errors import ContentError
from statpipe.domain.period import EXAMPLES, Period, read_period

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.dataset import Dataset

_Read = tuple[str | None, str | None]
"""A frequency and the text of a period."""


def period_columns(columns: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """
    Return ``freq``, ``time_period``, ``period_start`` and ``period_end`` of coded columns.

    A row has the frequency that the normalizer returns, or else its dataset's.

    :raises ContentError: A text is not a period of its row's frequency, or the frequency is not
        valid.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = columns["time_period"]
    freqs = columns.get("freq")
    if freqs is None:  # the common case: then each text is one period
        freqs, pairs = constant(dataset.freq, len(texts)), texts
        read: list[_Read] = [(dataset.freq, text) for text in texts.dictionary.to_pylist()]
    else:
        pairs = _pairs(freqs, texts)
        read = _read(pairs, freqs, texts)
    periods: list[Period | None] = []
    for place, (freq, text) in enumerate(read):
        if freq is None or text is None:  # refused later with all empty cells
            periods.append(None)
            continue
        try:
            periods.append(read_period(text, freq, dataset.reporting_year_start))
        except ValueError as error:
            row = pc.index(pairs.indices, place).as_py()
            # The dictionary of a filtered table still contains the texts of removed rows.
            if row >= 0:
                raise ContentError(_wrong(columns, dataset, row, error)) from error
            periods.append(None)
    days = {
        name: pa.array([getattr(p, name) if p else None for p in periods], pa.date32())
        for name in ("start", "end")
    }
    return {
        "freq": freqs,
        "time_period": looked_up(pairs, [p.text if p else None for p in periods]),
        "period_start": days["start"].take(pairs.indices),
        "period_end": days["end"].take(pairs.indices),
    }


def _pairs(freqs: pa.DictionaryArray, texts: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return a number per row for its frequency and text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    width = len(texts.dictionary) + 1
    one, other = (pc.fill_null(codes.indices.cast(pa.int64()), -1) for codes in (freqs, texts))
    return pc.add(pc.multiply(pc.add(one, 1), width), pc.add(other, 1)).dictionary_encode()


def _read(
    pairs: pa.DictionaryArray, freqs: pa.DictionaryArray, texts: pa.DictionaryArray
) -> list[_Read]:
    width = len(texts.dictionary) + 1
    names = [[None, *codes.dictionary.to_pylist()] for codes in (freqs, texts)]
    return [
        (names[0][number // width], names[1][number % width])
        for number in pairs.dictionary.to_pylist()
    ]


def _wrong(columns: dict[str, Any], dataset: Dataset, row: int, why: Exception) -> str:
    cell = ", ".join(f"{name} {columns[name][row]}" for name in ("ref_area", "category"))
    freq = str(columns["freq"][row]) if "freq" in columns else dataset.freq
    column = "time_period" if freq in EXAMPLES else "freq"
    return (
        f"dataset {dataset.name}: {column} {why} (row {row:,} of the normalizer's table: "
        f"{cell}); if rows have other frequencies than the dataset, give them in the column freq"
    )
