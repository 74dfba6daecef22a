"""Views and functions of ours: changed in place where PostgreSQL can, otherwise made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from psycopg import sql

from statpipe.api import Column, ConfigError
from statpipe_postgres.connection import Session
from statpipe_postgres.dependents import SetAside, set_aside, set_aside_of_function
from statpipe_postgres.grants import Grant, change_grants, function_grants, relation_grants
from statpipe_postgres.kept_view import with_options
from statpipe_postgres.tables import TYPES

_KINDS = {
    "m": "a materialized view",
    "f": "a foreign table",
    "S": "a sequence",
    "i": "an index",
    "I": "an index",
    "c": "a composite type",
}


@frozen(kw_only=True)
class _Found:
    """What stands where the view should be; its columns as name -> (type, comment)."""

    oid: int
    kind: str
    options: tuple[str, ...]
    comment: str | None
    columns: Mapping[str, tuple[str, str | None]]


def replace_view(
    session: Session,
    schema: str,
    name: str,
    body: sql.Composable,
    columns: Sequence[Column],
    title: str,
    *,
    later: list[SetAside] | None = None,
) -> None:
    """
    Make a view of a SELECT, with the declared columns, types and comments.

    A view that gets another body or further columns is replaced in place: the columns that it has
    keep their order, new ones follow. Otherwise, and where a table of that name stands, it is made
    anew with the same grants, and so are the views that depend on it. Where *later* is given, these
    are not put back but added to it, and the caller puts them back, the last one first. The search
    path tells where the body's relations are. The caller holds a transaction.

    :raises ConfigError: Something of another kind has the name, or what depends on it cannot be put
        back.
    """
    found = _find(session, schema, name)
    order = _order_in_place(found, columns) if found else columns
    if order is not None:
        session.execute(_create_view(schema, name, body, order, found.options if found else ()))
        _comment(session, schema, name, columns, title, found)
    elif found is not None:
        given = relation_grants(session, found.oid)
        aside = set_aside(session, schema, name)
        _drop(session, schema, name, found)
        options = found.options if found.kind == "v" else ()
        session.execute(_create_view(schema, name, body, columns, options))
        _comment(session, schema, name, columns, title, None)
        _grant(session, schema, name, given)
        _put_back(session, aside, later)


def replace_function(
    session: Session,
    schema: str,
    name: str,
    body: sql.Composable,
    columns: Sequence[Column],
    title: str,
    *,
    later: list[SetAside] | None = None,
) -> None:
    """
    Make a function of a date that returns the rows of a SELECT, in which ``as_of`` is the date.

    A query that calls it is planned as if the SELECT stood there. For that the function sets no
    search path, so the body names the schema of all it reads. A column called ``as_of`` would hide
    the date. Other columns make it anew, with the same grants; *later* is as in
    :func:`replace_view`. The caller holds a transaction.

    :raises ConfigError: There is a procedure of that name, or a view that depends on the function
        cannot be put back.
    """
    signature = sql.SQL("{}(date)").format(sql.Identifier(schema, name))
    oid, fits = _find_function(session, schema, name, columns)
    if oid is None or fits:
        session.execute(_create_function(session, schema, name, body, columns))
    else:
        given = function_grants(session, oid)
        aside = set_aside_of_function(session, oid, f"{schema}.{name}")
        session.execute(sql.SQL("DROP FUNCTION {}").format(signature))
        session.execute(_create_function(session, schema, name, body, columns))
        made, _ = _find_function(session, schema, name, columns)
        now = function_grants(session, made) if made else frozenset()
        on = sql.SQL("FUNCTION {}").format(signature)
        change_grants(session, on, now=now, wanted=given)
        _put_back(session, aside, later)
    _comment_function(session, schema, name, signature, title)


def _find(session: Session, schema: str, name: str) -> _Found | None:
    row = session.execute(
        "SELECT c.oid::int8, c.relkind::text, COALESCE(c.reloptions, '{}'),"
        " obj_description(c.oid, 'pg_class') FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
        (schema, name),
    ).fetchone()
    if row is None:
        return None
    oid, kind, options, comment = row
    if kind not in "vrp":
        msg = (
            f"{schema}.{name} is {_KINDS.get(kind, 'something of another kind')}, and a view of that "
            "name has to be made; drop or rename it, and run again"
        )
        raise ConfigError(msg)
    columns = session.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
        " FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (oid,),
    ).fetchall()
    return _Found(
        oid=oid,
        kind=kind,
        options=tuple(options),
        comment=comment,
        columns={column: (type_, text) for column, type_, text in columns},
    )


def _order_in_place(found: _Found, columns: Sequence[Column]) -> list[Column] | None:
    """Order the columns as CREATE OR REPLACE VIEW wants them, if it can bring what is declared."""
    declared = {column.name: column for column in columns}
    same = all(
        name in declared and TYPES[declared[name].type] == type_
        for name, (type_, _) in found.columns.items()
    )
    if found.kind != "v" or not same:
        return None
    new = [column for column in columns if column.name not in found.columns]
    return [declared[name] for name in found.columns] + new


def _create_view(
    schema: str,
    name: str,
    body: sql.Composable,
    columns: Sequence[Column],
    options: Sequence[str],
) -> sql.Composed:
    # Without its options, CREATE OR REPLACE VIEW would take away those that it has.
    return sql.SQL("CREATE OR REPLACE VIEW {}{} AS {}").format(
        sql.Identifier(schema, name), with_options(options), _select(body, columns)
    )


def _select(body: sql.Composable, columns: Sequence[Column]) -> sql.Composed:
    typed = sql.SQL(", ").join(
        sql.SQL("CAST(model.{0} AS {1}) AS {0}").format(
            sql.Identifier(column.name), sql.SQL(TYPES[column.type])
        )
        for column in columns
    )
    # On lines of its own: the body may end in a comment.
    return sql.SQL("SELECT {} FROM (\n{}\n) AS model").format(typed, body)


def _drop(session: Session, schema: str, name: str, found: _Found) -> None:
    kind = sql.SQL("VIEW" if found.kind == "v" else "TABLE")
    session.execute(sql.SQL("DROP {} {}").format(kind, sql.Identifier(schema, name)))


def _grant(session: Session, schema: str, name: str, given: frozenset[Grant]) -> None:
    made = _find(session, schema, name)
    if made is not None:
        wanted = frozenset(g for g in given if not g.column or g.column in made.columns)
        now = relation_grants(session, made.oid)
        on = sql.SQL("TABLE {}").format(sql.Identifier(schema, name))
        change_grants(session, on, now=now, wanted=wanted)


def _put_back(session: Session, aside: SetAside, later: list[SetAside] | None) -> None:
    if later is None:
        aside.put_back(session)
    else:
        later.append(aside)


def _comment(
    session: Session,
    schema: str,
    name: str,
    columns: Sequence[Column],
    title: str,
    found: _Found | None,
) -> None:
    if found is None or found.comment != title:
        view = sql.Identifier(schema, name)
        session.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(view, sql.Literal(title)))
    for column in columns:
        _, known = found.columns.get(column.name, ("", None)) if found else ("", None)
        if known != column.comment:
            place = sql.Identifier(schema, name, column.name)
            text = sql.Literal(column.comment)
            session.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, text))


def _find_function(
    session: Session, schema: str, name: str, columns: Sequence[Column]
) -> tuple[int | None, bool]:
    """Return the function, and whether its parameter and columns are those declared."""
    row = session.execute(
        "SELECT p.oid::int8, p.prokind::text, p.proargnames, ARRAY(SELECT format_type(t, NULL)"
        " FROM unnest(p.proallargtypes) WITH ORDINALITY u (t, place) ORDER BY place)"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = %s AND p.proname = %s AND p.proargtypes = '1082'::oidvector",
        (schema, name),
    ).fetchone()
    if row is None:
        return None, False
    oid, kind, names, types = row
    if kind != "f":
        msg = (
            f"{schema}.{name}(date) is no function but an aggregate, a window function or a "
            "procedure, and a function of that name has to be made; drop or rename it, and run again"
        )
        raise ConfigError(msg)
    fits = names == ["as_of", *(column.name for column in columns)] and types == [
        "date",
        *(TYPES[column.type] for column in columns),
    ]
    return oid, fits


def _create_function(
    session: Session, schema: str, name: str, body: sql.Composable, columns: Sequence[Column]
) -> sql.Composed:
    returned = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(TYPES[column.type]))
        for column in columns
    )
    # Not STRICT, not SECURITY DEFINER, no SET: each would keep it from being planned as a query.
    return sql.SQL(
        "CREATE OR REPLACE FUNCTION {}(as_of date) RETURNS TABLE ({}) LANGUAGE sql STABLE"
        " PARALLEL SAFE AS {}"
    ).format(
        sql.Identifier(schema, name),
        returned,
        sql.Literal(_select(body, columns).as_string(session)),
    )


def _comment_function(
    session: Session, schema: str, name: str, signature: sql.Composable, title: str
) -> None:
    known = session.execute(
        "SELECT obj_description(p.oid, 'pg_proc') FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = %s AND p.proname = %s AND p.proargtypes = '1082'::oidvector",
        (schema, name),
    ).fetchone()
    if known != (title,):
        text = sql.Literal(title)
        session.execute(sql.SQL("COMMENT ON FUNCTION {} IS {}").format(signature, text))
