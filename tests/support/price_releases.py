"""Releases of BEA's price tables in the three shapes that SARPP has had.

The release of 15 December 2022 is BEA's own (``plugins/statpipe-bea/tests/data/SARPP.zip``). The
other two have the titles, units, numbers and dates of BEA's releases of February 2025 and February
2026, and figures that are **made up**: price parities are those of 2022, deflators and real figures
are rebased by one factor, and real PCE is nominal PCE over the rebased deflator, so that the tables
fit each other. An oracle: it shares no code with the product.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Self

from support.fake_bea import FakeBea

ROOT = Path(__file__).parents[2]
PRICES = ROOT / "plugins" / "statpipe-bea" / "tests" / "data" / "SARPP.zip"
PCE = ROOT / "tests" / "data" / "SAPCE.zip"

NOTE_2025 = "Last updated: February 20, 2025-- revised statistics for 2010-2019."
NOTE_2026 = (
    "Last updated: February 19, 2026-- new statistics for 2024; revised statistics for 2008-2023."
)
REBASED = Decimal("1.0605")
"""About what US prices rose from 2012 to 2017."""

Figures = dict[str, dict[str, str]]
"""The text of each figure, by area and year."""


@dataclass(frozen=True)
class Line:
    """One line of a table: what it is, and its figures. Its number is its place."""

    title: str
    unit: str
    figures: Figures = field(repr=False)

    def changed(self, fips: str, year: str, text: str) -> Line:
        """The same line with one figure changed."""
        return replace(self, figures={**self.figures, fips: {**self.figures[fips], year: text}})


@dataclass(frozen=True)
class Sheet:
    """One table of one release."""

    table: str
    title: str
    note: str
    lines: tuple[Line, ...]
    names: Mapping[str, tuple[str, str]] = field(repr=False)

    def line(self, start: str) -> Line:
        """The line whose title starts so."""
        return next(line for line in self.lines if line.title.startswith(start))

    def with_lines(self, lines: Sequence[Line]) -> Sheet:
        """The same table with other lines, or these in another order."""
        return replace(self, lines=tuple(lines))

    def each(self, change: Callable[[Line], Line]) -> Sheet:
        """The same table with each line changed."""
        return self.with_lines([change(line) for line in self.lines])

    def csv(self) -> bytes:
        """The file as BEA writes it."""
        years = list(next(iter(self.lines[0].figures.values())))
        head = "GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit"
        out = [",".join([head, *years])]
        for number, line in enumerate(self.lines, 1):
            for fips, figures in line.figures.items():
                name, region = self.names[fips]
                texts = ",".join(figures[year] for year in years)
                out.append(
                    f' "{fips}","{name}",{region or " "},{self.table},{number},"...",'
                    f'"{line.title}","{line.unit}",{texts}'
                )
        footer = [
            "Note: See the included footnote file.",
            f"{self.table}: {self.title} ",
            self.note,
            "U.S. Bureau of Economic Analysis",
        ]
        return ("\r\n".join(out) + "\r\n" + "\n".join(f'"{t}"' for t in footer) + "\n").encode()


def first_release() -> dict[str, Sheet]:
    """BEA's own tables of 15 December 2022."""
    with zipfile.ZipFile(PRICES) as archive:
        return {
            name: _read(name, archive.read(f"{name}_STATE_2008_2021.csv").decode())
            for name in ("SARPP", "SARPI", "SAIRPD")
        }


def release_of_2025() -> dict[str, Sheet]:
    """SARPP with ten lines, which hold the other two tables as well; the deflator of the US is (NA)."""
    before = first_release()
    parities, rest = before["SARPP"], _rebased(before)
    deflator = rest["SAIRPD"].lines[0]
    nation = {"00000": dict.fromkeys(next(iter(deflator.figures.values())), "(NA)")}
    deflator = replace(deflator, figures={**nation, **deflator.figures})
    ten = parities.with_lines([*rest["SARPI"].lines, *parities.lines, deflator])
    title = "Real personal income, real PCE, and regional price parities by state"
    return {"SARPP": replace(ten, title=title, note=NOTE_2025)}


def release_of_2026() -> dict[str, Sheet]:
    """The five lines again, and tables of their own for the rest, in prices of 2017."""
    before = first_release()
    sheets = {**before, **_rebased(before)}
    return {name: replace(sheet, note=NOTE_2026) for name, sheet in sheets.items()}


