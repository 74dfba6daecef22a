"""Answers of BEA's API as tables of text, without a Python object per row.

The rows of ``Data`` are cut out of the body, written one per line, and parsed by pyarrow in one go.
This fast path is only taken if it is certain to give the same result as :func:`rows_of`: the text
is UTF-8 without escapes or nested brackets, and each key occurs once, in its usual spelling.
Everything else goes through :func:`rows_of`, which defines the correct result and reports where a
payload is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.api import ContentError, Payload
from statpipe.domain.codes import looked_up, one_array, trimmed
from statpipe.domain.text import holdable, stripped
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.decoded import Decoded, PrintedUnit, combinations, first_row
from statpipe_bea.release import last_updated, other_day
from statpipe_bea.results import listed, results, unexpected
from statpipe_bea.tables import table_name

if TYPE_CHECKING:
    import pyarrow as pa

NEEDED = ("Code", "GeoFips", "TimePeriod", "CL_UNIT", "UNIT_MULT", "DataValue")
COLUMNS = (*NEEDED, "NoteRef")
_KNOWN = (*COLUMNS, "GeoName")

_CODE = re.compile(r"(?P<table>[A-Z0-9]+)-(?P<line>[1-9][0-9]*)")
_YEAR = re.compile(r"(19|20|21)[0-9]{2}")

_DATA = b'"Data":['
_CUT = "rows"
"""Placeholder for the rows that were cut out."""

_BATCH_BYTES = 4 << 20
"""pyarrow's JSON reader works in blocks of megabytes; larger blocks only cost memory."""


@frozen(kw_only=True)
class Answer:
    """
    One answer: the results without their rows, and the rows as bytes if they can be cut out.
    """

    payload: Payload
    results: Mapping[str, Any] = field(repr=False)
    rows: memoryview | None = field(default=None, repr=False)

    @property
    def notes(self) -> list[tuple[str, str]]:
        """
        The references and texts of ``Notes``, without characters that no sink can store.

        :raises ContentError: An entry is not an object.
        """
        notes = listed(self.results.get("Notes"))
        for number, note in enumerate(notes):
            if not isinstance(note, dict):
                raise unexpected(
                    self.payload, f"BEAAPI.Results.Notes[{number}]", "is not an object"
                )
        return [(_text(note, "NoteRef"), _text(note, "NoteText")) for note in notes]

    @property
    def footnotes(self) -> dict[str, str]:
        """
        The texts in ``Notes`` by their reference.

        :raises ContentError: A note is not an object.
        """
        texts: dict[str, dict[str, None]] = {}
        for reference, text in self.notes:
            texts.setdefault(reference, {})[text] = None
        return {reference: " ".join(said) for reference, said in texts.items() if reference}

    @property
    def release(self) -> str:
        """
        The note "Last updated", which names the release.

        :raises ContentError: No note names a release, or two notes name different days.
        """
        place = "BEAAPI.Results.Notes"
        notes = [note for _, text in self.notes if (note := last_updated(text))]
        if not notes:
            raise unexpected(self.payload, place, 'has no note "Last updated: <date>"')
        if other := other_day(notes):
            raise unexpected(self.payload, place, f"names two releases, {notes[0]!r} and {other!r}")
        return notes[0]


@frozen(kw_only=True)
class Batch:
    """
    The rows of several answers in one table of text columns, and the number of rows of each answer.
    """

    answers: Sequence[Answer]
    counts: Sequence[int]
    table: pa.Table = field(repr=False)

    def where(self, row: int) -> str:
        """
        Return the payload that holds a row, and the row's place in it.
        """
        for answer, count in zip(self.answers, self.counts, strict=True):
            if row < count:
                return f"payload {answer.payload.name}, Data[{row}]"
            row -= count
        return "payload unknown"


