"""Cut BEA's bulk files down to what the tests read.

From a bulk zip, the members for all areas with their footnotes and definitions are copied byte for
byte. A CSV file is put alone into a zip, under BEA's name for it. Equal input gives equal bytes::

    python scripts/make_test_data.py SAPCE.zip tests/data/SAPCE.zip
    python scripts/make_test_data.py SAEXP1__ALL_AREAS_1997_2019.csv tests/data/SAEXP1.zip
"""

from __future__ import annotations

import argparse
import re
import zipfile
from pathlib import Path

WANTED = re.compile(
    r"SAPCE\d__(ALL_AREAS_\d{4}_\d{4}\.csv|Footnotes\.html|definition\.xml)"
    r"|SASUMMARY__ALL_AREAS_\d{4}_\d{4}\.csv"
)
BEA_NAME = re.compile(r"[A-Z0-9]+__ALL_AREAS_\d{4}_\d{4}")
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def members_of(source: Path) -> dict[str, bytes]:
    """Read what the tests need of a bulk zip, or of one CSV file."""
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as bulk:
            return {name: bulk.read(name) for name in bulk.namelist() if WANTED.fullmatch(name)}
    name = BEA_NAME.match(source.name)
    if name is None:
        raise SystemExit(f"{source.name} does not start with BEA's name of a file for all areas")
    return {f"{name[0]}.csv": source.read_bytes()}


def write(members: dict[str, bytes], output: Path) -> None:
    """Write a zip whose bytes depend on its members alone."""
    with zipfile.ZipFile(output, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name], zipfile.ZIP_DEFLATED, compresslevel=9)


def main() -> None:
    """Read the command line and write the zip."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path, help="BEA's zip, or one of its CSV files")
    parser.add_argument("output", type=Path, help="the zip to write")
    arguments = parser.parse_args()
    members = members_of(arguments.source)
    write(members, arguments.output)
    for name in sorted(members):
        print(f"{len(members[name]):>10,}  {name}")


if __name__ == "__main__":
    main()
