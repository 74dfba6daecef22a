"""Make the bundled sample from BEA's own files.

    python make_sample.py SAPCE.zip SAEXP1__ALL_AREAS_1997_2019.csv SARPP.zip

Figures, areas, lines, units, notes and release dates are BEA's, character for character. The
envelope (request echo, dimensions, order of rows) has the shape of the API's answers, as BEA's user
guide and recorded answers of its other regional tables show it. Each file holds one answer a line.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import html
import io
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parent.parent / "src" / "statpipe_bea" / "data" / "sample"
AREAS = 60
DIMENSIONS = [
    {"Name": name, "DataType": kind, "IsValue": "1" if name == "DataValue" else "0"}
    for name, kind in (
        ("Code", "string"),
        ("GeoFips", "string"),
        ("GeoName", "string"),
        ("TimePeriod", "string"),
        ("DataValue", "numeric"),
        ("CL_UNIT", "string"),
        ("UNIT_MULT", "numeric"),
    )
]


class Table:
    """One table of one release, read from BEA's CSV file."""

    def __init__(self, name: str, text: str, footnotes: str, years: range) -> None:
        """Read the file's rows and footer."""
        self.name = name
        self.years = [str(year) for year in years]
        rows = list(csv.DictReader(io.StringIO(text)))
        self.rows = [row for row in rows if row["LineCode"]]
        footer = [row["GeoFIPS"].strip().strip('"') for row in rows if not row["LineCode"]]
        self.title = next(t.split(":", 1)[1].strip() for t in footer if re.match(rf"{name}:", t))
        # Where the title has a footnote, it is the note of the whole table.
        self.noted = self.title.endswith(" 1/")
        self.title = re.sub(r"\s+\d+/$", "", self.title)
        self.note = next(t for t in footer if t.startswith("Last updated"))
        found = re.findall(r"<LI>\s*([^&<\s]+)&nbsp;([^<]*)</LI>", footnotes)
        self.footnotes = {ref: html.unescape(note).strip() for ref, note in found}
        self.titles = {row["LineCode"]: row["Description"].strip() for row in self.rows}
        self.fips = sorted({self.fips_of(row) for row in self.rows})

    @staticmethod
    def fips_of(row: dict[str, str]) -> str:
        """BEA writes the code as a blank and the quoted digits."""
        return row["GeoFIPS"].strip().strip('"').strip()

    def answers(self) -> list[dict[str, Any]]:
        """Return the answers that cost the fewest requests, led by the list of lines."""
        by_line = len(self.titles) <= AREAS
        asked = (
            [{"LINECODE": line, "GEOFIPS": "STATE"} for line in self.titles]
            if by_line
            else [{"LINECODE": "ALL", "GEOFIPS": fips} for fips in self.fips]
        )
        return [self.line_list(), *(self.answer(parameters) for parameters in asked)]

    def line_list(self) -> dict[str, Any]:
        """Answer GetParameterValuesFiltered."""
        values = [
            {"Key": line, "Desc": f"[{self.name}] {title}"} for line, title in self.titles.items()
        ]
        parameters = {
            "METHOD": "GETPARAMETERVALUESFILTERED",
            "TARGETPARAMETER": "LINECODE",
            "TABLENAME": self.name,
        }
        return envelope(parameters, {"ParamValue": values})

    def answer(self, asked: dict[str, str]) -> dict[str, Any]:
        """Answer GetData."""
        data = [
            self.cell(row, year)
            for row in self.rows
            if asked["LINECODE"] in {"ALL", row["LineCode"]}
            and asked["GEOFIPS"] in {"STATE", self.fips_of(row)}
            for year in self.years
        ]
        data.sort(key=lambda cell: (cell["GeoFips"], cell["TimePeriod"]))
        used = {cell["NoteRef"] for cell in data if "NoteRef" in cell}
        single = asked["LINECODE"] != "ALL"
        parameters = {
            "METHOD": "GETDATA",
            "TABLENAME": self.name,
            **asked,
            "YEAR": ",".join(self.years),
        }
        results = {
            "Statistic": self.titles[asked["LINECODE"]] if single else self.title,
            "UnitOfMeasure": data[0]["CL_UNIT"],
            "PublicTable": f"{self.name} {self.title}",
            "NoteRef": " ",
            "Dimensions": DIMENSIONS,
            "Data": data,
            "Notes": [
                *({"NoteRef": ref, "NoteText": self.footnotes[ref]} for ref in sorted(used)),
                *(
                    {"NoteRef": "Note.", "NoteText": note}
                    for ref, note in self.footnotes.items()
                    if ref == "1/" and self.noted
                ),
                {"NoteRef": " ", "NoteText": self.note},
            ],
        }
        return envelope(parameters, results)

    def cell(self, row: dict[str, str], year: str) -> dict[str, str]:
        """Answer with one figure; one that BEA does not show reads 0 beside its marker."""
        printed = row[year].strip()
        marked = printed.startswith("(")
        cell = {
            "Code": f"{self.name}-{row['LineCode']}",
            "GeoFips": self.fips_of(row),
            "GeoName": row["GeoName"].strip(),
            "TimePeriod": year,
            "CL_UNIT": row["Unit"],
            "UNIT_MULT": "6" if row["Unit"].startswith("Millions") else "0",
            "DataValue": "0" if marked else printed,
        }
        return cell | {"NoteRef": printed} if marked else cell


def envelope(parameters: dict[str, str], results: dict[str, Any]) -> dict[str, Any]:
    """Put results into an answer that echoes the request, without the key."""
    echo = {"USERID": "REDACTED", "DATASETNAME": "REGIONAL", **parameters, "RESULTFORMAT": "JSON"}
    request = [{"ParameterName": n, "ParameterValue": v} for n, v in echo.items()]
    return {"BEAAPI": {"Request": {"RequestParam": request}, "Results": results}}


def write(table: Table, release: str, name: str) -> None:
    """Write a table's answers, one a line."""
    path = SAMPLE / release / f"{name}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(answer, separators=(",", ":")) for answer in table.answers()]
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    print(f"{release}/{path.name}: {len(lines)} answers, {path.stat().st_size:,} bytes")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("zip", type=Path, help="BEA's SAPCE.zip of 6 October 2022")
    parser.add_argument("csv", type=Path, help="BEA's SAEXP1 file of 8 October 2020")
    parser.add_argument("prices", type=Path, help="BEA's SARPP.zip of 15 December 2022")
    options = parser.parse_args()
    for release in SAMPLE.glob("20*"):
        shutil.rmtree(release)
    for path, release, names in (
        (options.zip, "2022-10-06", ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")),
        (options.prices, "2022-12-15", ("SARPP", "SARPI", "SAIRPD")),
    ):
        with zipfile.ZipFile(path) as archive:
            for name in names:
                whole = re.compile(rf"{name}_(_ALL_AREAS|STATE)_.*")
                (member,) = filter(whole.fullmatch, archive.namelist())
                text = archive.read(member).decode("utf-8")
                notes = archive.read(f"{name}__Footnotes.html").decode("utf-8")
                write(Table(name, text, notes, range(2017, 2022)), release, name)
    old = options.csv.read_text(encoding="utf-8")
    write(Table("SAEXP1", old, "", range(2015, 2020)), "2020-10-08", "SAPCE1")


if __name__ == "__main__":
    main()
