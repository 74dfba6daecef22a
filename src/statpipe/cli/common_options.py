"""Options that many commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from statpipe.api import ConfigError
from statpipe.cli.option_types import Count

_FILES = ("parquet", "xlsx", "duckdb")
"""Options that name a file for the answer."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """Options that many commands share."""

    env: str = "local"
    "Environment from statpipe.toml; `local` needs no configuration."

    config: Path | None = None
    "Configuration file; default: the nearest statpipe.toml in this folder or above."

    log_format: Literal["text", "json"] = "text"
    "Format of log lines on standard error."

    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"), negative="")] = False
    "Print every log line on a terminal too, as in a file or a pipe."

    debug: Annotated[bool, Parameter(negative="")] = False
    "Verbose output, with tracebacks."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class DataOptions(CommonOptions):
    """Options of commands whose answer is data."""

    json: Annotated[bool, Parameter(negative="")] = False
    "Write JSON to standard output."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TableOptions(DataOptions):
    """Options of commands whose answer is a table."""

    limit: Count = 50
    "How many rows or series to print; files, CSV and JSON always contain all."

    csv: Annotated[bool, Parameter(negative="")] = False
    "Write CSV to standard output."

    safe_csv: bool = True
    "Escape CSV texts that a spreadsheet would run as formulas or a terminal as commands."

    wide: Annotated[bool, Parameter(negative="")] = False
    "A row for each period, a column for each series."

    parquet: Path | None = None
    "Write Parquet to this file."

    xlsx: Path | None = None
    "Write an Excel workbook to this file, with a sheet that describes the figures."

    duckdb: Path | None = None
    "Write the table, or all of Gold if no model is named, to this DuckDB file, with comments."

    def refuse_impossible(self) -> None:
        """
        Refuse forms that exclude each other, and files that cannot be written, before anything is read.

        :raises ConfigError: There is one.
        """
        from statpipe.cli.exports import refuse_impossible_file

        named = [f"--{name}" for name in ("csv", "json", *_FILES) if getattr(self, name)]
        if len(named) > 1:
            raise ConfigError(f"{' and '.join(named)} exclude each other; use one of them")
        for name in _FILES:
            path = getattr(self, name)
            if path is not None:
                refuse_impossible_file(f"--{name}", path)

    @property
    def asks(self) -> bool:
        """
        Whether an output form is requested that needs a table.
        """
        return self.csv or self.wide or any(getattr(self, name) for name in _FILES)
