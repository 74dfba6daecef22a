"""Answers of BEA's API as tables of text, without a Python object per row.

The rows of ``Data`` are cut out of the body, put on a line each, and parsed by pyarrow in one go.
That is done only where it is certainly right: no escape sequences, no nested brackets. Whatever is
not so plain takes :func:`rows_of`, which is the meaning of it all and says where a payload is
wrong.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.api import ContentError, Payload

if TYPE_CHECKING:
    import pyarrow as pa

NEEDED = ("Code", "GeoFips", "TimePeriod", "CL_UNIT", "UNIT_MULT", "DataValue")
COLUMNS = (*NEEDED, "NoteRef")

_DATA = b'"Data":['
_CONTROL = bytes(code for code in range(32) if code not in b"\t\r\n")
_BATCH_BYTES = 4 << 20
"""pyarrow's JSON reader wants megabytes at a time; more only costs memory."""


@frozen(kw_only=True)
class Answer:
    """
    One answer: the results less their rows, and the rows still as bytes (or already as a list).
    """

    payload: Payload
    results: Mapping[str, Any] = field(repr=False)
    rows: memoryview | list[dict[str, Any]] = field(repr=False)

    @property
    def notes(self) -> dict[str, str]:
        """
        The texts of ``Notes`` by reference.

        :raises ContentError: They are no list of objects.
        """
        notes = self.results.get("Notes") or []
        notes = [notes] if isinstance(notes, dict) else notes
        if not isinstance(notes, list) or not all(isinstance(note, dict) for note in notes):
            msg = (
                f"payload {self.payload.name}: Notes are {notes!r:.60}; expected a list of objects"
            )
            raise ContentError(msg, payload=self.payload)
        return {
            str(note.get("NoteRef", "")).strip(): str(note.get("NoteText", "")).strip()
            for note in notes
        }


@frozen(kw_only=True)
class Batch:
    """
    The rows of several answers in one table of text columns, and how many each answer has.
    """

    answers: Sequence[Answer]
    counts: Sequence[int]
    table: pa.Table = field(repr=False)

    def where(self, row: int) -> str:
        """
        Say in which payload a row stands, and where.
        """
        for answer, count in zip(self.answers, self.counts, strict=True):
            if row < count:
                return f"payload {answer.payload.name}, Data[{row}]"
            row -= count
        return "payload unknown"


def read_answer(payload: Payload) -> Answer:
    """
    Take an answer apart.

    :raises ContentError: It is no JSON answer of BEA's with rows.
    """
    body = payload.body
    _refuse_other_than_text(payload)
    start = body.find(_DATA)
    end = body.find(b"]", start)
    if 0 <= start < end and _is_plain(body, start + len(_DATA), end):
        rest = body[: start + len(_DATA)] + body[end:]
        inside = memoryview(body)[start + len(_DATA) : end]
        with contextlib.suppress(ContentError):  # a bracket in a text: cut in the wrong place
            return Answer(payload=payload, results=_results(payload, rest), rows=inside)
    results = _results(payload, body)
    rows = results.get("Data")
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        msg = f"payload {payload.name}: no rows at BEAAPI.Results.Data; expected a list"
        raise ContentError(msg, payload=payload)
    return Answer(payload=payload, results={**results, "Data": None}, rows=rows)


def batches(answers: Sequence[Answer]) -> Iterator[Batch]:
    """
    Parse the rows of answers, a few megabytes at a time.

    :raises ContentError: A row is not what it should be.
    """
    waiting: list[Answer] = []
    size = 0
    for answer in answers:
        waiting.append(answer)
        size += len(answer.rows)
        if size >= _BATCH_BYTES:
            yield _batch(waiting)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting)


def _batch(answers: list[Answer]) -> Batch:
    import pyarrow as pa

    fast = _fast_rows(answers)
    if fast is not None:
        return fast
    listed = [rows_of(answer) for answer in answers]
    columns = {
        name: pa.array([row[name] for rows in listed for row in rows], pa.string())
        for name in COLUMNS
    }
    return Batch(answers=answers, counts=[len(rows) for rows in listed], table=pa.table(columns))


