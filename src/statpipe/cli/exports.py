"""A Gold table for programs: CSV and JSON on standard output, Parquet in a file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, Model
from statpipe.cli.figures import exact

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 10_000


def write_rows_as_csv(table: pa.Table) -> None:
    """
    Write rows as CSV, decimals exactly, nothing for a missing value.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in _rows(table):
        writer.writerow(row.values())


def write_rows_as_json(table: pa.Table) -> None:
    """
    Write rows as a JSON array, one a line. Decimals are text, since JSON's readers make doubles.
    """
    sys.stdout.write("[")
    for number, row in enumerate(_rows(table)):
        sys.stdout.write(",\n " if number else "\n ")
        json.dump(row, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n]\n")


def refuse_impossible_file(path: Path) -> None:
    """
    Look, before any work is done, whether a file can be written there.

    :raises ConfigError: It is a folder, or its folder is not there.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"--parquet {path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise ConfigError(f"--parquet {path} is a folder; name a file in it")


def write_rows_as_parquet(table: pa.Table, model: Model, path: Path) -> None:
    """
    Write rows with the descriptions and units that the model declares.

    :raises ConfigError: The file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = pa.schema(
        # Analysts' tools would make factors and categories of coded texts.
        one.with_type(one.type.value_type) if pa.types.is_dictionary(one.type) else one
        for one in table.schema
    )
    about = {"title": model.title, "grain": ",".join(model.grain), "model": model.name}
    try:
        pq.write_table(table.cast(plain.with_metadata(about)), path, compression="zstd")
    except OSError as error:
        raise ConfigError(
            f"--parquet {path} cannot be written: {error.strerror or error}"
        ) from error


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        for row in batch.to_pylist():
            yield {name: exact(value) for name, value in row.items()}
