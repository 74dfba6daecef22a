"""The figures of a payload, an API answer or a flat file, as columns of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Payload

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("series_id", "year", "period", "value", "codes", "notes")
"""``codes`` are footnote codes, joined by commas; ``notes`` are their texts, if the payload has
them."""

_MEMBERS = ("year", "period", "value")
_NOTES = "footnote_codes"
_NO_NOTE = ({"code": None, "text": None}, {"code": "", "text": ""})


def read_records(payload: Payload) -> pa.Table:
    """
    Return the figures of a payload as printed, in the columns :data:`COLUMNS`.

    :raises ContentError: The payload is neither an answer of the API nor a flat file, or is
        malformed.
    """
    start = payload.body[:64].lstrip(b"\xef\xbb\xbf \r\n\t")
    return read_answer(payload) if start.startswith(b"{") else read_flat_file(payload)


def read_answer(payload: Payload) -> pa.Table:
    """
    Return the figures of an answer of the API.

    :raises ContentError: The answer is malformed, or does not mention a requested series.
    """
    import pyarrow as pa

    document = _document(payload)
    listed = _of(document.get("Results"), "series", list, payload, "Results")
    columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
    answered: set[str] = set()
    for number, one in enumerate(listed):
        where = f"Results.series[{number}]"
        series = _of(one, "seriesID", str, payload, where)
        if series in answered:
            msg = f"payload {payload.name}: the series {series} is there twice; look at the payload in Bronze"
            raise ContentError(msg, payload=payload)
        answered.add(series)
        for place, row in enumerate(_of(one, "data", list, payload, where)):
            _add(columns, series, row, payload, f"{where}.data[{place}]")
    _refuse_part(payload, document, answered)
    return pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})


def read_flat_file(payload: Payload) -> pa.Table:
    """
    Return the figures of a flat file: columns separated by tabs and padded with blanks.

    :raises ContentError: The file is malformed.
    """
    import pyarrow as pa
    from pyarrow import csv

    head = payload.body.partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    names = [name.strip().lower() for name in head.split("\t")]
    wanted = ["series_id", *_MEMBERS, _NOTES]
    if names[: len(wanted)] != wanted:
        msg = (
            f"payload {payload.name} begins {head[:80]!r}; expected the tab-separated columns "
            f"{', '.join(wanted)}"
        )
        raise ContentError(msg, payload=payload)
    if not payload.body.endswith(b"\n"):
        # The last figure or its footnote may have lost its end without anybody seeing it.
        msg = f"payload {payload.name} ends in the middle of a line; it is incomplete: run again"
        raise ContentError(msg, payload=payload)
    text = pa.dictionary(pa.int32(), pa.string())
    try:
        table = csv.read_csv(
            pa.py_buffer(payload.body),
            read_options=csv.ReadOptions(column_names=names, skip_rows=1),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, text)),
        )
    except pa.ArrowException as error:
        msg = f"payload {payload.name}: {str(error).splitlines()[0]}; expected {len(names)} columns in each line"
        raise ContentError(msg, payload=payload) from None
    made = {name: _trimmed(table[name]) for name in wanted}
    made["codes"] = made.pop(_NOTES)
    made["notes"] = pa.nulls(len(table), pa.string())
    return pa.table(made)


def _add(
    columns: Mapping[str, list[str]], series: str, row: Any, payload: Payload, where: str
) -> None:
    columns["series_id"].append(series)
    for name in _MEMBERS:
        columns[name].append(_of(row, name, str, payload, where).strip())
    codes: list[str] = []
    texts: list[str] = []
    none = "footnotes" in row and row["footnotes"] is None
    for note in () if none else _of(row, "footnotes", list, payload, where):
        # BLS writes "no footnote" as {}, null, and with members that are null.
        if note and note not in _NO_NOTE:
            codes.append(_of(note, "code", str, payload, f"{where}.footnotes"))
            texts.append(_of(note, "text", str, payload, f"{where}.footnotes"))
    columns["codes"].append(",".join(codes))
    columns["notes"].append("; ".join(texts))


def _document(payload: Payload) -> dict[str, Any]:
    try:
        document = json.loads(payload.body)
    except (ValueError, RecursionError) as error:
        msg = f"payload {payload.name} is not valid JSON ({error}); expected an answer of BLS's API"
        raise ContentError(msg, payload=payload) from None
    if not isinstance(document, dict) or document.get("status") != "REQUEST_SUCCEEDED":
        said = document.get("status") if isinstance(document, dict) else type(document).__name__
        msg = f"payload {payload.name} has the status {said!r}; expected 'REQUEST_SUCCEEDED'"
        raise ContentError(msg, payload=payload)
    return document


def _of(item: Any, name: str, kind: type, payload: Payload, where: str) -> Any:
    found = item.get(name) if isinstance(item, dict) else None
    if not isinstance(found, kind):
        expected = "text" if kind is str else "a list"
        msg = f"payload {payload.name}, {where}.{name}: {found!r:.60}; expected {expected}"
        raise ContentError(msg, payload=payload)
    return found


def _refuse_part(payload: Payload, document: Mapping[str, Any], answered: set[str]) -> None:
    """Refuse an answer that lacks a requested series and has no message about it."""
    try:
        asked = json.loads(payload.request["document"])["seriesid"]
    except (KeyError, ValueError, TypeError):
        return
    said = str(document.get("message"))
    for series in sorted(set(asked) ^ answered):
        if series in answered or series not in said:
            what = "was not requested" if series in answered else ("was requested but is missing")
            msg = (
                f"payload {payload.name}: the series {series} {what}; look at the payload in Bronze"
            )
            raise ContentError(msg, payload=payload)


def _trimmed(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = column.unify_dictionaries().combine_chunks()
    if isinstance(codes, pa.ChunkedArray):
        codes = pa.concat_arrays(codes.chunks) if codes.num_chunks else pa.array([], column.type)
    texts = pc.utf8_trim_whitespace(codes.dictionary).dictionary_encode()
    return pa.DictionaryArray.from_arrays(texts.indices.take(codes.indices), texts.dictionary)
