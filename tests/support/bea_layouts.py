"""BEA's CSV files as BEA has laid them out, and as people keep them.

:func:`layout_of_2019` writes a file as BEA wrote SAEXP1 on 3 October 2019 (header, order of columns, quotes,
figures without ``.0``) with the figures of BEA's file of 2020. The functions of :data:`KEPT` turn a file into
what a spreadsheet or an editor makes of it, with the same figures. An oracle: it shares no code with
the product.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

SAEXP1 = Path(__file__).parents[1] / "data" / "SAEXP1.zip"
NOTE_2019 = (
    "Last updated: October 3, 2019-- new PCE by state statistics for 2018; revised statistics for "
    "2014-2017."
)
HEADER_2019 = (
    "GeoFIPS,GeoName,Region,TableName,ComponentName,Unit,Line,IndustryClassification,Description"
)
COMPONENT = "Total personal consumption expenditures (PCE) by state"
FOOTER_2019 = (
    "Note: See the included footnote file.",
    f"SAEXP1: {COMPONENT} 1/",
    NOTE_2019,
    "Source: U.S. Department of Commerce / Bureau of Economic Analysis / Regional Economic Accounts",
)


HEADER_2017 = (
    "GeoFIPS,GeoName,Region,ComponentId,ComponentName,Line,IndustryClassification,Description"
)
FOOTER_2017 = (
    "Note: See the included footnote file.",
    "All personal consumption expenditures (PCE) estimates are in millions of current dollars (not adjusted for "
    "inflation). Per capita PCE estimates are in current dollars, and reflect population estimates.",
    "Last updated: October 4, 2017-- new PCE by state statistics for 2016.",
    "Source: U.S. Department of Commerce / Bureau of Economic Analysis / Regional Product Division",
)


def file_of_2020() -> bytes:
    """BEA's own file of 8 October 2020."""
    with zipfile.ZipFile(SAEXP1) as archive:
        return archive.read(archive.namelist()[0])


def last_years(body: bytes, count: int) -> bytes:
    """A file of BEA's with its last years only."""
    every = sum(name.isdigit() for name in body.partition(b"\r\n")[0].split(b","))
    lines = []
    for line in body.split(b"\r\n"):
        head, *figures = line.rsplit(b",", every)
        lines.append(b",".join([head, *figures[-count:]]) if len(figures) == every else line)
    return b"\r\n".join(lines)


def with_new_codes(body: bytes, table: str = "SAPCE1") -> bytes:
    """A file in which BEA has added line 25, for all areas, and the area 72000, with Wyoming's figures."""
    header, _, rest = body.decode().partition("\r\n")
    new = []
    for row in csv.reader(io.StringIO(rest, newline=""), skipinitialspace=True):
        if len(row) < len(header.split(",")):
            continue  # of the footer
        fips, name, region, _, line, _, title, unit, *figures = row
        cell = f'"{unit}",{",".join(figures)}'
        if line == "1":
            new.append(f' "{fips}","{name}",{region},{table},25,"..."," Cannabis ",{cell}')
        if name == "Wyoming":
            of_both = [(line, title)] + [("25", " Cannabis ")] * (line == "1")
            new += [f' "72000","Puerto Rico",,{table},{n},"...","{t}",{cell}' for n, t in of_both]
    return "\r\n".join([header, *new, rest]).encode()


def layout_of_2019(*years: str) -> bytes:
    """The figures of the file of 2020 in the layout of 2019."""
    lines = [",".join([HEADER_2019, *years])]
    for row in csv.DictReader(io.StringIO(file_of_2020().decode(), newline="")):
        if row["LineCode"]:
            figures = ",".join(row[year].removesuffix(".0") for year in years)
            lines.append(
                f'{row["GeoFIPS"]},"{row["GeoName"]}",{row["Region"]},{row["TableName"]},"{COMPONENT}",'
                f'"{row["Unit"]}",{row["LineCode"]},"...","{row["Description"]}",{figures}'
            )
    lines += [f'"{text}"' for text in FOOTER_2019]
    return ("\r\n".join(lines) + "\r\n").encode()


def layout_of_2017(*years: str, component: str = COMPONENT) -> bytes:
    """The same figures in the layout of 2017, as a spreadsheet kept it: no table, no unit, areas as numbers."""
    lines = [",".join([HEADER_2017, *years])]
    for row in csv.DictReader(io.StringIO(file_of_2020().decode(), newline="")):
        if row["LineCode"]:
            figures = ",".join(row[year].removesuffix(".0") for year in years)
            fips = int(row["GeoFIPS"].strip(' "'))
            lines.append(
                f"{fips},{row['GeoName']},{row['Region'].strip()},1,{component},{row['LineCode']},...,"
                f'"{row["Description"]}",{figures}'
            )
    lines += [text + "," * 10 for text in FOOTER_2017]
    return ("\n".join(lines) + "\n").encode()


def resaved(body: bytes, separator: str = ",", newline: str = "\r\n", padding: int = 0) -> str:
    """A file as a spreadsheet saves it: quotes where they are needed, rows filled up to one width."""
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    width = max(map(len, rows)) + padding
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=newline)
    for row in rows:
        writer.writerow(row + [""] * (width - len(row)))
    return out.getvalue()


def _numbers(body: bytes) -> str:
    """Codes of areas turned into numbers, which loses their leading zeros."""
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        code = row[0].strip(' "')
        writer.writerow([str(int(code)) if code.isdigit() else row[0], *row[1:]])
    return out.getvalue()


def _blank_lines(body: bytes) -> bytes:
    lines = body.splitlines(keepends=True)
    return b"\r\n" + b"\r\n".join(lines) + b"\r\n" * 14


KEPT: Mapping[str, Callable[[bytes], bytes]] = {
    "with a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "with line feeds": lambda body: body.replace(b"\r\n", b"\n"),
    "with carriage returns": lambda body: body.replace(b"\r\n", b"\r"),
    "with blank lines everywhere": _blank_lines,
    "with fourteen blank lines at the end": lambda body: body + b"\r\n" * 14,
    "with lines of blanks at the end": lambda body: body + b"  \t\r\n , ,\r\n" * 3,
    "padded to one width": lambda body: resaved(body).encode(),
    "padded beyond the header": lambda body: resaved(body, padding=3).encode(),
    "with semicolons": lambda body: resaved(body, ";").encode("utf-8-sig"),
    "with tabs in UTF-16": lambda body: resaved(body, "\t").encode("utf-16"),
    "in Windows-1252": lambda body: (
        body.decode().replace("Hawaii", "Hawai\u2019i").encode("cp1252")
    ),
    "with numbers for areas": lambda body: _numbers(body).encode(),
    "with blanks around cells": lambda body: body.replace(b',"', b', "').replace(b",8,", b", 8 ,"),
}
