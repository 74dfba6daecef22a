"""Make the code lists of lines and areas from BEA's own SAPCE.zip.

    python make_code_lists.py SAPCE.zip

BEA's API has no hierarchy. BEA's CSV files have one, as leading spaces of the description; a line
whose title starts with "Less:" is subtracted from its parent. Writes ``lines.csv`` and ``areas.csv``
into the plugin's data folder.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import zipfile
from pathlib import Path

DATA = Path(__file__).parent.parent / "src" / "statpipe_bea" / "data"
UNIT_MULT = {"Millions of current dollars": 6, "Dollars": 0}
TABLES = ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")


def rows_of(archive: zipfile.ZipFile, pattern: str) -> list[dict[str, str]]:
    """Return the data rows of the one member whose name matches."""
    (name,) = [n for n in archive.namelist() if re.fullmatch(pattern, n)]
    text = io.StringIO(archive.read(name).decode("utf-8"))
    return [row for row in csv.DictReader(text) if row["LineCode"]]


def lines_of(rows: list[dict[str, str]], table: str) -> list[dict[str, object]]:
    """Read titles, units and hierarchy of a table's lines."""
    published: dict[int, set[str]] = {}
    first: dict[int, dict[str, str]] = {}
    for row in rows:
        line = int(row["LineCode"])
        published.setdefault(line, set()).add(fips_of(row))
        first.setdefault(line, row)
    lines, ancestors = [], {}
    for line, row in sorted(first.items()):
        level = len(row["Description"]) - len(row["Description"].lstrip())
        title = row["Description"].strip()
        ancestors[level] = line
        lines.append(
            {
                "table": table,
                "line": line,
                "parent": ancestors[level - 1] if level else "",
                "sign": -1 if title.startswith("Less:") else 1,
                "title": title,
                "unit": row["Unit"],
                "unit_mult": UNIT_MULT[row["Unit"]],
                "us_only": int(published[line] == {"00000"}),
            }
        )
    return lines


def areas_of(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    """Read each area's code from the name of its own file."""
    members = (re.fullmatch(r"SAPCE1_([A-Z]{2,4})_\d{4}_\d{4}\.csv", n) for n in archive.namelist())
    found = []
    for member in filter(None, members):
        row = rows_of(archive, re.escape(member[0]))[0]
        fips = fips_of(row)
        level = "country" if fips == "00000" else "region" if fips >= "91000" else "state"
        found.append(
            {
                "geo_fips": fips,
                "code": member[1],
                "name": row["GeoName"].strip(),
                "level": level,
                "region": row["Region"].strip(),
            }
        )
    regions = {a["region"]: a["code"] for a in found if a["level"] == "region"}
    for area in found:
        region = area.pop("region")
        area["parent"] = {"country": "", "region": "US"}.get(area["level"], regions.get(region, ""))
    return sorted(found, key=lambda area: area["geo_fips"])


def fips_of(row: dict[str, str]) -> str:
    """BEA writes the code as a blank and the quoted digits."""
    return row["GeoFIPS"].strip().strip('"').strip()


def write(name: str, rows: list[dict[str, object]] | list[dict[str, str]]) -> None:
    """Write a code list."""
    with (DATA / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{name}: {len(rows)} rows")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("zip", type=Path, help="BEA's SAPCE.zip")
    with zipfile.ZipFile(parser.parse_args().zip) as archive:
        lines = [
            line
            for table in TABLES
            for line in lines_of(rows_of(archive, rf"{table}__ALL_AREAS_\d+_\d+\.csv"), table)
        ]
        write("lines.csv", lines)
        write("areas.csv", areas_of(archive))


if __name__ == "__main__":
    main()
