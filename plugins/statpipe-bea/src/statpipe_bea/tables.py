"""The tables of PCE by state and their code lists, as BEA publishes them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

from statpipe.api import Agreement, Area, Category, Dataset

NORMALIZER = "bea_regional"

TITLES = {
    "SAPCE1": "Personal consumption expenditures (PCE) by major type of product",
    "SAPCE2": "Per capita personal consumption expenditures (PCE) by major type of product",
    "SAPCE3": "Personal consumption expenditures (PCE) by state by type of product",
    "SAPCE4": "Personal consumption expenditures (PCE) by state by function",
}

PER_CAPITA = "SAPCE2"

COMPONENTS = {
    "Total personal consumption expenditures (PCE) by state": "SAPCE1",
    "Per capita personal consumption expenditures (PCE) by state": PER_CAPITA,
}
"""The table by the name of its component, for files of 2017 or earlier, which do not name the
table."""


@cache
def former_names() -> Mapping[str, str]:
    """
    Return the current name of each table by its former name: ``SAEXP1`` is now ``SAPCE1``.
    """
    return COMPONENTS | {row["former"]: row["name"] for row in _rows("table_names.csv")}


def table_name(printed: str) -> str:
    """
    Return the current name of a table, also if it was renamed.
    """
    return former_names().get(printed, printed)


def category_code(table: str, line: int | str) -> str:
    """
    Return the stable identifier of a line: ``SAPCE1:9``.
    """
    return f"{table}:{line}"


@cache
def areas() -> tuple[Area, ...]:
    """
    Return the 60 areas: the US, 50 states and DC, and BEA's eight regions.
    """
    return tuple(
        Area(
            code=row["code"],
            name=row["name"],
            level=row["level"],
            geo_fips=row["geo_fips"],
            iso_3166={"country": row["code"], "state": f"US-{row['code']}"}.get(row["level"]),
            parent=row["parent"] or None,
        )
        for row in _rows("areas.csv")
    )


@cache
def categories(table: str) -> tuple[Category, ...]:
    """
    Return a table's lines with the hierarchy of BEA's CSV files.
    """
    return tuple(
        Category(
            code=category_code(table, row["line"]),
            name=row["title"],
            unit_measure=row["unit"],
            unit_mult=int(row["unit_mult"]),
            parent=category_code(table, row["parent"]) if row["parent"] else None,
            sign=int(row["sign"]),
            areas=("US",) if row["us_only"] == "1" else (),
        )
        for row in _rows("lines.csv")
        if row["table"] == table
    )


@cache
def dataset(table: str) -> Dataset:
    """
    Return the complete declaration of a table. Figures of the per-capita table only add up over
    categories. Printed digits and bounds cover all releases since 2020.
    """
    per_capita = table == PER_CAPITA
    return Dataset(
        name=table,
        title=TITLES[table],
        normalizer=NORMALIZER,
        freq="A",
        areas=areas(),
        categories=categories(table),
        additive=frozenset({"category"} if per_capita else {"category", "ref_area"}),
        precision=Decimal(1) if per_capita else Decimal("0.1"),
        valid_range=(
            (Decimal(-100_000), Decimal(1_000_000))
            if per_capita
            else (Decimal(-1_000_000), Decimal(100_000_000))
        ),
        agreements=(_same_lines(),) if table == "SAPCE1" else (),
    )


def _same_lines() -> Agreement:
    """
    Return the lines of SAPCE1 that have had the same figures as lines of SAPCE3 in every release so
    far.
    """
    ours, theirs = "SAPCE1", "SAPCE3"
    return Agreement(
        dataset=theirs,
        pairs=tuple(
            (category_code(ours, row[ours]), category_code(theirs, row[theirs]))
            for row in _rows("same_lines.csv")
        ),
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
