"""Rows of the table that tests of the database load."""

from __future__ import annotations


def rows(
    admin, statement="SELECT area, year, value, note, growth FROM gold.spending ORDER BY 1, 2"
):
    return admin.execute(statement).fetchall()


def versions(admin):
    """Which transaction wrote each row: an untouched row keeps its number."""
    return dict(rows(admin, "SELECT area || year, xmin::text FROM gold.spending"))
