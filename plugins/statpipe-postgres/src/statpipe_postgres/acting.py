"""Acts as the role that owns statpipe's objects, whatever role logs in."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

LOADER = "statpipe_loader"
"""The role that owns the schemas and their objects."""

_SETTABLE_SINCE = 160000
"""Since PostgreSQL 16, membership in a role does not always allow acting as that role."""


def as_loader(session: psycopg.Connection[Any], *, gold: str, operations: str) -> bool:
    """
    Act as the loading role, if it owns both schemas and the login may act as it.

    New objects then belong to that role: its default privileges say who can read them, and the next
    load may change them. Return whether we act as that role.
    """
    right = "SET" if session.info.server_version >= _SETTABLE_SINCE else "MEMBER"
    row = session.execute(
        "SELECT count(*) = 2 FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner"
        " WHERE n.nspname IN (%s, %s) AND r.rolname = %s AND pg_has_role(session_user, r.oid, %s)",
        (gold, operations, LOADER, right),
    ).fetchone()
    if row != (True,):
        return False
    session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(LOADER)))
    return True
