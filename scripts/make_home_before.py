"""Make what a user of an older version has: a configuration, a lake and a database.

`tests/end_to_end/test_version_before.py` goes on with them in today's version. The older version is a
checkout; today's interpreter and libraries run it, on the bundled sample and on BEA's files of
`tests/data`, cut to three areas::

    git worktree add --detach ../before 6472b53
    python scripts/make_home_before.py ../before tests/data/before/6472b53.zip
    git worktree remove ../before

The zip holds `statpipe.toml`, the lake, `database.sql`, and in `answers` what the older version said of the
figures. Names of runs, and times, differ whenever it is made; nothing else does.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import psycopg

from statpipe_postgres.binaries import find_binaries

DATA = Path(__file__).parents[1] / "tests" / "data"
SOURCE, TABLE = "bea_pce_state", "SAPCE1"
SELECTED = {
    "tables": f'["{TABLE}"]',
    "areas": '["US", "CA", "KS"]',
    "years": "[2015, 2016, 2017, 2018, 2019, 2020, 2021]",
}
ROW_OF_ANOTHER_AREA = re.compile(rb' "(?!00000|06000|20000)\d{5}".*\n', re.MULTILINE)
FIGURES_OF_1997_TO_2017 = re.compile(rb"(,[\d.]+){21}(?=(,[\d.]+){4}\r?$)", re.MULTILINE)
DAYS = ("2021-01-01", "2022-10-06", "2023-10-04")
REFUSED = 3

OTHERS = """
CREATE ROLE analyst;
CREATE ROLE auditor;
GRANT USAGE ON SCHEMA gold TO analyst, auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA gold TO analyst;
GRANT SELECT (ref_area, value) ON gold.pce_state TO auditor;
GRANT SELECT (ref_area) ON gold.pce_state_area TO auditor;
CREATE SCHEMA desk AUTHORIZATION analyst;
CREATE INDEX of_the_desk ON gold.pce_state_history (unit);
SET ROLE analyst;
CREATE VIEW desk.california AS SELECT * FROM gold.pce_state WHERE ref_area = 'CA';
CREATE VIEW desk.areas AS SELECT ref_area, area_name FROM gold.pce_state_area;
CREATE VIEW desk.revised AS SELECT category, time_period, new_value FROM gold.pce_state_revisions;
CREATE VIEW desk.believed AS SELECT ref_area, category, time_period, value FROM gold.pce_state_as_of('2021-01-01');
COMMENT ON VIEW desk.california IS 'For the desk';
GRANT SELECT ON desk.california TO PUBLIC;
"""
ROLES = ("analyst", "auditor", "statpipe_loader", "statpipe_reader")
ROLE = "DO $$ BEGIN CREATE ROLE {0}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n"


class OlderHome:
    """
    A folder in which a checkout's statpipe is run.
    """

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.folder = folder
        packages = [checkout / "src", *sorted(checkout.glob("plugins/*/src"))]
        ours = ("BEA_", "STATPIPE_", "PG", "PYTHON")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        self.environment["PYTHONPATH"] = os.pathsep.join(str(path.resolve()) for path in packages)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command and return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "statpipe", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != code:
            raise SystemExit(f"statpipe {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def backfill(self, archive: Path, *options: str, code: int = 0) -> None:
        """Load the releases of one zip, which does not stay."""
        self.run("backfill", SOURCE, "--from-archive", archive.name, *options, code=code)
        archive.unlink()

    def release(
        self, source: str, name: str, edit: Callable[[bytes], bytes] = lambda body: body
    ) -> Path:
        """Write a zip of BEA's with three areas, edited."""
        path = self.folder / name
        with zipfile.ZipFile(DATA / source) as whole, zipfile.ZipFile(path, "w") as cut:
            for member in whole.namelist():
                body = whole.read(member)
                if member.endswith("__Footnotes.html") and member.startswith(TABLE):
                    cut.writestr(member, body)
                if "__ALL_AREAS_" in member and member.startswith((TABLE, "SAEXP1")):
                    cut.writestr(member, edit(ROW_OF_ANOTHER_AREA.sub(b"", body)))
        return path


def configured(checkout: Path) -> str:
    """Return the checkout's own configuration, with a selection."""
    text = (checkout / "statpipe.toml").read_text(encoding="utf-8")
    for name, value in SELECTED.items():
        text, count = re.subn(
            rf"^# {name} = .*$", f"{name} = {value}", text, count=1, flags=re.MULTILINE
        )
        if not count:
            raise SystemExit(f"statpipe.toml of the checkout does not mention {name}")
    return text


def corrected(body: bytes) -> bytes:
    """Change one figure, under the same date."""
    return body.replace(b"2082806.8", b"2082806.9")


def tenfold(body: bytes) -> bytes:
    """Lose the decimal points, in a later release."""
    return re.sub(rb"(\d)\.(\d)", rb"\1\2", later(body))


def shortened(body: bytes) -> bytes:
    """Leave out the years before 2018, in a later release."""
    return FIGURES_OF_1997_TO_2017.sub(b"", later(body))


def later(body: bytes) -> bytes:
    """Date a release a year later."""
    return body.replace(b"October 6, 2022", b"October 4, 2023")


def live(home: OlderHome) -> None:
    """Load releases in every way, one of them refused and one accepted."""
    home.run("run", SOURCE)
    home.backfill(home.release("SAEXP1.zip", "of 2020.zip"))
    home.backfill(home.release("SAPCE.zip", "of 2022.zip"))
    home.backfill(home.release("SAPCE.zip", "corrected.zip", corrected))
    home.run("run", SOURCE)
    home.backfill(home.release("SAPCE.zip", "tenfold.zip", tenfold), code=REFUSED)
    refused = home.release("SAPCE.zip", "shortened.zip", shortened)
    home.run("backfill", SOURCE, "--from-archive", refused.name, code=REFUSED)
    home.backfill(refused, "--accept-revision")
    with psycopg.connect(home.run("db", "start").strip(), autocommit=True) as database:
        database.execute(OTHERS)


def record(home: OlderHome) -> None:
    """Write down what the version says of the figures."""
    answers = home.folder / "answers"
    answers.mkdir()
    for day in DAYS:
        text = home.run("show", "pce_state", "--as-of", day, "--csv")
        (answers / f"pce_state as of {day}.csv").write_text(text, encoding="utf-8")
    for model in ("pce_state_history", "pce_state_revisions"):
        text = home.run("show", model, "--csv")
        (answers / f"{model}.csv").write_text(text, encoding="utf-8")


def dump(home: OlderHome) -> None:
    """Write the three schemas as SQL for `psql`, and the roles that are named in it."""
    schemas = [f"--schema={name}" for name in ("gold", "statpipe", "desk")]
    done = subprocess.run(
        [
            find_binaries() / "pg_dump",
            "--restrict-key=before",
            *schemas,
            home.run("db", "start").strip(),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    roles = "".join(map(ROLE.format, ROLES))
    (home.folder / "database.sql").write_text(roles + done.stdout, encoding="utf-8")


def pack(folder: Path, output: Path) -> None:
    """Write all but the server and the locks into a zip."""
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not re.match(r"\.statpipe/(postgres|lake/\w+/locks)/", name):
                packed.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    """Read the command line and write the zip."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path, help="a checkout of the older version")
    parser.add_argument("output", type=Path, help="the zip to write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = OlderHome(arguments.checkout, Path(folder))
        (home.folder / "statpipe.toml").write_text(configured(arguments.checkout), encoding="utf-8")
        try:
            live(home)
            record(home)
            dump(home)
        finally:
            home.run("db", "stop")
        pack(home.folder, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
