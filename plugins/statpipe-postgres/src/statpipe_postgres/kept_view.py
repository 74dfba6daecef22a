"""A view of somebody else, read with everything that is needed to create it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen
from psycopg import sql
from psycopg.rows import dict_row

from statpipe_postgres.connection import Session
from statpipe_postgres.grants import Grant, change_grants, relation_grants

_VIEW = """
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'm' AS materialized,
    rtrim(pg_get_viewdef(c.oid), ';') AS definition, pg_get_userbyid(c.relowner)::text AS owner,
    COALESCE(c.reloptions, '{}') AS options, s.spcname::text AS tablespace,
    c.relispopulated AS populated, a.names AS columns,
    obj_description(c.oid, 'pg_class') AS comment, a.comments AS column_comments,
    ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid
        ORDER BY indexrelid)
    || ARRAY(SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = c.oid
        ORDER BY oid) AS attached
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
CROSS JOIN LATERAL (SELECT array_agg(attname::text ORDER BY attnum) AS names,
    array_agg(col_description(attrelid, attnum) ORDER BY attnum) AS comments
    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
WHERE c.oid = %s
"""


@frozen(kw_only=True)
class KeptView:
    """
    A view or materialized view, without its rows. ``attached`` are the statements for its indexes
    and statistics.
    """

    schema: str
    name: str
    materialized: bool
    definition: str
    owner: str
    options: tuple[str, ...] = field(converter=tuple)
    tablespace: str | None
    populated: bool
    columns: tuple[str, ...] = field(converter=tuple)
    comment: str | None
    column_comments: tuple[str | None, ...] = field(converter=tuple)
    attached: tuple[str, ...] = field(converter=tuple)
    grants: frozenset[Grant]

    def __str__(self) -> str:
        """Return the name as analysts write it."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """
        The qualified name for statements.
        """
        return sql.Identifier(self.schema, self.name)

    @property
    def kind(self) -> sql.SQL:
        """
        What it is, in SQL's words.
        """
        return sql.SQL("MATERIALIZED VIEW" if self.materialized else "VIEW")


def read_view(session: Session, oid: int) -> KeptView:
    """
    Read a view. The search path must hold no schema but PostgreSQL's own: see ``pg_get_viewdef``.
    """
    with session.cursor(row_factory=dict_row) as cursor:
        found: dict[str, Any] = cursor.execute(_VIEW, (oid,)).fetchone() or {}
    return KeptView(**found, grants=relation_grants(session, oid))


def drop_view(session: Session, view: KeptView) -> None:
    """
    Drop the view. Nothing may depend on it any more.
    """
    session.execute(sql.SQL("DROP {} {}").format(view.kind, view.identifier))


def make_view(session: Session, view: KeptView) -> None:
    """
    Create the view as it was. If a view of this name exists already, only grant the privileges.
    """
    if _find(session, view) is not None:
        _grant(session, view)
        return
    session.execute(_create(view))
    _own(session, view)
    _comment(session, view)
    for statement in view.attached:
        session.execute(sql.SQL(statement))
    _grant(session, view)
    if view.populated and view.materialized:
        # Not before: the refresh uses the privileges of its owner.
        session.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(view.identifier))


def with_options(options: Iterable[str]) -> sql.Composable:
    """
    Return the options of a relation for its CREATE; the catalogue has them as ``name=value``.
    """
    pairs = [option.partition("=") for option in options]
    if not pairs:
        return sql.SQL("")
    written = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, _, value in pairs
    )
    return sql.SQL(" WITH ({})").format(written)


def _find(session: Session, view: KeptView) -> int | None:
    row = session.execute(
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s",
        (view.schema, view.name),
    ).fetchone()
    return row[0] if row else None


def _create(view: KeptView) -> sql.Composed:
    space: sql.Composable = sql.SQL("")
    if view.tablespace:
        space = sql.SQL(" TABLESPACE {}").format(sql.Identifier(view.tablespace))
    return sql.SQL("CREATE {} {} ({}){}{} AS {}{}").format(
        view.kind,
        view.identifier,
        sql.SQL(", ").join(map(sql.Identifier, view.columns)),
        with_options(view.options),
        space,
        sql.SQL(view.definition),
        sql.SQL(" WITH NO DATA" if view.materialized else ""),
    )


def _own(session: Session, view: KeptView) -> None:
    if session.execute("SELECT current_user::text").fetchone() != (view.owner,):
        session.execute(
            sql.SQL("ALTER {} {} OWNER TO {}").format(
                view.kind, view.identifier, sql.Identifier(view.owner)
            )
        )


def _comment(session: Session, view: KeptView) -> None:
    if view.comment is not None:
        text = sql.Literal(view.comment)
        session.execute(sql.SQL("COMMENT ON {} {} IS {}").format(view.kind, view.identifier, text))
    for column, comment in zip(view.columns, view.column_comments, strict=True):
        if comment is not None:
            place = sql.Identifier(view.schema, view.name, column)
            session.execute(
                sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, sql.Literal(comment))
            )


def _grant(session: Session, view: KeptView) -> None:
    oid = _find(session, view)
    if oid is not None:
        on = sql.SQL("TABLE {}").format(view.identifier)
        change_grants(session, on, now=relation_grants(session, oid), wanted=view.grants)
