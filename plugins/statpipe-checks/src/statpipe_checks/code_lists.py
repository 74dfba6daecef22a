"""The code lists for judging: those that the dataset declares, or those that the table shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.domain.dataset import Category, Dataset
from statpipe_checks.database import database

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("ref_area", "category", "parent_category", "sign")


def categories_of(dataset: Dataset, table: pa.Table) -> tuple[Category, ...]:
    """
    Return the dataset's code list of categories, or the table's if the dataset declares none.
    """
    return dataset.categories or categories_shown(table)


def categories_shown(table: pa.Table) -> tuple[Category, ...]:
    """
    Read a code list from a table: parents, signs, and categories that belong to one area only.

    If a table of several areas has a category for only one of them, the category counts as
    published for that area only.
    """
    with database() as silver:
        silver.add("obs", table, _COLUMNS)
        shown = silver.rows("""
            SELECT category, any_value(parent_category ORDER BY parent_category) AS parent,
                   coalesce(min(sign), 1) AS sign, min(ref_area) AS area,
                   count(DISTINCT ref_area) = 1
                       AND (SELECT count(DISTINCT ref_area) FROM obs) > 1 AS alone
            FROM obs
            WHERE category IS NOT NULL
            GROUP BY category
            ORDER BY category
        """)
    return tuple(
        Category(
            code=row["category"],
            name=row["category"],
            unit_measure="",
            parent=row["parent"],
            sign=row["sign"],
            areas=(row["area"],) if row["alone"] else (),
        )
        for row in shown
    )


def codes_in(table: pa.Table, column: str) -> tuple[str, ...]:
    """
    Return the distinct codes of a column in text order, without nulls.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.unique(table[column].cast(pa.string())).to_pylist()
    return tuple(sorted(code for code in codes if code is not None))


def still_listed(before: pa.Table, dataset: Dataset) -> pa.Table:
    """
    Return the rows of an earlier vintage whose codes are still in this one's lists. A dimension
    without a list accepts all codes.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = {
        "ref_area": [one.code for one in dataset.areas],
        "category": [one.code for one in dataset.categories],
        **{one.column: [code.code for code in one.codes] for one in dataset.dimensions},
    }
    for column, listed in lists.items():
        if listed and column in before.column_names:
            codes = pa.array(listed, pa.string())
            before = before.filter(pc.is_in(before[column].cast(pa.string()), value_set=codes))
    return before