def _fast_rows(answers: list[Answer]) -> Batch | None:
    import pyarrow as pa
    import pyarrow.json as pj

    parts, counts = [], []
    for answer in answers:
        if isinstance(answer.rows, list):
            return None
        rows = bytes(answer.rows).strip()
        count = rows.count(b"{")
        if not count or rows.count(b"},{") != count - 1:
            return None
        if not (rows.startswith(b"{") and rows.endswith(b"}")):
            return None  # nothing but objects: pyarrow dies of a row that is null
        parts.append(rows.replace(b"},{", b"}\n{"))
        counts.append(count)
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    body = b"\n".join(parts)
    try:
        table = pj.read_json(
            pa.BufferReader(body),
            read_options=pj.ReadOptions(use_threads=False, block_size=max(len(body), 1)),
            parse_options=pj.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="ignore"
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != sum(counts) or any(table[name].null_count for name in NEEDED):
        return None
    return Batch(answers=answers, counts=counts, table=table)


def rows_of(answer: Answer) -> list[dict[str, str | None]]:
    """
    Return an answer's rows one by one, each checked to be what it should be.

    :raises ContentError: One is not; the text names its number.
    """
    payload = answer.payload
    rows = answer.rows
    if not isinstance(rows, list):
        rows = _parsed(payload, b"[" + bytes(rows) + b"]", "Data")
    if not rows:
        msg = f"payload {payload.name}: BEAAPI.Results.Data is empty; expected rows"
        raise ContentError(msg, payload=payload)
    return [_row(payload, number, row) for number, row in enumerate(rows)]


def _row(payload: Payload, number: int, row: object) -> dict[str, str | None]:
    if not isinstance(row, dict):
        msg = f"payload {payload.name}, Data[{number}]: {row!r}; expected an object"
        raise ContentError(msg, payload=payload)
    for name in NEEDED:
        if not isinstance(row.get(name), str):
            msg = f"payload {payload.name}, Data[{number}]: {name} is {row.get(name)!r}; expected text"
            raise ContentError(msg, payload=payload)
    reference = row.get("NoteRef")
    if reference is not None and not isinstance(reference, str):
        msg = f"payload {payload.name}, Data[{number}]: NoteRef is {reference!r}; expected text"
        raise ContentError(msg, payload=payload)
    return {name: row.get(name) for name in COLUMNS}


def _results(payload: Payload, body: bytes) -> dict[str, Any]:
    document = _parsed(payload, body, "the answer")
    api = document.get("BEAAPI") if isinstance(document, dict) else None
    results = api.get("Results") if isinstance(api, dict) else None
    if isinstance(results, list) and len(results) == 1:
        results = results[0]
    if not isinstance(results, dict):
        msg = f"payload {payload.name}: no object at BEAAPI.Results; expected BEA's answer"
        raise ContentError(msg, payload=payload)
    return results


def _parsed(payload: Payload, body: bytes, what: str) -> Any:
    def refuse(constant: str) -> None:
        msg = f"payload {payload.name}: {constant} in {what}; expected figures as text"
        raise ContentError(msg, payload=payload)

    try:
        # Numbers keep their text: a binary float would lose digits.
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        msg = f"payload {payload.name}: {what} is no JSON ({error}); expected BEA's answer whole"
        raise ContentError(msg, payload=payload) from error


def _refuse_other_than_text(payload: Payload) -> None:
    body = payload.body
    if not body.strip():
        msg = f"payload {payload.name}: the body is empty; expected BEA's answer as JSON"
        raise ContentError(msg, payload=payload)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = (
            f"payload {payload.name}, byte {error.start}: not UTF-8; expected BEA's answer in UTF-8"
        )
        raise ContentError(msg, payload=payload) from error
    if len(body.translate(None, _CONTROL)) != len(body):
        place = next(number for number, byte in enumerate(body) if byte in _CONTROL)
        msg = f"payload {payload.name}, byte {place}: a control character; expected plain JSON"
        raise ContentError(msg, payload=payload)


def _is_plain(body: bytes, start: int, end: int) -> bool:
    """Tell whether the bytes between are flat objects, so that brackets and commas divide them."""
    return (
        body.find(b"\\", start, end) < 0
        and body.find(b"[", start, end) < 0
        and body[end + 1 : end + 2] in {b",", b"}"}
        and body.count(_DATA) == 1
    )
