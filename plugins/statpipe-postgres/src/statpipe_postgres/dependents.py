"""Drops other people's views on a statpipe relation while it is rebuilt, and restores them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import NoReturn

import psycopg
from attrs import frozen
from psycopg import sql

from statpipe.api import ConfigError, Unavailable
from statpipe_postgres.connection import Session
from statpipe_postgres.kept_view import KeptView, drop_view, make_view, read_view

_DEPENDING = """
SELECT f.relation, CASE WHEN v.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END::int8,
    COALESCE(v.oid, d.objid)::int8,
    CASE r.rulename WHEN '_RETURN' THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
        ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END,
    CASE WHEN v.oid IS NOT NULL THEN 'view'
        WHEN t.oid IS NOT NULL OR r.oid IS NOT NULL OR p.oid IS NOT NULL
            OR d.classid IN ('pg_policy'::regclass, 'pg_publication_rel'::regclass)
            OR (d.classid = 'pg_attrdef'::regclass AND f.relation <> 0) THEN 'addition'
        WHEN d.deptype = 'n' THEN 'stranger'
        ELSE 'part' END
FROM unnest(%s::int8[], %s::int8[], %s::int8[]) AS f (relation, classid, objid)
JOIN pg_depend d ON d.refclassid = f.classid::oid AND d.refobjid = f.objid::oid
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
    AND NOT t.tgisinternal
LEFT JOIN pg_class p ON d.classid = 'pg_class'::regclass AND p.oid = d.objid AND p.relispartition
LEFT JOIN pg_class v ON v.relkind IN ('v', 'm') AND v.relpersistence = 'p' AND v.oid =
    CASE WHEN r.rulename = '_RETURN' THEN r.ev_class
        WHEN d.classid = 'pg_class'::regclass THEN d.objid END
