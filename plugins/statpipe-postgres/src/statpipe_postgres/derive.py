"""Views that the database derives from its tables, by the same SQL that DuckDB runs on the lake."""

from __future__ import annotations

from psycopg import sql

from statpipe.api import Model
from statpipe_postgres.connection import Session
from statpipe_postgres.temporary_views import replace_function, replace_view


def derive(session: Session, schema: str, model: Model) -> None:
    """
    Make a model's view, and the function beside it that takes a date. The caller holds a transaction.
    """
    session.execute("SELECT set_config('search_path', %s, true)", (f"pg_catalog, {schema}",))
    try:
        body = sql.SQL(model.latest_sql)
        replace_view(session, schema, model.name, body, model.columns, model.title)
        if model.takes_date:
            title = f"{model.title}, as they stood on a date"
            body = _qualified(schema, model, "as_of")
            replace_function(session, schema, f"{model.name}_as_of", body, model.columns, title)
    finally:
        session.execute("SELECT set_config('search_path', 'pg_catalog, pg_temp', true)")


def _qualified(schema: str, model: Model, day: str) -> sql.Composed:
    """
    Make the SQL independent of the search path, which a function's caller sets as he likes.

    A function that sets the path itself would not be planned as a part of the query that calls it.
    """
    inputs = sql.SQL(", ").join(
        sql.SQL("{} AS NOT MATERIALIZED (SELECT * FROM {})").format(
            sql.Identifier(name), sql.Identifier(schema, name)
        )
        for name in model.inputs
    )
    return sql.SQL("WITH {} SELECT * FROM ({}) AS model").format(
        inputs, sql.SQL(model.sql_as_of(day))
    )
