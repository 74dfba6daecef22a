"""Acting as the role that owns statpipe's objects, whichever role logs in."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

LOADER = "statpipe_loader"
"""The role that owns the schemas and what is in them."""

_SETTABLE_SINCE = 160000
"""Since PostgreSQL 16, a member of a role may or may not be allowed to act as that role."""


def as_loader(session: psycopg.Connection[Any], *, gold: str, operations: str) -> bool:
    """
    Act as the loading role, if that owns both schemas and the login may act as it.

    What is made then belongs to that role: it can be read by whom its default privileges name, and
    the next load may change it. Return whether it is so.
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