def read_answer(payload: Payload) -> Answer:
    """
    Split an answer into its rows and everything else.

    :raises ContentError: The payload is not a JSON answer from BEA with rows.
    """
    answer = _cut_apart(payload)
    if answer is not None:
        return answer
    found = results(payload)
    _listed_rows(payload, found)
    return Answer(payload=payload, results={**found, "Data": None})


def batches(answers: Sequence[Answer]) -> Iterator[Batch]:
    """
    Parse the rows of answers, a few megabytes at a time.

    :raises ContentError: A row is malformed.
    """
    waiting: list[Answer] = []
    size = 0
    for answer in answers:
        waiting.append(answer)
        size += len(answer.payload.body)
        if size >= _BATCH_BYTES:
            yield _batch(waiting)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting)


def rows_of(answer: Answer) -> list[dict[str, str | None]]:
    """
    Return the rows of an answer, each validated.

    :raises ContentError: A row is malformed; the message gives its number.
    """
    payload = answer.payload
    rows = _listed_rows(payload, results(payload))
    if not rows:
        raise unexpected(payload, "BEAAPI.Results.Data", "is empty")
    return [_row(payload, number, row) for number, row in enumerate(rows)]


def decoded_answers(payloads: Sequence[Payload], table: str) -> list[Decoded]:
    """
    Read all answers of one release of a table.

    :raises ContentError: An answer is malformed, or is of another table.
    """
    return [_decoded(batch, table) for batch in batches([read_answer(one) for one in payloads])]


def _decoded(batch: Batch, table: str) -> Decoded:
    columns = {name: trimmed(batch.table[name]) for name in ("Code", "GeoFips", "TimePeriod")}
    units, powers = trimmed(batch.table["CL_UNIT"]), trimmed(batch.table["UNIT_MULT"])
    lines = _lines(batch, columns["Code"], table)
    for period in columns["TimePeriod"].dictionary.to_pylist():
        if not _YEAR.fullmatch(period):
            where = batch.where(first_row(columns["TimePeriod"], period))
            raise ContentError(f"{where}: TimePeriod {period!r}; expected a year such as 2021")
    references = batch.table["NoteRef"]
    return Decoded(
        releases=[(answer.payload, answer.release) for answer in batch.answers],
        areas=columns["GeoFips"],
        lines=lines,
        names=batch.table["GeoName"],
        periods=columns["TimePeriod"],
        texts=one_array(batch.table["DataValue"]),
        references=one_array(references) if references.null_count < len(references) else None,
        notes=[(a.footnotes, n) for a, n in zip(batch.answers, batch.counts, strict=True)],
        titles=_statistics(batch, lines),
        units=[
            PrintedUnit(
                line=one["line"],
                unit=one["unit"],
                power=one["power"],
                where=batch.where(one["row"]),
            )
            for one in combinations({"line": lines, "unit": units, "power": powers})
        ],
        place=batch.where,
        where=batch.where,
    )


def _lines(batch: Batch, codes: pa.DictionaryArray, table: str) -> pa.DictionaryArray:
    lines = []
    for code in codes.dictionary.to_pylist():
        match = _CODE.fullmatch(code)
        if match is None or table_name(match["table"]) != table:
            where = batch.where(first_row(codes, code))
            raise ContentError(f"{where}: Code {code!r}; expected {table}-<line>")
        lines.append(match["line"])
    return looked_up(codes, lines)


def _statistics(batch: Batch, lines: pa.DictionaryArray) -> list[PrintedLine]:
    """Return ``Statistic``, which names the line in an answer about a single line."""
    import pyarrow.compute as pc

    found, first = [], 0
    for answer, count in zip(batch.answers, batch.counts, strict=True):
        title, places = (
            answer.results.get("Statistic"),
            pc.unique(lines.indices[first : first + count]),
        )
        first += count
        if isinstance(title, str) and title.strip() and len(places) == 1:
            line = lines.dictionary[places[0].as_py()].as_py()
            where = f"payload {answer.payload.name}"
            found.append(PrintedLine(line=line, title=title, where=where, led=True))
    return found


