"""What the operator can do about a refused release, as commands that work as printed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import attrs
from attrs import frozen

from statpipe.api import CheckResult
from statpipe.engine.site.configuration import LOCAL
from statpipe.engine.stages.options import Options

_OVERRULING = ("run", "transform", "backfill")
"""The commands that publish figures and accept --accept-revision."""


@frozen(kw_only=True)
class Commands:
    """
    The command lines that repeat a run, fetch the whole source again, and overrule checks.
    """

    again: str
    full: str
    accepting: str


def commands(source: str, environment: str, options: Options) -> Commands:
    """
    Write the commands that repeat a run of one source.
    """
    command = options.command if options.command in _OVERRULING else "run"
    place = [] if environment == LOCAL else ["--env", environment]
    parts = ["statpipe", command, source, *options.arguments]
    if options.tables:
        parts += ["--tables", *options.tables]
    if options.full:
        parts.append("--full")
    parts += place
    return Commands(
        again=shlex.join(parts),
        full=shlex.join(["statpipe", "run", source, "--full", *place]),
        accepting=shlex.join([*parts, "--accept-revision"]),
    )


def with_next_steps(results: Sequence[CheckResult], run: Commands) -> list[CheckResult]:
    """
    Add the next step to each result that refuses a release. *results* are all results of this
    release.

    Overruling is advised only where it publishes the release.
    """
    firm = sorted({r.check for r in results if r.refuses and not r.about_revision})
    return [
        attrs.evolve(result, next_step=_next_step(result, firm, run)) if result.refuses else result
        for result in results
    ]


def _next_step(result: CheckResult, firm: Sequence[str], run: Commands) -> str:
    if not result.about_revision:
        return (
            "this check tests whether the figures were read correctly and cannot be overruled; "
            f"look at the cells, correct the cause, then run: {run.again}"
        )
    if firm:
        return (
            f"overruling this check would not publish the release, since {', '.join(firm)} "
            f"{'refuses' if len(firm) == 1 else 'refuse'} it too; correct that cause first"
        )
    return f"if the agency really published these figures, accept them with: {run.accepting}"
