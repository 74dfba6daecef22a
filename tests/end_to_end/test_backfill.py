"""``statpipe backfill`` on BEA's real releases of 2020 and 2022, under the names of their time."""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.parquet as pq
import pytest

from support.bea_layouts import file_of_2020, layout_of_2019, with_new_codes
from support.installed import install

from .conftest import DATA, Home

OLDER, NEWER = DATA / "SAEXP1.zip", DATA / "SAPCE.zip"
CONFIGURATION = (
    "[environments.local.sinks.lake]\n[environments.staging.sinks.lake]\n"
    "[sources.bea_pce_state]\nyears = [2018, 2019]\n"
)
ONE_TABLE = ("--tables", "SAPCE1")

KILLER = '''
"""Imported at the start of the interpreter: kills the process at one of its writes to the lake."""

import os
import signal

left = int(os.environ["KILL_AT"])


def counted(original):
    def call(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)

    return call


for name in ("link", "replace"):  # what gives an object its name
    setattr(os, name, counted(getattr(os, name)))
'''


@pytest.fixture
def here(home):
    home.configure(CONFIGURATION)
    return home


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a backfill of both files gives when nothing goes wrong."""
    made = Home(tmp_path_factory.mktemp("undisturbed"))
    made.configure(CONFIGURATION)
    backfilled(made, OLDER, NEWER)
    published = made.published()
    assert [name for name in published if "silver" in name] == [
        f"silver/bea_pce_state/dataset=SAPCE1/vintage={vintage}/part-0.parquet"
        for vintage in ("2020-10-08", "2022-10-06")
    ]
    return published


def backfilled(home, *places, code=0):
    """Backfill one table; return the manifests."""
    arguments = ("backfill", "bea_pce_state", "--from-archive", *map(str, places))
    return json.loads(home.run(*arguments, *ONE_TABLE, "--json", code=code).stdout)


def folder_with(home, *zips):
    folder = home.folder / "older zips"
    folder.mkdir()
    for path in zips:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def site():
    """A server of BEA's files on this machine, and the paths it was asked for."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(DATA)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


# --- Where the archive lies --------------------------------------------------------------------


def test_a_folder_is_relative_to_the_current_one(here, undisturbed):
    folder = folder_with(here, OLDER, NEWER)
    manifests = backfilled(here, folder.name)
    assert [m["outcome"] for m in manifests] == ["loaded"] * 3
    assert [[v["vintage"] for v in m["vintages"]] for m in manifests] == [
        ["2020-10-08"],
        ["2022-10-06"],
        [],
    ]
    assert here.published() == undisturbed


def test_files_may_be_given_in_any_order(here, undisturbed):
    manifests = backfilled(here, NEWER, OLDER)
    assert [v["vintage"] for m in manifests for v in m["vintages"]] == ["2020-10-08", "2022-10-06"]
    assert here.published() == undisturbed


def test_each_url_is_downloaded_once(here, undisturbed, site):
    address, asked = site
    backfilled(here, f"{address}/SAPCE.zip", f"{address}/SAEXP1.zip")
    assert here.published() == undisturbed
    assert sorted(asked) == ["/SAEXP1.zip", "/SAPCE.zip"]


def test_the_same_release_from_two_places_is_one_vintage(here, undisturbed):
    folder = folder_with(here, OLDER)
    with zipfile.ZipFile(OLDER) as opened:
        opened.extractall(folder)
    backfilled(here, folder, NEWER, OLDER)
    assert here.published() == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("order", ["reversed", "years first"])
def test_columns_may_be_in_another_order(here, undisturbed, order, tmp_path):
    """BEA's file of 2019 has another order than those since."""
    other = tmp_path / "SAEXP1.zip"
    with zipfile.ZipFile(OLDER) as opened, zipfile.ZipFile(other, "w") as made:
        (name,) = opened.namelist()
        made.writestr(name, with_columns(opened.read(name).decode(), order))
    backfilled(here, other, NEWER)
    assert here.published() == undisturbed


def with_columns(text, order):
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    for row in csv.reader(io.StringIO(text)):
        if order == "reversed":
            writer.writerow(row[::-1])
        else:
            writer.writerow(row[8:] + row[:8] if len(row) > 8 else row)
    return lines.getvalue()


@pytest.mark.slow
def test_all_tables_of_a_zip_are_loaded_even_if_other_zips_have_fewer(here):
    done = here.run("backfill", "bea_pce_state", "--from-archive", str(OLDER), str(NEWER), "--json")
    first, second, _ = json.loads(done.stdout)
    assert [v["dataset"] for v in first["vintages"]] == ["SAPCE1"]
    assert [v["dataset"] for v in second["vintages"]] == ["SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4"]
    assert (first["outcome"], second["outcome"]) == ("loaded", "loaded")


