"""statpipe's views and functions: changed in place where PostgreSQL can, otherwise rebuilt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from attrs import field, frozen
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
class _Wanted:
    """A view or function that should exist."""

    schema: str
    name: str
    body: sql.Composable
    columns: tuple[Column, ...]
    title: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def signature(self) -> sql.Composed:
        return sql.SQL("{}(date)").format(self.identifier)

    def select(self, columns: Sequence[Column]) -> sql.Composed:
        """Return a SELECT that casts the columns of the body to their types."""
        typed = sql.SQL(", ").join(
            sql.SQL("CAST(model.{0} AS {1}) AS {0}").format(sql.Identifier(c.name), _type(c))
            for c in columns
        )
        # On separate lines, because the body may end in a comment.
        return sql.SQL("SELECT {} FROM (\n{}\n) AS model").format(typed, self.body)


@frozen(kw_only=True)
class _Found:
    """What exists under a view's name; its columns as name -> (type, comment)."""

    oid: int
    is_view: bool
    options: tuple[str, ...] = field(converter=tuple)
    comment: str | None
    columns: Mapping[str, tuple[str, str | None]]

    def order(self, wanted: _Wanted) -> list[Column] | None:
        """
        Return the columns in the order that CREATE OR REPLACE VIEW needs, or None if it cannot be
        used.
        """
        declared = {column.name: column for column in wanted.columns}
        same = all(
            name in declared and TYPES[declared[name].type] == type_
            for name, (type_, _) in self.columns.items()
        )
        if not (self.is_view and same):
            return None
        new = [column for column in wanted.columns if column.name not in self.columns]
        return [declared[name] for name in self.columns] + new


@frozen(kw_only=True)
class _FoundFunction:
    """The existing function; its parameter and columns as (name, type)."""

    oid: int
    returns_rows: bool
    columns: tuple[tuple[str, str], ...]
    comment: str | None

    def fits(self, wanted: _Wanted) -> bool:
        columns = ((column.name, TYPES[column.type]) for column in wanted.columns)
        return self.returns_rows and self.columns == (("as_of", "date"), *columns)

    def in_order(self, wanted: _Wanted) -> _Wanted:
        """
        Return existing columns in their order, followed by new ones.

        Views that call the function refer to its columns by position, not by name.
        """
        places = {name: place for place, (name, _) in enumerate(self.columns)}
        order = sorted(wanted.columns, key=lambda column: places.get(column.name, len(places)))
        return attrs.evolve(wanted, columns=tuple(order))

    def gone(self, wanted: _Wanted) -> list[str]:
        """Return its columns that are no longer wanted."""
        declared = {column.name for column in wanted.columns}
        return [name for name, _ in self.columns[1:] if name not in declared]


def replace_view(  # noqa: PLR0917 - in the order of CREATE VIEW
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
    Create a view from a SELECT, with the declared columns, types and comments.

    A view with another body or additional columns is replaced in place: existing columns keep their
    order, new ones follow. Otherwise, or if there is a table of that name, the view is rebuilt with
    the same grants, and so are the views that depend on it. If *later* is given, these are not
    restored but added to it, and the caller restores them, the last one first. The search path
    determines where the body's relations are. The caller holds a transaction.

    :raises ConfigError: Something of another kind has the name, or a dependent view cannot be
        restored.
    """
    wanted = _Wanted(schema=schema, name=name, body=body, columns=tuple(columns), title=title)
    found = _find(session, wanted)
    if found is None:
        _create_view(session, wanted, wanted.columns, ())
        _comment(session, wanted, None)
    elif (order := found.order(wanted)) is not None:
        # CREATE OR REPLACE VIEW would remove existing options that it does not repeat.
        _create_view(session, wanted, order, found.options)
        _comment(session, wanted, found)
    else:
        _make_view_anew(session, wanted, found, later)


def replace_function(  # noqa: PLR0917 - as replace_view has them
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
    Create a function of a date that returns the rows of a SELECT, in which ``as_of`` is the date.

    PostgreSQL inlines it into the query that calls it. For that, the function must not set a search
    path, so the body names the schema of everything it reads. A column called ``as_of`` would hide
    the date. If its columns change, the function is rebuilt with the same grants: existing columns
    keep their order, new ones follow; *later* is as in :func:`replace_view`. The caller holds a
    transaction.

    :raises ConfigError: There is a procedure of that name, or a view that depends on the function
        cannot be restored, for example because the function lost a column.
    """
    wanted = _Wanted(schema=schema, name=name, body=body, columns=tuple(columns), title=title)
    found = _find_function(session, wanted)
    if found is not None:
        wanted = found.in_order(wanted)
    if found is None or found.fits(wanted):
        _create_function(session, wanted)
        if found is None or found.comment != title:
            _comment_on(session, sql.SQL("FUNCTION"), wanted.signature, title)
    else:
        _make_function_anew(session, wanted, found, later)


def _make_view_anew(
    session: Session, wanted: _Wanted, found: _Found, later: list[SetAside] | None
) -> None:
    given = relation_grants(session, found.oid)
    aside = set_aside(session, wanted.schema, wanted.name)
    kind = sql.SQL("VIEW" if found.is_view else "TABLE")
    session.execute(sql.SQL("DROP {} {}").format(kind, wanted.identifier))
    _create_view(session, wanted, wanted.columns, found.options if found.is_view else ())
    _comment(session, wanted, None)
    if made := _find(session, wanted):
        kept = frozenset(g for g in given if not g.column or g.column in made.columns)
        on = sql.SQL("TABLE {}").format(wanted.identifier)
        change_grants(session, on, now=relation_grants(session, made.oid), wanted=kept)
    _put_back(session, aside, later)


def _make_function_anew(
    session: Session, wanted: _Wanted, found: _FoundFunction, later: list[SetAside] | None
) -> None:
    given: frozenset[Grant] = function_grants(session, found.oid)
    aside = set_aside_of_function(session, found.oid, str(wanted))
    out_of_the_way = [view for one in (aside, *(later or ())) for view in one.views]
    calling = [view for view in out_of_the_way if f"{wanted}(" in view.definition]
    if calling and (gone := found.gone(wanted)):
        msg = (
            f"the view {calling[0]} calls {wanted}, which no longer has {', '.join(gone)}, so "
            "the view would read other columns instead; drop that view, run again, and create "
            "it again"
        )
        raise ConfigError(msg)
    session.execute(sql.SQL("DROP FUNCTION {}").format(wanted.signature))
    _create_function(session, wanted)
    _comment_on(session, sql.SQL("FUNCTION"), wanted.signature, wanted.title)
    if made := _find_function(session, wanted):
        on = sql.SQL("FUNCTION {}").format(wanted.signature)
        change_grants(session, on, now=function_grants(session, made.oid), wanted=given)
    _put_back(session, aside, later)


def _put_back(session: Session, aside: SetAside, later: list[SetAside] | None) -> None:
    if later is None:
        aside.put_back(session)
    else:
        later.append(aside)


def _find(session: Session, wanted: _Wanted) -> _Found | None:
    row = session.execute(
        "SELECT c.oid::int8, c.relkind::text, COALESCE(c.reloptions, '{}'),"
        " obj_description(c.oid, 'pg_class') FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
        (wanted.schema, wanted.name),
    ).fetchone()
    if row is None:
        return None
    oid, kind, options, comment = row
    if kind not in "vrp":
        is_now = _KINDS.get(kind, "not a view")
        msg = f"{wanted} is {is_now}, but must become a view; drop or rename it, and run again"
        raise ConfigError(msg)
    columns = session.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
        " FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (oid,),
    ).fetchall()
    return _Found(
        oid=oid,
        is_view=kind == "v",
        options=options,
        comment=comment,
        columns={column: (type_, text) for column, type_, text in columns},
    )


