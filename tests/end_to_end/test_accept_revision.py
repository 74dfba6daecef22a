"""
BEA drops a line, an area, the oldest year: one option publishes it, and the refusal prints the command.

Each is tried by another way from Bronze to Silver.
"""

import csv
import io
import json
import re
import shlex
import zipfile

import pytest

from statpipe.engine.site.configuration import LOCAL

from .conftest import DATA

MEMBER = "SAPCE1__ALL_AREAS_1997_2021.csv"
SOURCE = "bea_pce_state"
REFUSING = ["complete", "plausible_revision", "row_count"]


@pytest.fixture(scope="module")
def release():
    """BEA's file of 2022, without the rows and columns of which *drop* says so."""
    with zipfile.ZipFile(DATA / "SAPCE.zip") as archive:
        text = archive.read(MEMBER).decode()
    head, *rows = csv.reader(io.StringIO(text))
    footer = [row for row in rows if len(row) < len(head)]
    rows = [row for row in rows if len(row) == len(head)]

    def make(path, day="October 6, 2022", line=None, area=None, year=None):
        written = io.StringIO()
        kept = [place for place, name in enumerate(head) if name != year]
        writer = csv.writer(written)
        for row in (head, *rows):
            named = dict(zip(head, row, strict=True))
            if named["LineCode"].strip() != line and named["GeoName"].strip() != area:
                writer.writerow([row[place] for place in kept])
        for row in footer:
            writer.writerow([text.replace("October 6, 2022", day) for text in row])
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(MEMBER, written.getvalue())

    return make


@pytest.fixture
def office(home, release):
    """An environment that holds one release, and a folder in which the next one will lie."""
    archive = home.folder / "bea"
    archive.mkdir()
    home.configure(
        f"[environments.{LOCAL}.sinks.lake]\n[environments.staging.sinks.lake]\n"
        f'[sources.{SOURCE}]\nchannel = "archive"\narchive = ["bea"]\ntables = ["SAPCE1"]\n'
        "years = [1997, 1998, 1999]\n"
    )
    release(archive / "2022.zip")
    return home


def advised(stderr):
    """The command that the last line names."""
    (command,) = re.findall(r"accept them with: (statpipe .*) \(exit 3\)$", stderr, re.MULTILINE)
    return shlex.split(command)[1:]


def refused_and_accepted(home, *arguments):
    """Run, do as the refusal says, and return the manifests of the second run."""
    refused = home.run(*arguments, code=3)
    command = advised(refused.stderr)
    assert "nothing of this release was published, but Bronze keeps it" in refused.stderr
    done = home.run(*command, "--json")
    return command, json.loads(done.stdout)


def accepted_in(manifest):
    return sorted(one["check"] for one in manifest["checks"] if one["accepted"])


def unchanged(home, *arguments):
    for _ in range(2):
        (manifest,) = json.loads(home.run("run", SOURCE, *arguments, "--json").stdout)
        assert (manifest["outcome"], manifest["checks"]) == ("unchanged", [])


def test_a_dropped_line_is_published_by_the_printed_command(office, release):
    staging = ("--env", "staging", "--config", "statpipe.toml")
    office.run("run", SOURCE, *staging)
    release(office.folder / "bea" / "2023.zip", "October 6, 2023", line="5")
    command, (manifest,) = refused_and_accepted(
        office, "run", SOURCE, *staging, "--tables", "SAPCE1", "--full"
    )
    assert command == [
        *("run", SOURCE, "--config", "statpipe.toml", "--tables", "SAPCE1", "--full"),
        *("--env", "staging", "--accept-revision"),
    ]
    assert (manifest["accepted_revision"], accepted_in(manifest)) == (True, REFUSING)
    unchanged(office, *staging)
    # It was asked about once: the next release lacks the line as well.
    release(office.folder / "bea" / "2024.zip", "October 4, 2024", line="5")
    (manifest,) = json.loads(office.run("run", SOURCE, *staging, "--json").stdout)
    assert (manifest["outcome"], manifest["accepted_revision"]) == ("loaded", False)


@pytest.mark.slow
def test_a_dropped_area_is_published_by_transform(office, release):
    office.run("run", SOURCE)
    release(office.folder / "bea" / "2023.zip", "October 6, 2023", area="Hawaii")
    office.run("ingest", SOURCE)
    command, (manifest,) = refused_and_accepted(office, "transform", SOURCE)
    assert command == ["transform", SOURCE, "--accept-revision"]
    assert accepted_in(manifest) == REFUSING
    unchanged(office)


def test_a_check_with_severity_error_says_how_to_publish(home):
    """BEA's own slip in line 128, which is a warning by default."""
    home.configure(
        f"[environments.{LOCAL}.sinks.lake]\n[checks.additivity]\nseverity = 'error'\n"
        f'[sources.{SOURCE}]\nchannel = "sample"\ntables = ["SAPCE4"]\nareas = ["US"]\n'
    )
    done = home.run("run", SOURCE, code=3)
    assert "check additivity refuses SAPCE4 2022-10-06" in done.stderr
    assert "kept as published" not in done.stderr
    assert advised(done.stderr) == ["run", SOURCE, "--accept-revision"]
    (manifest,) = json.loads(home.run(*advised(done.stderr), "--json").stdout)
    assert (manifest["outcome"], accepted_in(manifest)) == ("loaded", ["additivity"])


@pytest.mark.slow
def test_a_dropped_year_is_published_by_backfill(office, release):
    release(office.folder / "bea" / "2023 new.zip", "October 6, 2023", year="1997")
    where = ("--from-archive", "bea/2022.zip", "bea/2023 new.zip")
    command, manifests = refused_and_accepted(office, "backfill", SOURCE, *where)
    assert command == ["backfill", SOURCE, *where, "--accept-revision"]
    assert [one for manifest in manifests for one in accepted_in(manifest)] == [
        "plausible_revision",
        "row_count",
    ]
    unchanged(office)
