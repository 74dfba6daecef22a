"""The workflows do what a person can do with make, with no right that they do not need."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
PAGES = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
MAKEFILE = (ROOT / "Makefile").read_text()
USES = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

every_workflow = pytest.mark.parametrize("name", PAGES)


def jobs(name):
    return yaml.safe_load(PAGES[name])["jobs"]


def steps(name):
    return [step for job in jobs(name).values() for step in job["steps"]]


def test_there_are_two():
    assert list(PAGES) == ["ci.yml", "ingest.yml"]


@every_workflow
def test_every_command_is_a_make_target_that_exists(name):
    commands = [step["run"] for step in steps(name) if "run" in step]
    assert commands
    for command in commands:
        found = re.fullmatch(r"make ([a-z-]+)", command.strip())
        assert found, command
        assert re.search(rf"^{found[1]}:", MAKEFILE, re.MULTILINE), command


@every_workflow
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(name):
    used = re.findall(r"uses: (.*)", PAGES[name])
    assert len(used) == sum("uses" in step for step in steps(name))
    for one in used:
        assert USES.fullmatch(one), one


def test_an_action_is_pinned_to_one_commit_everywhere():
    pins = {
        tuple(one.split(" ")[0].split("@"))
        for page in PAGES.values()
        for one in re.findall(r"uses: (.*)", page)
    }
    assert len({action for action, _ in pins}) == len(pins)


@every_workflow
def test_nothing_is_written_into_a_command(name):
    for step in steps(name):
        assert "${{" not in step.get("run", "")


@every_workflow
def test_rights_are_given_to_jobs_and_time_is_limited(name):
    assert yaml.safe_load(PAGES[name])["permissions"] == {}
    for job in jobs(name).values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 60


def test_tests_have_no_right_in_a_cloud_and_no_secret():
    assert jobs("ci.yml")["test"]["permissions"] == {"contents": "read"}
    assert "id-token" not in PAGES["ci.yml"]
    assert "secrets." not in PAGES["ci.yml"]
    assert "pull_request_target" not in PAGES["ci.yml"]


def test_tests_run_on_every_version_that_is_supported():
    matrix = jobs("ci.yml")["test"]["strategy"]["matrix"]
    versions = [*(one["python"] for one in matrix["include"]), *matrix["python"]]
    assert versions == ["3.11.0", "3.12", "3.13", "3.14"], "the oldest one to the patch"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    told = [c for c in project["classifiers"] if re.search(r"Python :: 3\.\d", c)]
    assert [c.rpartition(" ")[2] for c in told] == ["3.11", "3.12", "3.13", "3.14"]
    assert "Python 3.11, 3.12, 3.13 or 3.14" in (ROOT / "README.md").read_text()


def test_macos_runs_the_demo_and_the_unit_tests():
    job = jobs("ci.yml")["macos"]
    assert job["runs-on"].startswith("macos-")
    assert [step["run"] for step in job["steps"] if "run" in step] == [
        "make demo",
        "make unit",
        "make tidy",
    ]


def test_the_slow_extras_run_weekly_and_all_else_on_every_change():
    test = jobs("ci.yml")["test"]
    runs = {step["run"]: step.get("if") for step in test["steps"] if "run" in step}
    assert runs["make test"] == "github.event_name != 'schedule'"
    assert runs["make test-all"] == "github.event_name == 'schedule'"
    assert runs["make demo"] is None


def test_the_daily_run_reads_and_asks_for_a_token_and_no_more():
    job = jobs("ingest.yml")["run"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["concurrency"]["cancel-in-progress"] is False
    assert "environment" in job


def test_the_daily_run_is_daily_and_once_a_week_looks_at_everything():
    workflow = yaml.safe_load(PAGES["ingest.yml"])
    on = workflow[True]  # YAML 1.1 reads the key `on` so
    daily, weekly = (one["cron"] for one in on["schedule"])
    assert daily == "17 14 * * *"
    assert weekly.endswith(" 0")
    (run,) = [step for step in steps("ingest.yml") if step.get("run")]
    assert f"github.event.schedule == '{weekly}'" in run["env"]["FULL"]
    assert on["workflow_dispatch"]["inputs"]["environment"]["options"] == ["staging", "prod"]
    assert on["workflow_dispatch"]["inputs"]["full"]["type"] == "boolean"


def test_a_source_that_is_added_needs_no_edit_of_the_workflow():
    """Without the input, the run loads what `statpipe.toml` configures; no name stands here."""
    workflow = yaml.safe_load(PAGES["ingest.yml"])
    source = workflow[True]["workflow_dispatch"]["inputs"]["source"]
    assert (source["type"], source["default"]) == ("string", "")
    (run,) = [step for step in steps("ingest.yml") if step.get("run")]
    assert run["env"]["SOURCE"] == "${{ inputs.source }}"
    configured = tomllib.loads((ROOT / "statpipe.toml").read_text())["sources"]
    assert not any(name in PAGES["ingest.yml"] for name in configured)


def test_evidence_is_kept_however_the_run_ended():
    (keep,) = [s for s in steps("ingest.yml") if "upload-artifact" in s.get("uses", "")]
    assert keep["if"] == "always()"
    assert keep["with"]["path"] == "out/"


def test_pinned_versions_are_kept_up_to_date():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {one["package-ecosystem"] for one in updates} == {"github-actions", "npm", "pip"}
    for one in updates:
        assert one["schedule"]["interval"] == "weekly"
        assert one["cooldown"]["default-days"] == 7


def test_make_test_checks_the_workflows():
    recipe = MAKEFILE.partition("\ntest:")[2].partition("\n\n")[0]
    assert " workflows " in recipe


def test_all_three_judges_are_asked():
    recipe = MAKEFILE.partition("\nworkflows:")[2].partition("\n\n")[0]
    for judge in (
        "zizmor",
        "--persona=pedantic",
        "scripts/actionlint.py",
        "vendor.github-workflows",
    ):
        assert judge in recipe


def test_what_comes_from_npm_is_pinned_by_hash_and_names_no_host():
    lock = json.loads((ROOT / "requirements" / "actionlint" / "package-lock.json").read_text())
    packages = [entry for path, entry in lock["packages"].items() if path]
    assert len(packages) > 1
    for entry in packages:
        assert entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry
