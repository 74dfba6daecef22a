"""Options that many commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """Options that many commands share."""

    env: str = "local"
    "Environment to work in, from statpipe.toml; `local` needs no configuration."

    config: Path | None = None
    "Configuration file; without it, the nearest statpipe.toml from this folder upwards."

    log_format: Literal["text", "json"] = "text"
    "Form of log lines on standard error."

    debug: Annotated[bool, Parameter(negative="")] = False
    "Verbose output, with tracebacks."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class DataOptions(CommonOptions):
    """Options of commands whose answer is data."""

    json: Annotated[bool, Parameter(negative="")] = False
    "Write JSON to standard output."
