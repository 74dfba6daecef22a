"""The workflows do what a person can do with make, with no right that they do not need."""

import json
import os
import re
import shlex
import subprocess
import sys
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


def step_that_runs(command):
    (step,) = [step for step in steps("ingest.yml") if step.get("run") == command]
    return step


def test_there_are_four_workflows():
    assert list(PAGES) == ["benchmark.yml", "ci.yml", "ingest.yml", "release.yml"]


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
    project = (ROOT / "src" / "statpipe" / "cli" / "project" / "ingest.yml").read_text()
    pins = {
        tuple(one.split(" ")[0].split("@"))
        for page in [*PAGES.values(), project]
        for one in re.findall(r"uses: (.*)", page)
    }
    assert len({action for action, _ in pins}) == len(pins)


@every_workflow
def test_no_expression_is_inserted_into_a_command(name):
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


def test_the_daily_run_may_only_read_and_request_a_token():
    job = jobs("ingest.yml")["run"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["concurrency"]["cancel-in-progress"] is False
    assert "environment" in job


def test_the_daily_run_is_daily_and_weekly_a_full_run():
    workflow = yaml.safe_load(PAGES["ingest.yml"])
    on = workflow[True]  # YAML 1.1 reads the key `on` so
    daily, weekly = (one["cron"] for one in on["schedule"])
    assert daily == "17 14 * * *"
    assert weekly.endswith(" 0")
    run = step_that_runs("make ingest")
    assert f"github.event.schedule == '{weekly}'" in run["env"]["FULL"]
    assert on["workflow_dispatch"]["inputs"]["environment"]["options"] == ["staging", "prod"]
    assert on["workflow_dispatch"]["inputs"]["full"]["type"] == "boolean"


def test_a_new_source_needs_no_edit_of_the_workflow():
    """Without the input, the run loads what `statpipe.toml` configures; no name stands here."""
    workflow = yaml.safe_load(PAGES["ingest.yml"])
    source = workflow[True]["workflow_dispatch"]["inputs"]["source"]
    assert (source["type"], source["default"]) == ("string", "")
    run = step_that_runs("make ingest")
    assert run["env"]["SOURCE"] == "${{ inputs.source }}"
    configured = tomllib.loads((ROOT / "statpipe.toml").read_text())["sources"]
    assert not any(name in PAGES["ingest.yml"] for name in configured)


def test_evidence_is_kept_after_every_outcome():
    (keep,) = [s for s in steps("ingest.yml") if "upload-artifact" in s.get("uses", "")]
    assert keep["if"] == "always() && steps.masked.outcome == 'success'"
    assert keep["with"]["path"] == "out/"


def test_the_job_summary_links_to_the_evidence(tmp_path):
    link = step_that_runs("make evidence-link")
    assert link["if"] == "always() && steps.kept.outcome == 'success'"
    assert link["env"] == {"EVIDENCE": "${{ steps.kept.outputs.artifact-url }}"}
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    variables = {"EVIDENCE": "https://github.example/1?a=b&c", "GITHUB_STEP_SUMMARY": str(summary)}
    subprocess.run(
        ["make", "--no-print-directory", "evidence-link"],
        cwd=ROOT,
        env={**os.environ, **variables},
        check=True,
    )
    assert summary.read_text() == (
        "before\n[Evidence of this run](https://github.example/1?a=b&c): report.html, manifests, log\n"
    )


def test_installation_never_has_access_to_credentials():
    """Of what the daily run does, installing comes first, and without any secret in its variables."""
    order = [step.get("run") or step["uses"].partition("@")[0] for step in steps("ingest.yml")]
    assert order == [
        "actions/checkout",
        "actions/setup-python",
        "make runtime",
        "aws-actions/configure-aws-credentials",
        "make ingest",
        "make evidence",
        "actions/upload-artifact",
        "make evidence-link",
    ]
    assert "env" not in step_that_runs("make runtime")
    assert "secrets." not in PAGES["ingest.yml"].partition("run: make runtime")[0]
    job = jobs("ingest.yml")["run"]
    assert "env" not in job
    assert "env" not in yaml.safe_load(PAGES["ingest.yml"])
    recipe = MAKEFILE.partition("\nevidence:")[2].partition("\n\n")[0]
    assert "runtime" not in recipe, "nothing is installed for it either"


def test_the_daily_run_writes_its_log_as_json():
    assert step_that_runs("make ingest")["env"]["LOG_FORMAT"] == "json"


def test_the_account_is_masked_in_all_uploads():
    (role,) = [s for s in steps("ingest.yml") if "configure-aws" in s.get("uses", "")]
    assert role["with"]["mask-aws-account-id"] is True
    mask = step_that_runs("make evidence")
    assert mask["if"] == "always()"
    assert mask["env"] == {"ACCOUNT": f"${{{{ steps.{role['id']}.outputs.aws-account-id }}}}"}
    uploads = [s for s in steps("ingest.yml") if "upload" in s.get("uses", "")]
    assert [f"steps.{mask['id']}.outcome == 'success'" in s["if"] for s in uploads] == [True]


@pytest.mark.parametrize("known", ["", "210987654321"])
def test_only_account_numbers_are_masked(tmp_path, known):
    kept = "20261126T142446932757Z-3dc9, 123456789013 rows, 2026-11-26T14:24:46.123456Z"
    (tmp_path / "deep").mkdir()
    files = {
        "run.log": f"User: arn:aws:sts::123456789012:assumed-role/x is not authorized\n{kept}",
        "deep/tunnel.log": "arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Ax s3://data-123456789012/",
        "manifests.json": "[210987654321, 'arn:aws-us-gov:s3:::bucket/210987654321']",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "mask_evidence.py"],
        env={"OUT": str(tmp_path), "ACCOUNT": known},
        check=False,
    )
    assert done.returncode == 0
    for name, text in files.items():
        masked = text.replace("arn:aws:sts::123456789012", "arn:aws:sts::***")
        masked = masked.replace("1%3A123456789012", "1%3A***").replace(
            "data-123456789012", "data-***"
        )
        masked = masked.replace(known or "nothing", "***")
        assert (tmp_path / name).read_text() == masked


