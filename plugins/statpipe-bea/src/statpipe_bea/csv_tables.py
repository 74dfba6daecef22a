"""BEA's CSV files of a whole table: a row per area and line, a column per year, and a footer.

The footer consists of lines with one cell each: a note, the table's title, the last update, and the
source.
"""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ContentError, Dataset, Payload
from statpipe.domain.codes import encoded, looked_up, nothing
from statpipe.domain.text import holdable
from statpipe.domain.text import stripped as stripped_text
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.csv_columns import Columns, columns_of, place_of
from statpipe_bea.csv_records import CsvText, Record, bare, csv_text
from statpipe_bea.decoded import Decoded, PrintedUnit, combinations, first_row, numbered
from statpipe_bea.release import last_updated, other_day
from statpipe_bea.tables import table_name
from statpipe_bea.text import text_of

if TYPE_CHECKING:
    import pyarrow as pa

_FOOTNOTE = re.compile(r"<LI>\s*(?P<ref>[^&<\s]{1,12})&nbsp;(?P<text>[^<]*)</LI>")
_FOOTER = re.compile(r"(Note|Last updated|Source):|U\.S\. Bureau of Economic Analysis")
_LAST_UPDATED = ("Last updated", "last updated", "Last Updated", "LAST UPDATED")
_LONGEST_NOTE = 16_384
_BATCH = 2_000
_MOST_ROWS = 250_000
"""BEA's longest table by state has about 8,000 rows."""


@frozen(kw_only=True)
class Head:
    """
    The name of the table in the file (empty if the file has no rows), and the last update in its
    footer.
    """

    table: str
    note: str | None


@frozen(kw_only=True)
class WideTable:
    """
    The rows of a CSV file: text columns ``area``, ``table``, ``line``, ``title``, perhaps ``unit``,
    ``area_name`` and ``region``, and one for each of ``years``. ``note`` is the footer's last update, ``lines`` the line on which each row stands.
    """

    payload: Payload
    note: str
    years: tuple[str, ...]
    table: pa.Table = field(repr=False)
    lines: array[int] = field(repr=False)

    def where(self, row: int, year: str | None = None) -> str:
        """
        Return the line of a row in the file; the first line is line 1.
        """
        place = f"payload {self.payload.name}, line {self.lines[row]}"
        return f"{place}, column {year}" if year else place

    def codes(self, name: str) -> pa.DictionaryArray:
        """
        Return the texts of a column without surrounding blanks and quotes, or nulls if the file
        lacks the column.
        """
        if name not in self.table.column_names:
            return nothing(len(self.table))
        codes = encoded(self.table[name])
        return looked_up(codes, [bare(text) for text in codes.dictionary.to_pylist()])


def head_of(payload: Payload) -> Head | None:
    """
    Read the header, the first row and the footer. Return ``None`` if the file is not a table of
    areas from BEA.

    :raises ContentError: The file is not text, or not valid CSV.
    """
    text = csv_text(payload)
    records = text.records()
    header = next(records, None)
    area, table = (place_of(header, role) if header else None for role in ("area", "table"))
    if area is None or table is None:
        return None
    first = next(records, None)
    named = bare(first.cells[table]) if first and table < len(first.cells) else ""
    return Head(table=named, note=note_in(text.text))


def note_in(text: str) -> str | None:
    """
    Find the note "Last updated" in the footer of a file: the last one in its text.
    """
    start = max(map(text.rfind, _LAST_UPDATED))
    line = text[start : start + _LONGEST_NOTE].splitlines()[0] if start >= 0 else ""
    note = last_updated(line.partition('"')[0])
    return note.rstrip(" ,;") if note else None


def read_csv(payload: Payload) -> WideTable:
    """
    Read a file.

    :raises ContentError: The file is not CSV from BEA, or is truncated.
    """
    import pyarrow as pa

    text = csv_text(payload)
    records = text.records()
    header = next(records, None)
    if header is None:
        msg = f"payload {payload.name}: no rows before its footer; expected BEA's CSV of a table"
        raise ContentError(msg, payload=payload)
    columns = columns_of(header, payload)
    footer: list[Record] = []
    lines = array("L")
    batches = list(_batches(_rows(text, records, columns, footer), columns, lines, payload))
    if not lines:
        msg = f"payload {payload.name}: no rows before its footer; expected BEA's CSV of a table"
        raise ContentError(msg, payload=payload)
    table = pa.Table.from_batches(batches).combine_chunks()
    note = note_in(text.text)
    if note is None or not footer:
        msg = (
            f'payload {payload.name}: no "Last updated: <date>" in its footer; expected BEA\'s file, '
            "complete; it may have been cut off"
        )
        raise ContentError(msg, payload=payload)
    _refuse_two_releases(payload, footer)
    wide = WideTable(
        payload=payload,
        note=note,
        years=columns.years,
        table=table,
        lines=lines,
    )
    if text.separator != ",":
        _refuse_commas(wide)
    return wide


def _refuse_two_releases(payload: Payload, footer: Iterable[Record]) -> None:
    notes = [note for record in footer if (note := last_updated(record.cells[0]))]
    if notes and (other := other_day(notes)):
        msg = (
            f"payload {payload.name}: its footer names two releases, {notes[0]!r} and {other!r}; expected "
            "one table as BEA published it"
        )
        raise ContentError(msg, payload=payload)