def _find_function(session: Session, wanted: _Wanted) -> _FoundFunction | None:
    row = session.execute(
        "SELECT p.oid::int8, p.prokind::text, p.proretset, p.proargnames, ARRAY(SELECT format_type(t, NULL)"
        " FROM unnest(COALESCE(p.proallargtypes, p.proargtypes)) WITH ORDINALITY u (t, place)"
        " ORDER BY place), obj_description(p.oid, 'pg_proc')"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = %s AND p.proname = %s AND p.proargtypes = '1082'::oidvector",
        (wanted.schema, wanted.name),
    ).fetchone()
    if row is None:
        return None
    oid, kind, returns_rows, names, types, comment = row
    if kind != "f":
        msg = (
            f"{wanted}(date) is a procedure or an aggregate, but must become a function; drop or "
            "rename it, and run again"
        )
        raise ConfigError(msg)
    columns = tuple(zip(names or [""] * len(types), types, strict=True))
    return _FoundFunction(oid=oid, returns_rows=returns_rows, columns=columns, comment=comment)


def _create_view(
    session: Session, wanted: _Wanted, columns: Sequence[Column], options: Sequence[str]
) -> None:
    session.execute(
        sql.SQL("CREATE OR REPLACE VIEW {}{} AS {}").format(
            wanted.identifier, with_options(options), wanted.select(columns)
        )
    )


def _create_function(session: Session, wanted: _Wanted) -> None:
    returned = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), _type(column))
        for column in wanted.columns
    )
    body = sql.Literal(wanted.select(wanted.columns).as_string(session))
    # Not STRICT, not SECURITY DEFINER, no SET: each would prevent inlining.
    session.execute(
        sql.SQL(
            "CREATE OR REPLACE FUNCTION {}(as_of date) RETURNS TABLE ({}) LANGUAGE sql STABLE"
            " PARALLEL SAFE AS {}"
        ).format(wanted.identifier, returned, body)
    )


def _comment(session: Session, wanted: _Wanted, found: _Found | None) -> None:
    if found is None or found.comment != wanted.title:
        _comment_on(session, sql.SQL("VIEW"), wanted.identifier, wanted.title)
    for column in wanted.columns:
        known = found.columns.get(column.name) if found else None
        if known is None or known[1] != column.comment:
            place = sql.Identifier(wanted.schema, wanted.name, column.name)
            _comment_on(session, sql.SQL("COLUMN"), place, column.comment)


def _comment_on(session: Session, kind: sql.SQL, what: sql.Composable, text: str) -> None:
    session.execute(sql.SQL("COMMENT ON {} {} IS {}").format(kind, what, sql.Literal(text)))


def _type(column: Column) -> sql.SQL:
    return sql.SQL(TYPES[column.type])