def test_masking_without_evidence_does_nothing(tmp_path):
    script = ROOT / "scripts" / "mask_evidence.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env={}, check=False)
    assert done.returncode == 0


def test_the_setup_guide_limits_an_environment_to_one_branch():
    """A workflow of any branch may otherwise ask for the environment's role and secrets."""
    page = (ROOT / "docs" / "setup.md").read_text().replace("\\\n", " ")
    calls = [shlex.split(line) for line in page.splitlines() if line.startswith("gh api --method")]
    place = "repos/OWNER/NAME/environments/staging"
    create, limit, allow = [call[4:] for call in calls if call[4].startswith(place)]
    assert create == [place]
    assert limit[0] == place
    assert limit[2::2] == [
        "deployment_branch_policy[protected_branches]=false",
        "deployment_branch_policy[custom_branch_policies]=true",
    ]
    assert allow == [f"{place}/deployment-branch-policies", "-f", "name=main"]


def test_pinned_versions_are_kept_up_to_date():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {one["package-ecosystem"] for one in updates} == {
        "docker",
        "github-actions",
        "npm",
        "pip",
    }
    for one in updates:
        assert one["schedule"]["interval"] == "weekly"
        assert one["cooldown"]["default-days"] == 7


def test_make_test_checks_the_workflows():
    recipe = MAKEFILE.partition("\ntest:")[2].partition("\n\n")[0]
    assert " workflows " in recipe


def test_every_judge_is_asked():
    recipe = MAKEFILE.partition("\nworkflows:")[2].partition("\n\n")[0]
    for judge in (
        "zizmor",
        "hadolint Containerfile",
        "--persona=pedantic",
        "scripts/actionlint.py",
        "vendor.github-workflows",
    ):
        assert judge in recipe


def test_npm_packages_are_pinned_by_hash_and_name_no_host():
    lock = json.loads((ROOT / "requirements" / "actionlint" / "package-lock.json").read_text())
    packages = [entry for path, entry in lock["packages"].items() if path]
    assert len(packages) > 1
    for entry in packages:
        assert entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry


def test_the_short_benchmark_runs_weekly_and_on_request_and_keeps_its_figures():
    workflow = yaml.safe_load(PAGES["benchmark.yml"])
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}
    keep = steps("benchmark.yml")[-1]
    (measure,) = [step["run"] for step in steps("benchmark.yml") if "run" in step]
    assert measure == "make benchmark-weekly"
    assert steps("benchmark.yml")[0]["with"]["fetch-depth"] == 0, "the commit must be there"
    assert (keep["if"], keep["with"]["path"]) == ("always()", "build/benchmark.json")
    assert "secrets." not in PAGES["benchmark.yml"]


def test_a_release_uses_trusted_publishing_and_each_right_has_one_job():
    assert "secrets." not in PAGES["release.yml"]
    rights = {name: job["permissions"] for name, job in jobs("release.yml").items()}
    assert rights == {
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "publish": {"id-token": "write"},
        "announce": {"contents": "write"},
    }
    publish = jobs("release.yml")["publish"]
    assert publish["environment"] == "pypi"
    assert [step for step in publish["steps"] if "run" in step] == [], "no code of ours can publish"


def test_published_files_were_tested_built_in_one_job_and_attested():
    found = jobs("release.yml")
    commands = [step["run"] for step in found["build"]["steps"] if "run" in step]
    assert commands == ["make release-notes", "make test", "make sbom"]
    assert [found[name]["needs"] for name in ("attest", "publish", "announce")] == [
        "build",
        "attest",
        "publish",
    ]
