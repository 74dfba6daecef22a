"""Commands in messages, completed with the current environment."""

from __future__ import annotations

import re

_COMMAND = re.compile(
    r"`(?P<command>statpipe (?:run|ingest|transform|load|plan|smoke|backfill|show|explain|search|vintages|diff|revisions|plot|report|status|doctor|lake verify"
    r"|runs (?:list|show)|db (?:init|query))\b[^`\n]*)`"
)


def in_environment(text: str, environment: str) -> str:
    """
    Add ``--env`` to each command of statpipe in backquotes that lacks it; `local` needs none.

    The author of such a message, a plugin or a sink, does not know the environment.
    """
    if environment == "local":
        return text

    def completed(found: re.Match[str]) -> str:
        command = found["command"]
        return found[0] if "--env" in command else f"`{command} --env {environment}`"

    return _COMMAND.sub(completed, text)