ORDER BY d.classid, d.objid, d.objsubid
"""
"""The dependents of some objects, by kind: a *view*; a *part*, which is dropped with its relation;
an *addition* that others made to the relation, and that would be lost with it; or a *stranger*. A
temporary view of another session is a stranger, because we could not restore it."""


@frozen(kw_only=True)
class SetAside:
    """
    The views that were dropped because they depend on a relation. Each comes after those it reads.
    """

    relation: str
    role: str
    """The role that drops and creates the views."""
    views: tuple[KeptView, ...]

    def put_back(self, session: Session) -> None:
        """
        Restore the views as they were: definition, owner, options, comments, privileges, indexes.

        Materialized views are filled, so call it when the relation has its rows and its privileges.
        If the caller has already created a view again, only its privileges are restored. If several
        relations were set aside, put back the last one first.

        :raises ConfigError: A view uses something that no longer exists, or a privilege is missing.
            Roll back the transaction to return to the state before.
        """
        with _qualified_names(session):
            for view in self.views:
                try:
                    with _for_owner(session, view):
                        make_view(session, view)
                except psycopg.Error as error:
                    _blame(self, view, error)


def set_aside(session: Session, schema: str, relation: str) -> SetAside:
    """
    Drop all views that depend on a table or view, directly or indirectly, and remember them.

    Then the relation can be dropped, together with its own indexes and constraints. Functions whose
    body is a string do not count, because they look up the relation when they are called. The
    caller holds a transaction.

    :raises ConfigError: Something else depends on it, such as a foreign key or a trigger; or a view
        cannot be dropped, because a privilege is missing.
    """
    row = session.execute(
        "SELECT 'pg_class'::regclass::int8, c.oid::int8 FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
        (schema, relation),
    ).fetchone()
    return _set_aside(session, f"{schema}.{relation}", row)


def set_aside_of_function(session: Session, oid: int, name: str) -> SetAside:
    """
    Drop all views that depend on a function, as :func:`set_aside` does for a relation.
    """
    row = session.execute("SELECT 'pg_proc'::regclass::int8, %s::int8", (oid,)).fetchone()
    return _set_aside(session, name, row)


def _set_aside(session: Session, name: str, root: tuple[int, int] | None) -> SetAside:
    (role,) = session.execute("SELECT current_user::text").fetchone() or ("",)
    with _qualified_names(session):
        oids = _in_order(session, name, root) if root else ()
        views = tuple(read_view(session, oid) for oid in oids)
        aside = SetAside(relation=name, role=role, views=views)
        # From the top down, in the order of queries: whoever waits for one of them holds none below
        # it.
        _drop(session, aside)
    return aside


def _in_order(session: Session, name: str, root: tuple[int, int]) -> Iterator[int]:
    """Return the dependent views, each after those it reads."""
    reads: dict[int, set[int]] = {}
    reached = {root}
    additions: list[str] = []
    strangers: dict[tuple[int, int], str] = {}
    # Each object is recorded with the view that leads to it; zero is the relation itself.
    level = [(0, *root)]
    while level:
        found = session.execute(_DEPENDING, tuple(map(list, zip(*level, strict=True)))).fetchall()
        level = []
        for of, class_, object_, text, kind in found:
            key = (class_, object_)
            if kind == "addition":
                additions.append(text)
            elif kind == "stranger":
                strangers[key] = text
            else:
                is_other = kind == "view" and key != root and object_ != of
                if is_other:
                    reads.setdefault(object_, set()).add(of)
                if key not in reached:
                    reached.add(key)
                    level.append((object_ if is_other else of, *key))
    # A check constraint, for example, depends on columns of its own table like a stranger.
    _refuse_obstacles(name, [*additions, *(strangers[key] for key in strangers.keys() - reached)])
    return (oid for oid in TopologicalSorter(reads).static_order() if oid)


def _drop(session: Session, aside: SetAside) -> None:
    for view in reversed(aside.views):
        try:
            with _for_owner(session, view):
                drop_view(session, view)
        except psycopg.errors.DependentObjectsStillExist as error:
            msg = (
                f"{aside.relation} must be rebuilt, but another session is changing {view} right "
                f"now: {_reason(error)}; run again"
            )
            raise Unavailable(msg) from None
        except psycopg.Error as error:
            _blame(aside, view, error)


def _blame(aside: SetAside, view: KeptView, error: psycopg.Error) -> NoReturn:
    """Raise an error that names the view, except for a lost connection or a lock timeout."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        raise error
    remedy = "drop or change that view, and run again"
    if isinstance(error, psycopg.errors.InsufficientPrivilege) and "must be" in _reason(error):
        # As in "must be owner of view": a privilege of the view's owner is missing.
        remedy = f"make the role {aside.role} its owner, or drop that view, and run again"
    msg = (
        f"{aside.relation} must be rebuilt, but the view {view} on it cannot be recreated: "
        f"{_reason(error)}; {remedy}"
    )
    raise ConfigError(msg) from None


def _refuse_obstacles(name: str, obstacles: list[str]) -> None:
    if obstacles:
        msg = (
            f"{name} must be rebuilt, but objects on it cannot be recreated "
            f"({'; '.join(sorted(set(obstacles)))}); drop them, run again, and create them again"
        )
        raise ConfigError(msg)


@contextmanager
def _for_owner(session: Session, view: KeptView) -> Iterator[None]:
    """
    Act as the login, if the login has the privileges of the view's owner and the loading role does
    not.
    """
    row = session.execute(
        "SELECT current_user::text FROM pg_roles WHERE rolname = %s"
        " AND NOT pg_has_role(current_user, oid, 'USAGE') AND pg_has_role(session_user, oid, 'USAGE')",
        (view.owner,),
    ).fetchone()
    if row is None:
        yield
        return
    session.execute("SET LOCAL ROLE NONE")
    yield
    session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(row[0])))


@contextmanager
def _qualified_names(session: Session) -> Iterator[None]:
    """Make view definitions name the schema of everything that is not part of PostgreSQL."""
    row = session.execute("SELECT current_setting('search_path')").fetchone()
    session.execute("SELECT set_config('search_path', 'pg_catalog, pg_temp', true)")
    yield
    # Not needed after an error: the rollback also resets the setting.
    session.execute("SELECT set_config('search_path', %s, true)", row)


def _reason(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    detail = error.diag.message_detail
    return " ".join((f"{said} ({detail})" if detail else said).split())
