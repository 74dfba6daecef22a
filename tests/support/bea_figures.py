"""BEA's published figures, read from its bulk zip for the fake of its API.

An oracle: it is written apart from the product and shares no code with it.
"""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKER = re.compile(r"\([A-Z]+\)")
FOOTNOTE = re.compile(r"<LI>(.*?)(?:&nbsp;)(.*?)</LI>", re.DOTALL)
FIRST_YEAR_COLUMN = re.compile(r"[12][0-9]{3}")


class Table:
    """
    One table: titles and units by line, and the text of each figure by line, area and year.
    """

    def __init__(
        self, name: str, rows: list[dict[str, str]], footer: list[str], notes: str
    ) -> None:
        self.name = name
        self.title = self._title(footer)
        self.years = [column for column in rows[0] if FIRST_YEAR_COLUMN.fullmatch(column)]
        self.titles: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self.areas: dict[str, str] = {}
        self.figures: dict[str, dict[str, dict[str, str]]] = {}
        for row in rows:
            self._take(row)
        self.notes = dict(FOOTNOTE.findall(html.unescape(notes).replace("\xa0", "&nbsp;")))
        self.last_updated = next(line for line in footer if line.startswith("Last updated"))

    def _title(self, footer: list[str]) -> str:
        line = next(line for line in footer if line.startswith(f"{self.name}:"))
        return re.sub(r"\s+\d+/$", "", line.partition(":")[2].strip())

    def _take(self, row: dict[str, str]) -> None:
        line, fips = row["LineCode"], row["GeoFIPS"]
        self.titles[line] = row["Description"].strip()
        self.units[line] = row["Unit"]
        self.areas[fips] = row["GeoName"]
        self.figures.setdefault(line, {})[fips] = {year: row[year] for year in self.years}

    @property
    def table_note(self) -> str | None:
        """
        The text of the footnote that the table's title carries.
        """
        return self.notes.get("1/")


def unit_mult(unit: str) -> str:
    """
    Return the power of ten that a unit's name stands for, as the API prints it.
    """
    scales = {"Millions": "6", "Thousands": "3"}
    return scales.get(unit.partition(" ")[0], "0")


def read_tables(bulk: bytes, rename: Mapping[str, str] | None = None) -> dict[str, Table]:
    """
    Read every table of a bulk zip, some of them under another name.
    """
    tables = {}
    with zipfile.ZipFile(io.BytesIO(bulk)) as archive:
        for member in archive.namelist():
            if "__ALL_AREAS_" in member:
                name = member.partition("__")[0]
                table = _read(archive, member, name)
                table.name = (rename or {}).get(name, name)
                tables[table.name] = table
    return tables


def bytes_of(bulk: Path | str | bytes) -> bytes:
    """
    Return the zip itself, given as bytes or as the path of a file.
    """
    return bulk if isinstance(bulk, bytes) else Path(bulk).read_bytes()


def _read(archive: zipfile.ZipFile, member: str, name: str) -> Table:
    lines = list(
        csv.reader(io.StringIO(archive.read(member).decode(), newline=""), skipinitialspace=True)
    )
    header, body = lines[0], [line for line in lines[1:] if line]
    rows = [dict(zip(header, line, strict=True)) for line in body if len(line) == len(header)]
    footer = [line[0] for line in body if len(line) != len(header)]
    return Table(name, rows, footer, _footnotes(archive, name))


def _footnotes(archive: zipfile.ZipFile, name: str) -> str:
    member = f"{name}__Footnotes.html"
    return archive.read(member).decode() if member in archive.namelist() else ""


def as_row(table: Table, line: str, fips: str, year: str) -> dict[str, Any]:
    """
    Return one cell as the API's row: a suppressed figure reads ``0`` with its marker beside it.
    """
    text = table.figures[line][fips][year]
    marker = MARKER.fullmatch(text)
    row = {
        "Code": f"{table.name}-{line}",
        "GeoFips": fips,
        "GeoName": table.areas[fips],
        "TimePeriod": year,
        "CL_UNIT": table.units[line],
        "UNIT_MULT": unit_mult(table.units[line]),
        "DataValue": "0" if marker else text,
    }
    return {**row, "NoteRef": text} if marker else row
