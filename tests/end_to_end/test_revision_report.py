"""What a release changed, as the command line tells it, refuses it, and lets it be accepted."""

import json
import os

import pytest

from support.installed import TESTS, install_tea
from support.tea import CHECK, SOURCE, TeaAgency, prices

LAKE_ONLY = "[environments.local.sinks.lake]\n"


class Office:
    """A home with the tea agency's plugin and a lake, and no database."""

    def __init__(self, home, folder):
        self.home, self.path = home, folder / "agency.json"
        self.agency = TeaAgency(datasets=("black",))
        home.configure(LAKE_ONLY)
        before = os.environ.get("PYTHONPATH", "")
        path = [str(install_tea(folder / "plugins")), str(TESTS), before]
        home.environment["PYTHONPATH"] = os.pathsep.join(path)
        home.environment["TEA_AGENCY"] = str(self.path)
        self.publish("2024-03-01", prices())

    def publish(self, released, figures, check="pass"):
        self.agency.check = check
        self.agency.publish("black", released, figures)
        self.agency.save(self.path)

    def run(self, *arguments, code=0):
        return self.home.run(*arguments, code=code)

    def manifest(self, *arguments, code=0):
        (manifest,) = json.loads(self.run(*arguments, "--json", code=code).stdout)
        return manifest


@pytest.fixture
def office(home, tmp_path):
    return Office(home, tmp_path)


def test_a_run_reports_changes_on_the_terminal_and_in_markdown(office):
    first = office.run("run", SOURCE)
    assert "black 2024-03-01: first release, 8 figures" in first.stderr
    office.publish("2024-04-01", prices(2))
    second = office.run("run", SOURCE, "--markdown", "report.md")
    line = "black 2024-04-01 since 2024-03-01: 0 cells added, 8 of 8 revised"
    assert line in second.stderr
    written = (office.home.folder / "report.md").read_text(encoding="utf-8")
    assert f"{line} (median " in written
    assert office.run("runs", "show", "latest", "--markdown").stdout == written


def test_the_report_and_the_gold_model_of_revisions_have_the_same_percentages(home, sample):
    home.configure('[environments.local.sinks.lake]\n[sources.bea_pce_state]\nchannel = "sample"\n')
    home.take(sample)
    manifest = json.loads(home.run("runs", "show", "latest", "--json").stdout)
    shown = home.run("show", "pce_state_revisions", "--json").stdout
    gold = {
        (row["ref_area"], row["category"], row["time_period"], row["new_vintage"]): row
        for row in json.loads(shown)
    }
    moves = 0
    for record in manifest["vintages"]:
        for move in record["revision"]["largest"]:
            row = gold[move["ref_area"], move["category"], move["time_period"], record["vintage"]]
            assert (move["percent"], move["old"]) == (row["percent"], row["old_value"])
            moves += 1
    assert moves >= 10
    assert any(row["percent"] < 0 for row in gold.values() if row["percent"])


def test_a_report_for_a_missing_folder_is_refused_before_the_run(office):
    done = office.run("run", SOURCE, "--markdown", "nowhere/report.md", code=2)
    assert done.stderr.strip().splitlines()[-1] == (
        "statpipe: the report cannot be written: nowhere/report.md: nowhere is not a folder; name "
        "a file in an existing folder (exit 2)"
    )
    assert not office.home.lake.exists()


def test_an_unwritable_report_does_not_hide_other_output(office):
    (office.home.folder / "taken").mkdir()
    done = office.run("run", SOURCE, "--markdown", "taken", "--json", code=2)
    assert json.loads(done.stdout)[0]["outcome"] == "loaded"
    assert "black 2024-03-01: first release, 8 figures" in done.stderr
    assert "the report cannot be written: taken: Is a directory" in done.stderr


@pytest.mark.slow
def test_an_implausible_revision_is_published_with_accept_revision(office):
    office.run("run", SOURCE)
    office.publish("2024-04-01", prices(30), check="implausible")
    refused = office.run("run", SOURCE, code=3)
    assert "check tea_check refuses black 2024-04-01" in refused.stderr
    accepted = office.manifest("run", SOURCE, "--accept-revision")
    overruled = {one["check"]: one["accepted"] for one in accepted["checks"] if not one["passed"]}
    assert (accepted["outcome"], accepted["accepted_revision"]) == ("loaded", True)
    assert overruled == {CHECK: True, "plausible_revision": True}
    office.publish("2024-05-01", prices(60), check="implausible")
    office.run("ingest", SOURCE)
    office.run("transform", SOURCE, code=3)
    done = office.run("transform", SOURCE, "--accept-revision")
    assert (
        "check tea_check would refuse black 2024-05-01, and --accept-revision overrules it"
        in done.stderr
    )
    shown = " ".join(done.stderr.split())  # a narrow table wraps its title
    assert "accepted: tea_check on black 2024-05-01, 1 of 1 cells" in shown
