"""Cut BEA's SARPP.zip down to what the tests read, byte for byte.

    python make_price_data.py SARPP.zip

Writes ``tests/data/SARPP.zip`` of this plugin: the three tables with footnotes and definitions,
without the state summaries. Equal input gives equal bytes. The later releases that the tests need
are derived from it where they are needed: see ``tests/support/price_releases.py``.
"""

from __future__ import annotations

import argparse
import re
import zipfile
from pathlib import Path

OUTPUT = Path(__file__).parent.parent / "tests" / "data" / "SARPP.zip"
WANTED = re.compile(
    r"(SARPP|SARPI|SAIRPD)(_STATE_\d{4}_\d{4}\.csv|__Footnotes\.html|__definition\.xml)"
)
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("zip", type=Path, help="BEA's SARPP.zip of 15 December 2022")
    with zipfile.ZipFile(parser.parse_args().zip) as bulk:
        members = {name: bulk.read(name) for name in bulk.namelist() if WANTED.fullmatch(name)}
    OUTPUT.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(OUTPUT, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name], zipfile.ZIP_DEFLATED, compresslevel=9)
            print(f"{len(members[name]):>10,}  {name}")


if __name__ == "__main__":
    main()