def zipped(sheets: Mapping[str, Sheet], last_year: int = 2021) -> bytes:
    """A zip of these tables, under BEA's names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, sheet in sheets.items():
            archive.writestr(f"{name}_STATE_2008_{last_year}.csv", sheet.csv())
    return out.getvalue()


def nominal_pce(note: str) -> bytes:
    """BEA's SAPCE1 of 6 October 2022 under the note of another release."""
    with zipfile.ZipFile(PCE) as archive:
        (name,) = (n for n in archive.namelist() if n.startswith("SAPCE1__ALL_AREAS"))
        text = archive.read(name).decode()
    start = text.index("Last updated")
    text = text[:start] + note + text[text.index('"', start) :]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return out.getvalue()


class FakePrices(FakeBea):
    """BEA's API and zip for the price tables, whose files are not named ``__ALL_AREAS_``."""

    def __init__(self, bulk: bytes | None = None) -> None:
        super().__init__(_renamed(bulk or PRICES.read_bytes()))
        self.bulk = bulk or PRICES.read_bytes()

    @property
    def zip_url(self) -> str:
        """The address of the bulk file."""
        return f"{self.address}/regional/zip/SARPP.zip"

    def publish(self, bulk: bytes) -> None:  # type: ignore[override]
        """Publish another release, in place of all tables."""
        self.tables.clear()
        super().publish(_renamed(bulk))
        self.bulk = bulk

    def __enter__(self) -> Self:
        return super().__enter__()


def _renamed(bulk: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bulk)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("_STATE_", "__ALL_AREAS_"), old.read(name))
    return out.getvalue()


def _read(table: str, text: str) -> Sheet:
    rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    head = rows[0]
    years = head[8:]
    names: dict[str, tuple[str, str]] = {}
    lines: dict[str, Line] = {}
    footer = []
    for row in rows[1:]:
        if len(row) != len(head):
            footer += row
            continue
        names[row[0]] = (row[1], row[2])
        line = lines.setdefault(row[4], Line(row[6], row[7], {}))
        line.figures[row[0]] = dict(zip(years, row[8:], strict=True))
    title = next(t for t in footer if t.startswith(f"{table}:")).partition(":")[2].strip()
    note = next(t for t in footer if t.startswith("Last updated"))
    return Sheet(table, title, note, tuple(lines[n] for n in sorted(lines, key=int)), names)


def _rebased(sheets: Mapping[str, Sheet]) -> dict[str, Sheet]:
    """SARPI and SAIRPD in prices of 2017."""
    (deflator,) = sheets["SAIRPD"].lines
    rebased = replace(deflator, figures=_each(deflator.figures, lambda x: x / REBASED, "0.001"))
    nominal = _nominal()

    def moved(line: Line) -> Line:
        places = "0.1" if line.unit.startswith("Millions") else "1"
        figures = _each(line.figures, lambda x: x * REBASED, places)
        if line.title.strip().startswith("Real PCE"):
            for fips, of_area in rebased.figures.items():
                for year, text in of_area.items():
                    real = Decimal(nominal[fips][year]) / Decimal(text) * 100
                    figures[fips][year] = str(real.quantize(Decimal("0.1"), ROUND_HALF_UP))
        return Line(line.title.replace("2012", "2017"), line.unit.replace("2012", "2017"), figures)

    return {
        "SARPI": sheets["SARPI"].each(moved),
        "SAIRPD": sheets["SAIRPD"].with_lines([rebased]),
    }


def _each(figures: Figures, change: Callable[[Decimal], Decimal], places: str) -> Figures:
    return {
        fips: {
            year: str(change(Decimal(text)).quantize(Decimal(places), ROUND_HALF_UP))
            for year, text in of_area.items()
        }
        for fips, of_area in figures.items()
    }


def _nominal() -> Figures:
    with zipfile.ZipFile(PCE) as archive:
        (name,) = (n for n in archive.namelist() if n.startswith("SAPCE1__ALL_AREAS"))
        text = archive.read(name).decode()
    rows = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    return {row["GeoFIPS"]: dict(row) for row in rows if row["LineCode"] == "1"}
