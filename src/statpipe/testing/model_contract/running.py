"""Run the SQL of models in DuckDB, and report in plain words what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from statpipe.api import Model
from statpipe.domain.history import history_schema
from statpipe.domain.period import FOREVER
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

AT_ANY_TIME = f"DATE '{FOREVER.isoformat()}'"


Columns = list[tuple[str, str]]
"""Name and type, as DuckDB calls it."""


def run(
    models: Sequence[Model], histories: Mapping[str, pa.Table], day: str = AT_ANY_TIME
) -> list[tuple[Model, Columns, list[tuple[Any, ...]]]]:
    """
    Run all models, each after the models it reads. Return columns with types, and rows.
    """
    __tracebackhide__ = True
    return [
        (model, columns, list(zip(*(table[name].to_pylist() for name, _ in columns), strict=True)))
        for model, columns, table in run_tables(models, histories, day)
    ]


def run_tables(
    models: Sequence[Model], inputs: Mapping[str, pa.Table], day: str = AT_ANY_TIME
) -> list[tuple[Model, Columns, pa.Table]]:
    """
    Run all models, each after the models it reads. Return columns with types, and the table.

    ``inputs`` has histories by their sources, and models that are given and not run.
    """
    __tracebackhide__ = True
    with _duckdb(inputs) as connection:
        done, found, waiting = set(inputs), [], list(models)
        while waiting:
            ready = [model for model in waiting if set(model.inputs) <= done]
            if not ready:
                lost = sorted({n for m in waiting for n in m.inputs if n not in done})
                broken(
                    f"model {waiting[0].name} reads {', '.join(lost)}, which is neither a model of the "
                    "fixture `models` nor in `histories`",
                    "name in `inputs` a source or a model; give all models that read one another",
                )
            for model in ready:
                relation = _relation(connection, model, day)
                columns, table = _columns_of(relation), _fetched(model, relation)
                connection.register(model.name, as_declared(model, table))
                found.append((model, columns, table))
                done.add(model.name)
                waiting.remove(model)
        return found


def as_declared(model: Model, table: pa.Table) -> pa.Table:
    """
    Return the declared columns of a model, which other models can read.
    """
    declared = [c.name for c in model.columns if c.name in table.column_names]
    return table.select(declared) if declared else table


def given_columns(model: Model, inputs: Mapping[str, pa.Table]) -> Sequence[tuple[str, str]]:
    """
    Return names and types of the columns that a model's SQL returns in DuckDB.
    """
    __tracebackhide__ = True
    with _duckdb(inputs) as connection:
        return _columns_of(_relation(connection, model, AT_ANY_TIME))


@contextmanager
def _duckdb(inputs: Mapping[str, pa.Table]) -> Iterator[Any]:
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 2})
    # Extensions would be downloaded.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    for name, table in inputs.items():
        connection.register(name, table)
    try:
        yield connection
    finally:
        connection.close()


def _relation(connection: Any, model: Model, day: str) -> Any:
    __tracebackhide__ = True
    import duckdb

    try:
        # The SQL is a plugin's own code and not input. It may end in a comment.
        return connection.sql(f"SELECT * FROM (\n{model.sql_as_of(day)}\n) AS model")  # noqa: S608
    except duckdb.Error as error:
        _fails(model, error)


def _fetched(model: Model, relation: Any) -> pa.Table:
    __tracebackhide__ = True
    import duckdb

    try:
        return relation.to_arrow_table()
    except duckdb.Error as error:
        _fails(model, error)


def _fails(model: Model, error: Exception) -> NoReturn:
    __tracebackhide__ = True
    broken(
        f"the SQL of model {model.name} fails: {str(error).splitlines()[0]}",
        "correct it; it may read the relations in `inputs`, which have the columns of a history "
        f"({', '.join(history_schema().names)}) or those that the model declares",
    )


def _columns_of(relation: Any) -> list[tuple[str, str]]:
    return list(zip(relation.columns, map(str, relation.types), strict=True))