# --- Again, and after trouble -------------------------------------------------------------------


def test_a_second_backfill_is_unchanged_and_writes_nothing(here, undisturbed):
    def bronze():
        return sorted(path for path in (here.lake / "bronze").rglob("*"))

    backfilled(here, OLDER, NEWER)
    before = bronze()
    manifests = backfilled(here, NEWER, OLDER)
    assert {(m["outcome"], m["exit_code"], len(m["receipts"])) for m in manifests} == {
        ("unchanged", 0, 0)
    }
    assert here.published() == undisturbed
    assert bronze() == before


@pytest.mark.parametrize(
    "moment", [pytest.param(3, marks=pytest.mark.slow), 6, pytest.param(11, marks=pytest.mark.slow)]
)
def test_a_killed_backfill_is_completed_by_running_it_again(here, undisturbed, moment, tmp_path):
    """Writes: 1-4 the first release, 5-10 the second, then Gold."""
    (tmp_path / "sitecustomize.py").write_text(KILLER)
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    here.environment |= {"PYTHONPATH": paths, "KILL_AT": str(moment)}
    arguments = ("backfill", "bea_pce_state", "--from-archive", str(OLDER), str(NEWER), *ONE_TABLE)
    assert here.run(*arguments, code=None).returncode == -signal.SIGKILL
    assert here.published() != undisturbed

    here.environment["KILL_AT"] = "0"
    outcomes = [m["outcome"] for m in backfilled(here, OLDER, NEWER)]
    assert outcomes == ["unchanged" if moment > 4 else "loaded", *outcomes[1:]]
    assert here.published() == undisturbed


def test_a_foreign_file_is_refused_and_not_kept(here):
    (here.folder / "README.md").write_text("# A project\n")
    done = here.run("backfill", "bea_pce_state", "--from-archive", "README.md", code=2)
    assert (
        "README.md contains none of SAPCE1, SAPCE2, SAPCE3, SAPCE4; name BEA's zip" in done.stderr
    )
    assert not (here.lake / "bronze").exists()


def test_bea_s_layout_of_2019_in_a_folder_of_a_zip_is_a_vintage(here):
    with zipfile.ZipFile(here.folder / "kept.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SAEXP/SAEXP1 (1).csv", layout_of_2019("2018", "2019"))
    (manifest, _) = backfilled(here, here.folder / "kept.zip")
    (vintage,) = manifest["vintages"]
    assert (vintage["vintage"], vintage["outcome"]) == ("2019-10-03", "loaded")


def test_a_new_line_and_area_are_loaded_and_the_run_names_them(here):
    (here.folder / "kept.csv").write_bytes(with_new_codes(file_of_2020(), "SAEXP1"))
    done = here.run("backfill", "bea_pce_state", "--from-archive", "kept.csv", *ONE_TABLE)
    assert "check new_codes warns about SAPCE1 2020-10-08" in done.stderr
    assert (
        "2 new codes, loaded as printed: category SAPCE1:25 (Cannabis), area 72000 (Puerto"
        in done.stderr
    )
    of = ("--area", "CA", "--category", "SAPCE1:25", "--period", "2019")
    (row,) = json.loads(here.run("show", "pce_state", *of, "--json").stdout)
    assert (row["category_name"], row["unit"]) == ("Cannabis", "Millions of current dollars")
    assert "kept.csv" in here.run("explain", "pce_state", *of).stdout


def test_a_damaged_zip_is_named_and_the_others_are_loaded(here, undisturbed):
    folder = folder_with(here, OLDER, NEWER)
    (folder / "SAPCE-2021.zip").write_bytes(NEWER.read_bytes()[:100_000])
    done = here.run("backfill", "bea_pce_state", "--from-archive", str(folder), *ONE_TABLE, code=4)
    assert here.published() == undisturbed
    (kept,) = (here.lake / "bronze").rglob("SAPCE-2021*.gz")
    assert done.stderr.strip().splitlines()[-1] == (
        "statpipe: bea_pce_state: payload SAPCE-2021.zip: not a valid zip file (File is not a zip "
        "file); expected BEA's SAPCE.zip, complete "
        f"(kept as {kept.relative_to(here.lake)}) (exit 4)"
    )


