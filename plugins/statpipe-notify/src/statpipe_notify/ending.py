"""How a run ended, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from statpipe.api import CheckResult, Manifest
from statpipe.domain.visible import one_line

LOCKED = 6
"""Exit code of a run that found another one active."""

_WORDS = {
    1: (
        "the agency refused the request, or statpipe has a bug; correct the key or table, or "
        "report the bug"
    ),
    2: "the configuration or a plugin is wrong; correct what the message says",
    3: "a check refused the release, and none of it was published; look at the cells",
    4: "the agency changed something; look at the payload in Bronze",
    5: "the agency or a sink is down; run again later",
    LOCKED: "another run of the source is active; wait",
    130: "interrupted; run again to complete it",
}
_GOOD = {
    "loaded": "new figures are published",
    "unchanged": "nothing new, nothing written",
    "ingested": "new payloads are in Bronze",
}


def is_news(manifest: Manifest, outcomes: Collection[str]) -> bool:
    """
    Return whether to send a message: because of the outcome, or because a release is late.
    """
    return manifest.late or manifest.outcome in outcomes


def headline(manifest: Manifest) -> str:
    """
    Return a line with the run and how it ended.
    """
    what = "" if manifest.command == "run" else f" ({manifest.command})"
    late = ", a release is late" if manifest.late else ""
    return f"{manifest.source} in {manifest.environment}: {manifest.outcome}{what}{late}"


def exit_in_words(manifest: Manifest) -> str:
    """
    Return what the exit code means and what to do.
    """
    if manifest.exit_code == 0:
        words = _GOOD.get(manifest.outcome, manifest.outcome)
    else:
        words = _WORDS.get(manifest.exit_code, "unknown; see the message")
    return f"Exit {manifest.exit_code}: {words}"


def failed_checks(manifest: Manifest) -> list[CheckResult]:
    """
    Return the failed checks, those that refused a release first.
    """
    found = [result for result in manifest.checks if not result.passed]
    return sorted(found, key=lambda result: not result.refuses)


def verdict(result: CheckResult) -> str:
    """
    Return a check's verdict and its vintage in words.
    """
    return one_line(result.headline)


def manifest_path(manifest: Manifest) -> str:
    """
    Return the path of the manifest below the environment's root in the lake, or an empty text.

    A run that could not get the lock has no manifest.
    """
    if manifest.exit_code == LOCKED:
        return ""
    return f"runs/{manifest.source}/{manifest.run_id}.json"


def workflow_run(variables: Mapping[str, str]) -> str:
    """
    Return the URL of the GitHub Actions run that this process belongs to, if any.
    """
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (variables.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
