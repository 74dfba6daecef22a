"""Views that the database derives from its tables, with the same SQL that DuckDB runs on the
lake.
"""

from __future__ import annotations

from psycopg import sql

from statpipe.api import Model
from statpipe_postgres.connection import Session
from statpipe_postgres.dependents import SetAside
from statpipe_postgres.views import replace_function, replace_view


def derive(session: Session, schema: str, model: Model, later: list[SetAside]) -> None:
    """
    Create a model's view, and the function with a date as parameter.

    Other people's views that had to be dropped are added to *later*. The caller holds a
    transaction.
    """
    # Names in the body are only looked up when the view is created.
    session.execute("SELECT set_config('search_path', %s, true)", (f"pg_catalog, {schema}",))
    body = sql.SQL(model.latest_sql)
    replace_view(session, schema, model.name, body, model.columns, model.title, later=later)
    if model.takes_date:
        title = f"{model.title}, as of a date"
        name, dated = f"{model.name}_as_of", _qualified(schema, model, "as_of")
        replace_function(session, schema, name, dated, model.columns, title, later=later)
    # Not needed after an error: the rollback also resets the setting.
    session.execute("SELECT set_config('search_path', 'pg_catalog, pg_temp', true)")


def _qualified(schema: str, model: Model, day: str) -> sql.Composed:
    """
    Make the SQL independent of the search path, which the caller of a function chooses.

    If the function set the path itself, it could not be inlined into the calling query.
    """
    inputs = sql.SQL(", ").join(
        sql.SQL("{} AS NOT MATERIALIZED (SELECT * FROM {})").format(
            sql.Identifier(name), sql.Identifier(schema, name)
        )
        for name in model.inputs
    )
    return sql.SQL("WITH {} SELECT * FROM (\n{}\n) AS model").format(
        inputs, sql.SQL(model.sql_as_of(day))
    )
