"""Other roles' privileges on a relation or function: reads them, and grants them again."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen
from psycopg import sql

from statpipe_postgres.connection import Session


@frozen(kw_only=True, order=True)
class Grant:
    """
    One privilege of one role. An empty grantee is PUBLIC; an empty column means the whole object.
    """

    column: str = ""
    grantee: str
    privilege: str
    grantable: bool


def relation_grants(session: Session, oid: int) -> frozenset[Grant]:
    """
    Return the privileges on a table or view, and on its columns, of all roles except the owner.
    """
    rows = session.execute(
        "SELECT r.column_name, CASE g.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(g.grantee)::text"
        " END, g.privilege_type, g.is_grantable FROM pg_class c CROSS JOIN LATERAL ("
        "  SELECT '' AS column_name, COALESCE(c.relacl, acldefault('r', c.relowner)) AS acl"
        "  UNION ALL SELECT attname::text, attacl FROM pg_attribute"
        "  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped"
        " ) r CROSS JOIN LATERAL aclexplode(r.acl) g WHERE c.oid = %s AND g.grantee <> c.relowner",
        (oid,),
    ).fetchall()
    return _grants(rows)


def function_grants(session: Session, oid: int) -> frozenset[Grant]:
    """
    Return the privileges on a function of all roles except the owner. PUBLIC has one by default.
    """
    rows = session.execute(
        "SELECT '', CASE g.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(g.grantee)::text END,"
        " g.privilege_type, g.is_grantable FROM pg_proc p"
        " CROSS JOIN LATERAL aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g"
        " WHERE p.oid = %s AND g.grantee <> p.proowner",
        (oid,),
    ).fetchall()
    return _grants(rows)


def change_grants(
    session: Session, on: sql.Composable, *, now: frozenset[Grant], wanted: frozenset[Grant]
) -> None:
    """
    Change the privileges on an object, such as ``TABLE gold.pce``, to those that are wanted.

    Default privileges that a new object got, and that the old one did not have, are revoked.
    """
    for grant in sorted(now - wanted):
        session.execute(sql.SQL("REVOKE {} ON {} FROM {}").format(_right(grant), on, _role(grant)))
    for grant in sorted(wanted - now):
        option = sql.SQL(" WITH GRANT OPTION" if grant.grantable else "")
        session.execute(
            sql.SQL("GRANT {} ON {} TO {}{}").format(_right(grant), on, _role(grant), option)
        )


def _grants(rows: Iterable[tuple[str, str, str, bool]]) -> frozenset[Grant]:
    return frozenset(
        Grant(column=column, grantee=grantee, privilege=privilege, grantable=grantable)
        for column, grantee, privilege, grantable in rows
    )


def _right(grant: Grant) -> sql.Composable:
    privilege = sql.SQL(grant.privilege)
    if not grant.column:
        return privilege
    return sql.SQL("{} ({})").format(privilege, sql.Identifier(grant.column))


def _role(grant: Grant) -> sql.Composable:
    return sql.Identifier(grant.grantee) if grant.grantee else sql.SQL("PUBLIC")
