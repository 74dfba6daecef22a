"""BEA's CSV files of a whole table, as tables of text in long form.

``GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit,1997,...``: a row
per area and line, a column per year, and four footer lines. Older files order columns differently.
"""

from __future__ import annotations

import csv
import html
import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ContentError, Payload
from statpipe.domain.codes import encoded
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.release import last_updated

if TYPE_CHECKING:
    import pyarrow as pa

NEEDED = ("GeoFIPS", "TableName", "LineCode", "Description", "Unit")
_YEAR = re.compile(r"(19|20|21)\d{2}")
_FOOTNOTE = re.compile(r"<LI>\s*(?P<ref>[^&<\s]{1,12})&nbsp;(?P<text>[^<]*)</LI>")
_FOOTER_LINES = 12


@frozen(kw_only=True)
class WideTable:
    """
    The rows of a CSV file: text columns, of which ``years`` hold figures.
    """

    payload: Payload
    note: str
    years: tuple[str, ...]
    table: pa.Table = field(repr=False)

    def where(self, row: int, year: str | None = None) -> str:
        """
        Say where a row stands; the header is line 1.
        """
        place = f"payload {self.payload.name}, line {row + 2}"
        return f"{place}, column {year}" if year else place


def read_csv(payload: Payload) -> WideTable:
    """
    Read a file.

    :raises ContentError: It is not BEA's CSV, or was cut off.
    """
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    text = _decoded(payload)
    end = _end_of_rows(payload)
    note = last_updated(text[-4096:])
    if note is None:
        msg = (
            f'payload {payload.name}: no "Last updated: <date>" in its footer; expected BEA\'s file '
            "whole, it may have been cut off"
        )
        raise ContentError(msg, payload=payload)
    names = [name.strip() for name in _fields(payload.body[: payload.body.find(b"\n")])]
    _refuse_other_columns(payload, names)
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(memoryview(payload.body)[:end]),
            read_options=pa_csv.ReadOptions(use_threads=False, skip_rows=1, column_names=names),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        what = " ".join(str(error).split())  # it quotes the file's lines
        msg = f"payload {payload.name}: {what}; expected {len(names)} columns in each line"
        raise ContentError(msg, payload=payload) from error
    years = tuple(name for name in names if _YEAR.fullmatch(name))
    return WideTable(payload=payload, note=note, years=years, table=table.combine_chunks())


def stripped(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """
    Return a column's codes with blanks and quotes around them removed (``' "00000"'``).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = encoded(column)
    return pa.DictionaryArray.from_arrays(
        codes.indices, pc.utf8_trim(codes.dictionary, characters=' "')
    )


def printed_lines(wide: WideTable) -> list[PrintedLine]:
    """
    Return each combination of line, title and unit, and where it stands first.
    """
    import pyarrow as pa

    lines, units = stripped(wide.table["LineCode"]), stripped(wide.table["Unit"])
    titles = encoded(wide.table["Description"])
    seen = pa.table(
        {
            "row": pa.array(range(len(wide.table)), pa.int32()),
            "line": lines.indices,
            "title": titles.indices,
            "unit": units.indices,
        }
    ).group_by(["line", "title", "unit"])
    combinations = seen.aggregate([("row", "min")]).to_pylist()
    return [
        PrintedLine(
            line=lines.dictionary[one["line"]].as_py(),
            title=titles.dictionary[one["title"]].as_py(),
            unit=units.dictionary[one["unit"]].as_py(),
            where=wide.where(one["row_min"]),
        )
        for one in sorted(combinations, key=lambda one: one["row_min"])
    ]


def footnotes(payload: Payload) -> dict[str, str]:
    """
    Read the texts of a ``__Footnotes.html``, by reference.
    """
    text = payload.body.decode("utf-8", errors="replace")
    return {m["ref"]: html.unescape(m["text"]).strip() for m in _FOOTNOTE.finditer(text)}


def _decoded(payload: Payload) -> str:
    try:
        return payload.body.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"payload {payload.name}, byte {error.start}: not UTF-8; expected BEA's CSV in UTF-8"
        raise ContentError(msg, payload=payload) from error


def _end_of_rows(payload: Payload) -> int:
    """Find where the footer starts: behind the last line that has more than one field."""
    body = payload.body
    end = len(body)
    for _ in range(_FOOTER_LINES):
        start = body.rfind(b"\n", 0, max(end - 1, 0)) + 1
        if len(_fields(body[start:end])) > 1:
            return end
        if start == 0:
            break
        end = start
    msg = f"payload {payload.name}: no rows before its footer; expected BEA's CSV of a table"
    raise ContentError(msg, payload=payload)


def _fields(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode().strip()]), [])
    except csv.Error:  # a stray carriage return or a field without end: no line of BEA's
        return []


def _refuse_other_columns(payload: Payload, names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing or not any(_YEAR.fullmatch(name) for name in names):
        lacking = ", ".join(missing) or "any year"
        msg = f"payload {payload.name}, line 1: no column for {lacking}; expected {', '.join(NEEDED)} and years"
        raise ContentError(msg, payload=payload)
    known = {*NEEDED, "GeoName", "Region", "IndustryClassification"}
    odd = [name for name in names if name not in known and not _YEAR.fullmatch(name)]
    if odd or len(set(names)) != len(names):
        what = f"column {odd[0]!r}, which is no year" if odd else "a column twice"
        msg = f"payload {payload.name}, line 1: {what}; expected {', '.join(NEEDED)} and years"
        raise ContentError(msg, payload=payload)
