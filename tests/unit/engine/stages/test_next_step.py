"""A refusal says what can be done, by a command that works as printed."""

import shlex

import attrs
import pytest

from statpipe.api import CheckResult
from statpipe.engine.stages.next_step import Commands, commands, with_next_steps
from statpipe.engine.stages.options import Options

RUN = Commands(
    again="statpipe run tea",
    full="statpipe run tea --full",
    accepting="statpipe run tea --accept-revision",
)
MOVED = CheckResult(
    check="moved",
    dataset="black",
    vintage="2024-03-01",
    severity="error",
    passed=False,
    message="8 prices moved",
    failures=8,
    about_revision=True,
)
TWICE = attrs.evolve(MOVED, check="twice", message="1 key twice", about_revision=False)
WARNING = attrs.evolve(MOVED, check="sums", severity="warning")
PASSED = attrs.evolve(MOVED, check="fine", passed=True)


@pytest.mark.parametrize(
    ("environment", "options", "wanted"),
    [
        ("local", Options(), "statpipe run tea"),
        ("prod", Options(), "statpipe run tea --env prod"),
        ("local", Options(command="transform"), "statpipe transform tea"),
        # Else nothing would be new, and nothing fetched.
        ("local", Options(full=True), "statpipe run tea --full"),
        ("prod", Options(tables=("a", "b")), "statpipe run tea --tables a b --env prod"),
        ("local", Options(command="smoke", smallest=True), "statpipe run tea"),
        (
            "local",
            Options(command="backfill", arguments=("--from-archive", "old files", "--config", "c")),
            "statpipe backfill tea --from-archive 'old files' --config c",
        ),
    ],
)
def test_the_commands_repeat_the_run(environment, options, wanted):
    found = commands("tea", environment, options)
    assert found.again == wanted
    assert shlex.split(found.accepting) == [*shlex.split(wanted), "--accept-revision"]


def test_the_command_for_a_full_run_names_the_environment():
    assert commands("tea", "local", Options(tables=("a",))).full == "statpipe run tea --full"
    assert commands("tea", "prod", Options()).full == "statpipe run tea --full --env prod"


def test_doubtful_figures_can_be_published():
    (result,) = with_next_steps([MOVED], RUN)
    assert result.next_step == (
        "if the agency really published these figures, accept them with: statpipe run tea --accept-revision"
    )
    assert result.in_words == f"8 prices moved; {result.next_step}"


def test_misread_figures_cannot_be_published():
    (result,) = with_next_steps([TWICE], RUN)
    assert result.next_step == (
        "this check tests whether the figures were read correctly and cannot be overruled; look at the "
        "cells, correct the cause, then run: statpipe run tea"
    )


def test_overruling_is_only_suggested_if_it_publishes_the_release():
    moved, twice = with_next_steps([MOVED, TWICE], RUN)
    assert moved.next_step == (
        "overruling this check would not publish the release, since twice refuses it too; "
        "correct that cause first"
    )
    assert twice.next_step.startswith("this check tests whether the figures were read correctly")


def test_a_run_without_refusal_has_no_next_step():
    overruled = attrs.evolve(MOVED, accepted=True)
    results = [WARNING, PASSED, overruled]
    assert with_next_steps(results, RUN) == results
    assert WARNING.in_words == WARNING.message


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (PASSED, "check fine passes black 2024-03-01"),
        (MOVED, "check moved refuses black 2024-03-01"),
        (WARNING, "check sums warns about black 2024-03-01"),
        (
            attrs.evolve(MOVED, accepted=True),
            "check moved would refuse black 2024-03-01, and --accept-revision overrules it",
        ),
    ],
)
def test_every_output_of_a_run_has_the_same_headline(result, wanted):
    assert result.headline == wanted
