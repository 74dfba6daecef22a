"""Rows for programs: CSV and JSON on standard output, Parquet in a file."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from statpipe.api import ConfigError, Model
from statpipe.cli.json_text import json_text
from statpipe.cli.terminal import answer
from statpipe.domain.visible import visible
from statpipe.engine.answers.exact_value import exact
from statpipe.engine.answers.plain_table import plain_table
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.record.workflow_commands import defused

if TYPE_CHECKING:
    import pyarrow as pa

_FORMULA = frozenset("=+-@\t\r")
"""Characters that begin a formula in a spreadsheet,
https://owasp.org/www-community/attacks/CSV_Injection"""
_HARMLESS = re.compile(r"[-+]?[\d.,]*|[-+]+")
"""A figure, or a symbol such as ``-``."""


def write_csv(columns: Sequence[str], rows: Iterable[Iterable[object]], *, safe: bool) -> None:
    """
    Write rows as CSV, with exact decimals, and nothing for a missing value.

    If *safe*, texts are escaped that would begin a formula or control a terminal: see
    :func:`safe_text`. Figures and dates are never changed.
    """
    writer = csv.writer(_Output(defused if safe else str), lineterminator="\n")
    write = safe_text if safe else str
    writer.writerow([write(column) for column in columns])
    for row in rows:
        writer.writerow([write(cell) if isinstance(cell, str) else exact(cell) for cell in row])


@frozen
class _Output:
    """Standard output with the interface that the csv module needs."""

    made: Callable[[str], str]

    def write(self, text: str) -> None:
        answer(self.made(text))


def safe_text(text: str) -> str:
    r"""
    Return the text of a CSV cell in a form that is safe for spreadsheets and terminals.

    Texts that would begin a formula get an apostrophe: those that start with one of ``= + - @``,
    also in full width, a tab or a carriage return. Figures such as ``-5.2`` and symbols such as
    ``-`` stay unchanged. Control, direction and zero-width characters are escaped, as ``\x1b``;
    line breaks within a text stay.
    """
    begins = unicodedata.normalize("NFKC", text[:1]) in _FORMULA and not _HARMLESS.fullmatch(text)
    seen = "\n".join(map(visible, text.split("\n")))
    return f"'{seen}" if begins else seen


def write_rows_as_csv(table: pa.Table, model: Model, *, safe: bool) -> None:
    """
    Write a table as CSV.
    """
    rows = (row.values() for row in printed_rows(table, model))
    write_csv(table.column_names, rows, safe=safe)


def write_rows_as_json(table: pa.Table, model: Model) -> None:
    """
    Write rows as a JSON array, one per line. Decimals are text, because readers of JSON convert
    numbers to doubles.
    """
    answer("[")
    for number, row in enumerate(printed_rows(table, model)):
        exactly = {name: exact(value) for name, value in row.items()}
        answer((",\n " if number else "\n ") + json_text(exactly))
    answer("\n]\n")


def refuse_impossible_file(option: str, path: Path) -> None:
    """
    Check that a file can be written, before any work is done.

    :raises ConfigError: It is a folder, or its folder does not exist.
    """
    if not path.parent.is_dir():
        raise ConfigError(
            f"{option} {path}: the folder {path.parent} does not exist; create it first"
        )
    if path.is_dir():
        raise ConfigError(f"{option} {path} is a folder; name a file in it")


def write_rows_as_parquet(table: pa.Table, model: Model, path: Path) -> None:
    """
    Write rows with the descriptions and units that the model declares.

    :raises ConfigError: The file cannot be written.
    """
    write_table_as_parquet(plain_table(table, model), path)


def write_table_as_parquet(table: pa.Table, path: Path) -> None:
    """
    Write a table.

    :raises ConfigError: The file cannot be written.
    """
    import pyarrow.parquet as pq

    try:
        pq.write_table(table, path, compression="zstd")
    except OSError as error:
        raise ConfigError(
            f"--parquet {path} cannot be written: {error.strerror or error}"
        ) from error