def decoded_csv(payload: Payload, notes: Mapping[str, str], dataset: Dataset) -> Decoded:
    """
    Read the selected years from a table's file. *notes* are the texts of its footnotes.

    :raises ContentError: The file is malformed, is of another table, or has none of these years.
    """
    import pyarrow as pa

    wide = read_csv(payload)
    _refuse_other_table(wide, dataset.name)
    wanted = dataset.selection.periods
    years = [year for year in wide.years if wanted is None or year in wanted]
    if not years:
        msg = f"payload {payload.name}: no column for {', '.join(wanted or ())}; it has {wide.years[0]} to {wide.years[-1]}"
        raise ContentError(msg, payload=payload)
    areas, lines = wide.codes("area"), wide.codes("line")
    rows = len(wide.table)
    of_year = [pa.repeat(pa.scalar(place, pa.int32()), rows) for place in range(len(years))]
    printed = printed_lines(wide)
    return Decoded(
        releases=[(payload, wide.note)],
        # A spreadsheet reads ``06000`` as a number and drops the leading zero.
        areas=looked_up(
            areas, [c.zfill(5) if c.isdecimal() else c for c in areas.dictionary.to_pylist()]
        ),
        lines=lines,
        names=wide.codes("area_name"),
        regions=wide.codes("region"),
        periods=pa.DictionaryArray.from_arrays(
            pa.concat_arrays(of_year), pa.array(years, pa.string())
        ),
        texts=pa.concat_arrays([chunk for year in years for chunk in wide.table[year].chunks]),
        rows=pa.concat_arrays([numbered(rows)] * len(years)),
        notes=[(notes, rows * len(years))],
        titles=printed,
        units=[PrintedUnit(line=one.line, unit=one.unit, where=one.where) for one in printed],
        place=wide.where,
        where=lambda row: wide.where(row % rows, years[row // rows]),
    )


def printed_lines(wide: WideTable) -> list[PrintedLine]:
    """
    Return each combination of line, title and unit, and its first place.
    """
    found = combinations({name: wide.codes(name) for name in ("line", "title", "unit")})
    return [
        PrintedLine(
            line=one["line"], title=one["title"], unit=one["unit"], where=wide.where(one["row"])
        )
        for one in found
    ]


def footnotes(payload: Payload) -> dict[str, str]:
    """
    Read the texts of a ``__Footnotes.html``, by reference.

    :raises ContentError: The file is not text.
    """
    found = _FOOTNOTE.finditer(text_of(payload))
    return {m["ref"]: stripped_text(holdable(html.unescape(m["text"]))) for m in found}


def _refuse_other_table(wide: WideTable, table: str) -> None:
    names = wide.codes("table")
    for name in names.dictionary.to_pylist():
        if table_name(name) != table:
            where = wide.where(first_row(names, name))
            raise ContentError(f"{where}: table {name!r}; expected {table}", payload=wide.payload)


def _rows(
    text: CsvText, records: Iterable[Record], columns: Columns, footer: list[Record]
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its line. Lines after the rows are added to *footer*."""
    for record in records:
        if _is_footer(record) or (footer and not bare(record.cells[0]).isdigit()):
            footer.append(record)
        elif footer:
            msg = (
                f"payload {text.payload.name}, line {record.line}: a row after the footer; "
                "expected the rows of one table and then its footer"
            )
            raise ContentError(msg, payload=text.payload)
        else:
            yield record.line, columns.fitted(record, text.payload)


def _is_footer(record: Record) -> bool:
    """
    Return whether this is a footer: one cell of words. A truncated row begins with an area's
    digits.
    """
    first, *others = record.cells
    words = bare(first)
    if _FOOTER.match(words):
        return True
    return not any(map(str.strip, others)) and not words.isdigit()


def _batches(
    rows: Iterable[tuple[int, list[str]]], columns: Columns, lines: array[int], payload: Payload
) -> Iterator[pa.RecordBatch]:
    """
    Convert some rows at a time to arrays, because Python objects need far more memory than text.
    """
    waiting: list[list[str]] = []
    for line, cells in rows:
        lines.append(line)
        waiting.append(cells)
        if len(waiting) == _BATCH:
            yield _batch(waiting, columns)
            waiting = []
        if len(lines) > _MOST_ROWS:
            msg = f"payload {payload.name}: more than {_MOST_ROWS:,} rows; expected a BEA table"
            raise ContentError(msg, payload=payload)
    if waiting:
        yield _batch(waiting, columns)


def _batch(rows: list[list[str]], columns: Columns) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns.names))


def _refuse_commas(wide: WideTable) -> None:
    """
    Refuse commas in figures if commas do not separate the cells: they may be decimal points or
    separate thousands.
    """
    import pyarrow.compute as pc

    for year in wide.years:
        row = pc.index(pc.match_substring(wide.table[year], ","), True).as_py()
        if row >= 0:
            msg = (
                f"{wide.where(row, year)}: figure {wide.table[year][row].as_py()!r} in a file "
                "that does not separate cells by commas; expected figures without commas, since "
                "a comma may be a decimal point or a thousands separator. Use the file as BEA "
                "published it"
            )
            raise ContentError(msg, payload=wide.payload)