@pytest.mark.slow
def test_figures_of_the_sample_become_part_of_the_release(here, undisturbed):
    here.configure(CONFIGURATION + 'tables = ["SAPCE1"]\n')
    here.run("run", "bea_pce_state")
    manifests = backfilled(here, OLDER, NEWER)
    assert {m["exit_code"] for m in manifests} == {0}
    of_table = {n: b for n, b in here.published().items() if "dataset=SAPCE1" in n}
    assert sorted(of_table) == [name for name in undisturbed if "silver" in name]
    for name in of_table:
        ours = pq.read_table(here.lake / name)
        assert {"2018", "2019"} == set(ours["time_period"].to_pylist())
    assert {m["outcome"] for m in backfilled(here, OLDER, NEWER)} == {"unchanged"}
    again = json.loads(here.run("run", "bea_pce_state", "--json").stdout)
    assert [m["outcome"] for m in again] == ["unchanged"]


# --- What is said -------------------------------------------------------------------------------


def test_progress_is_logged_and_each_run_is_summarized_at_the_end(here):
    done = here.run(
        "backfill", "bea_pce_state", "--from-archive", str(OLDER), str(NEWER), *ONE_TABLE
    )
    assert done.stdout == ""
    assert "release 1 of 2  released=2020-10-08" in done.stderr
    assert "release 2 of 2  released=2022-10-06" in done.stderr
    summary = done.stderr[done.stderr.rindex("written") :]
    assert summary.count("bea_pce_state in local: loaded") == 2
    assert summary.index("2020-10-08") < summary.index("2022-10-06")
    assert summary.rstrip().splitlines()[-1] == f"lake: {here.lake}"


def test_a_terminal_shows_a_bar_of_the_releases(here):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        here.command("backfill", "bea_pce_state", "--from-archive", OLDER, NEWER, *ONE_TABLE),
        cwd=here.folder,
        env=here.environment | {"TERM": "xterm", "COLUMNS": "150"},
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal ends
        while more := os.read(ours, 65_536):
            shown += more
    os.close(ours)
    assert process.wait(30) == 0
    bars = [line for line in shown.decode().split("\r") if "%" in line]
    assert any("release 1 of 2" in bar and " 0%" in bar for bar in bars)
    assert any("release 2 of 2" in bar and "50%" in bar for bar in bars)
    assert b"run loaded" in shown


def test_staging_needs_no_key_for_a_backfill(here):
    arguments = ("backfill", "bea_pce_state", "--from-archive", str(OLDER), *ONE_TABLE)
    done = here.run(*arguments, "--env", "staging", "--json")
    assert json.loads(done.stdout)[0]["outcome"] == "loaded"
    lines = here.run(*arguments, "--env", "staging", "--log-format", "json").stderr.splitlines()
    assert json.loads(lines[0])["event"] == "release 1 of 1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("bea_pce_state",),
            "--from-archive is required: give folders, files or URLs of the agency's older releases, such as --from-archive SAEXP1.zip SAPCE.zip",
        ),
        (
            ("bea_pce_state", "--from-archive", "nix.zip"),
            "/nix.zip cannot be read: No such file or directory; give an existing file or a URL",
        ),
        (
            ("bea_pce_state", "--from-archive", "."),
            "contains no .zip or .csv file; name a folder with BEA's zips",
        ),
        (
            ("bea_pce_state", "--from-archive", str(OLDER), "--tables", "SAPCE3"),
            (
                f"bea_pce_state: {OLDER} has no release of SAPCE3; give folders, files or "
                "URLs of the agency's older releases"
            ),
        ),
        (("bea", "--from-archive", "x"), "no source is named 'bea'"),
    ],
)
def test_wrong_options_are_exit_2_in_one_line(here, arguments, says):
    done = here.run("backfill", *arguments, code=2)
    (line,) = done.stderr.strip().splitlines()
    assert says in line
    assert line.endswith("(exit 2)")
    assert not here.lake.joinpath("runs").exists()


def test_a_url_without_the_file_is_refused_by_name(here, site):
    address, _ = site
    done = here.run("backfill", "bea_pce_state", "--from-archive", f"{address}/no.zip", code=1)
    assert f"{address}/no.zip answers HTTP 404 Not Found" in done.stderr


def test_a_source_without_archives_says_so(here, tmp_path):
    source = (
        "from statpipe.api import *\n"
        "class Silent(Source):\n"
        "    def datasets(self): return []\n"
        "    def probe(self, dataset): ...\n"
        "    def fetch(self, dataset, vintage): ...\n"
        "@hookimpl\n"
        "def statpipe_sources():\n"
        "    return [Component(name='silent', summary='s', factory=lambda s: Silent())]\n"
    )
    folder = install(
        tmp_path / "site",
        name="silent",
        entry_points={"silent": "silent"},
        modules={"silent": source},
    )
    here.environment["PYTHONPATH"] = str(folder)
    done = here.run("backfill", "silent", "--from-archive", "x", code=2)
    assert "source Silent cannot read archives such as" in done.stderr
