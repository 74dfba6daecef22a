"""Gold tables in one DuckDB file, with comments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from statpipe.api import ConfigError, Model
from statpipe.engine.answers.plain_table import plain_table

if TYPE_CHECKING:
    import pyarrow as pa


def write_duckdb(path: Path, tables: Iterable[tuple[Model, pa.Table]]) -> int:
    """
    Write tables to a new file, which replaces an existing one. Return their number.

    :raises ConfigError: The file cannot be written, or is not a DuckDB file.
    """
    import duckdb

    _refuse_other_files(path)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    count = 0
    try:
        with duckdb.connect(str(new)) as connection:
            for model, table in tables:
                count += 1
                connection.register("arriving", plain_table(table, model))
                connection.execute(f'CREATE TABLE "{model.name}" AS FROM arriving')
                connection.unregister("arriving")
                connection.execute(f'COMMENT ON TABLE "{model.name}" IS {_quoted(model.title)}')
                for column in model.columns:
                    if column.name in table.column_names:
                        where = f'"{model.name}"."{column.name}"'
                        connection.execute(
                            f"COMMENT ON COLUMN {where} IS {_quoted(column.comment)}"
                        )
        new.replace(path)
    except (OSError, duckdb.IOException) as error:
        new.unlink(missing_ok=True)
        raise ConfigError(f"--duckdb {path} cannot be written: {error}") from error
    return count


def _refuse_other_files(path: Path) -> None:
    """Refuse to replace any other file, which would be a mistake."""
    if not path.exists():
        return
    with path.open("rb") as file:
        if file.read(12)[8:] != b"DUCK":
            msg = f"--duckdb {path} exists and is not a DuckDB file; name another file"
            raise ConfigError(msg)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
