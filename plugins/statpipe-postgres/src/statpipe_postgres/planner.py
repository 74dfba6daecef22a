"""Refreshes the planner's statistics after a load that wrote much of a table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import psycopg
from psycopg import sql

from statpipe.api import Receipt
from statpipe_postgres.connection import Session
from statpipe_postgres.tables import GoldTable

_FEW, _SHARE = 50, 0.1
"""With more changed rows than this, statistics are stale, by the rule of PostgreSQL's
autovacuum."""

_FLUSHES_SINCE = 150_000
"""Since PostgreSQL 15, written rows are counted in shared memory, and a session can flush its
counts."""


def analyse(session: Session, tables: Sequence[tuple[GoldTable, Receipt]]) -> None:
    """
    Analyse the tables of which a large part was written. The caller has committed.

    Without statistics, the first analyst's join and the next load may get a very bad plan until
    autovacuum runs. Inside the transaction, another session's VACUUM could block the load, and the
    server would still count the rows as not analysed. If this fails, autovacuum does the work.
    """
    stale = [table.name for table, receipt in tables if is_large(receipt)]
    if not stale:
        return
    with suppress(psycopg.Error):
        if session.info.server_version >= _FLUSHES_SINCE:
            # Otherwise the server counts the written rows only after the analysis, and repeats it.
            session.execute("SELECT pg_stat_force_next_flush()")
        names = sql.SQL(", ").join(stale)
        session.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(names))


def is_large(receipt: Receipt) -> bool:
    """
    Return whether a load wrote so much of a table that its statistics are stale.
    """
    written = receipt.inserted + receipt.updated + receipt.deleted
    all_new = 0 < receipt.rows == receipt.inserted
    return all_new or written > _FEW + _SHARE * receipt.rows
