"""What is written where GitHub Actions says."""

import pytest

from statpipe_notify.github import CUT, SUMMARY_BYTES, Github
from statpipe_notify.not_sent import NotSent
from statpipe_notify.settings import GithubSettings


@pytest.fixture
def summary(tmp_path):
    return tmp_path / "summary.md"


@pytest.fixture
def tell(summary, finished):
    def run(*arguments, settings=None, **fields):
        variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
        github = Github(settings or GithubSettings(), variables)
        github.statpipe_run_finished(finished(*arguments, **fields))

    return run


def test_each_run_of_a_step_is_appended_to_the_summary(tell, summary):
    summary.write_text("before\n\n")
    tell("unchanged")
    tell("failed", 5, message="down")
    text = summary.read_text()
    assert text.startswith("before\n\ntea in prod: unchanged, run ")
    assert text.count("tea in prod:") == 2


def test_annotations_go_to_standard_error(tell, capsys):
    tell("failed", 5, message="down")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "::error title=tea in prod%3A failed (exit 5)::down\n"


def test_summary_and_annotations_can_be_switched_off(tell, summary, capsys):
    tell("failed", 5, settings=GithubSettings(annotations=False))
    assert capsys.readouterr().err == ""
    size = summary.stat().st_size
    tell("failed", 5, settings=GithubSettings(summary=False))
    assert summary.stat().st_size == size


def test_nothing_is_written_outside_github_actions(finished, capsys, tmp_path):
    Github(GithubSettings(), {}).statpipe_run_finished(finished("failed", 5))
    assert capsys.readouterr().err == ""
    assert not list(tmp_path.iterdir())


def test_a_summary_is_shortened_to_githubs_limit(tell, summary, found):
    cells = tuple({"name": "\u00e9" * 200, "n": number} for number in range(20))
    tell("refused", 3, checks=tuple(found(cells=cells) for _ in range(400)))
    body = summary.read_bytes()
    assert SUMMARY_BYTES - 5_000 < len(body) <= SUMMARY_BYTES
    assert body.decode().endswith(f"|\n{CUT}")
    tell("unchanged")
    tell("refused", 3, checks=tuple(found(cells=cells) for _ in range(400)))
    assert summary.stat().st_size <= SUMMARY_BYTES


def test_an_unwritable_summary_is_reported_after_the_annotations(finished, tmp_path, capsys):
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "folder")}
    github = Github(GithubSettings(), variables)
    with pytest.raises(NotSent) as raised:
        github.statpipe_run_finished(finished("failed", 5))
    assert str(raised.value) == (
        "the job summary cannot be written: No such file or directory; see the variable "
        "GITHUB_STEP_SUMMARY"
    )
    assert capsys.readouterr().err.startswith("::error ")
