"""The price tables and their code lists: regional price parities, real income, deflators."""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import cache
from importlib.resources import files

import attrs

from statpipe.api import Area, Category, Dataset
from statpipe_bea import tables

TITLES = {
    "SARPP": "Regional price parities by state",
    "SARPI": "Real personal income and real personal consumption expenditures (PCE) by state",
    "SAIRPD": "Implicit regional price deflators by state",
}

WITHOUT_THE_US = "SAIRPD"


@cache
def areas(table: str) -> tuple[Area, ...]:
    """
    Return the US, 50 states and DC; SAIRPD has no row for the US. No table has BEA's regions.
    """
    whole = None if table == WITHOUT_THE_US else "US"
    return tuple(
        attrs.evolve(area, parent=whole if area.level == "state" else None)
        for area in tables.areas()
        if area.level == "state" or area.code == whole
    )


@cache
def categories(table: str) -> tuple[Category, ...]:
    """
    Return all categories that the table has ever had, in any release.

    If the base year changes, BEA prints another unit, which makes another category.
    """
    text = (files(__package__) / "data" / "price_categories.csv").read_text(encoding="utf-8")
    return tuple(
        Category(
            code=row["category"],
            name=row["title"],
            unit_measure=row["unit"],
            unit_mult=int(row["unit_mult"]),
            parent=row["parent"] or None,
        )
        for row in csv.DictReader(text.splitlines())
        if row["table"] == table
    )


@cache
def dataset(table: str) -> Dataset:
    """
    Return the complete declaration of a table.

    No figures add up: neither indexes nor constant dollars, neither over areas nor over categories.
    SARPP has wide bounds because it once contained millions of dollars.
    """
    index_only = table == "SAIRPD"
    return Dataset(
        name=table,
        title=TITLES[table],
        normalizer=tables.NORMALIZER,
        freq="A",
        areas=areas(table),
        categories=categories(table),
        precision=Decimal("0.1") if table == "SARPI" else Decimal("0.001"),
        valid_range=(Decimal(0), Decimal(1_000) if index_only else Decimal(100_000_000)),
    )