def _batch(answers: list[Answer]) -> Batch:
    import pyarrow as pa

    fast = _fast_rows(answers)
    if fast is not None:
        return fast
    listed_rows = [rows_of(answer) for answer in answers]
    columns = {
        name: pa.array([row[name] for rows in listed_rows for row in rows], pa.string())
        for name in _KNOWN
    }
    counts = [len(rows) for rows in listed_rows]
    return Batch(answers=answers, counts=counts, table=pa.table(columns))


def _fast_rows(answers: list[Answer]) -> Batch | None:
    import pyarrow as pa
    import pyarrow.json as pj

    parts, counts = [], []
    for answer in answers:
        if answer.rows is None:
            return None
        rows = bytes(answer.rows).strip()
        count = rows.count(b"{")
        if not count or rows.count(b"},{") != count - 1:
            return None
        if not (rows.startswith(b"{") and rows.endswith(b"}")):
            return None  # only objects: pyarrow crashes on a row that is null
        parts.append(rows.replace(b"},{", b"}\n{"))
        counts.append(count)
    schema = pa.schema([(name, pa.string()) for name in _KNOWN])
    body = b"\n".join(parts)
    try:
        table = pj.read_json(
            pa.BufferReader(body),
            read_options=pj.ReadOptions(use_threads=False, block_size=max(len(body), 1)),
            # An unknown key may be one of ours in another spelling.
            parse_options=pj.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="error"
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != sum(counts) or any(table[name].null_count for name in NEEDED):
        return None
    return Batch(answers=answers, counts=counts, table=table)


def _cut_apart(payload: Payload) -> Answer | None:
    """Cut the rows out of an answer, if it is simple enough."""
    body = payload.body
    key = body.find(_DATA)
    start, end = key + len(_DATA), body.find(b"]", key)
    if not (0 <= key < end and _is_plain(body, start, end)):
        return None
    rest = b"".join((body[:start], b'"', _CUT.encode(), b'"', body[end:]))
    try:
        found = results(attrs.evolve(payload, body=rest))
    except ContentError:  # a text contains a bracket, so the cut is in the wrong place
        return None
    if found.get("Data") != [_CUT]:
        return None
    rows = memoryview(body)[start:end]
    return Answer(payload=payload, results={**found, "Data": None}, rows=rows)


def _is_plain(body: bytes, start: int, end: int) -> bool:
    """Return whether the bytes are flat objects, which can be split at brackets and commas."""
    return (
        body.find(b"\\", start, end) < 0
        and body.find(b"[", start, end) < 0
        and body[end + 1 : end + 2] in {b",", b"}"}
        and body.count(_DATA) == 1
        and _is_utf_8(body)
    )


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _listed_rows(payload: Payload, found: Mapping[str, Any]) -> list[Any]:
    rows = found.get("Data")
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise unexpected(payload, "BEAAPI.Results.Data", "is not a list of rows")
    return rows


def _row(payload: Payload, number: int, row: object) -> dict[str, str | None]:
    place = f"BEAAPI.Results.Data[{number}]"
    if not isinstance(row, dict):
        raise unexpected(payload, place, f"is {row!r:.60}, not an object")
    for name in COLUMNS:
        text = row.get(name)
        if not isinstance(text, str) and not (name == "NoteRef" and text is None):
            raise unexpected(payload, f"{place}.{name}", f"is {text!r:.60}, not text")
        if text and not _is_encodable(text):
            raise unexpected(payload, f"{place}.{name}", f"is {text!r:.60}, half a character")
    area = row.get("GeoName")
    readable = area.encode(errors="ignore").decode() if isinstance(area, str) else None
    return {**{name: row.get(name) for name in COLUMNS}, "GeoName": readable}


def _text(note: Mapping[str, Any], name: str) -> str:
    """Return a text of a note, or an empty text if it has none."""
    text = note.get(name)
    return "" if text is None else stripped(holdable(str(text)))
