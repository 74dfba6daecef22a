"""Codes that an agency has added but a dataset does not list yet: they load as the payload
describes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.domain.codes import encoded, used_texts
from statpipe.domain.dataset import Area, Category
from statpipe.domain.dimension import Code, names_column
from statpipe.domain.errors import ContentError
from statpipe.domain.gate import admitted
from statpipe.domain.text import holdable
from statpipe.domain.whole_key import with_categories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from statpipe.domain.dataset import Dataset


def _lists(dataset: Dataset) -> dict[str, tuple[str, Sequence[Area | Category | Code]]]:
    """Return for each column of codes the column of their names, and the code list."""
    return {
        "category": ("category_name", dataset.categories),
        "ref_area": ("geo_name", dataset.areas),
        **{one.column: (names_column(one.column), one.codes) for one in dataset.dimensions},
    }


@frozen(kw_only=True)
class NewCode:
    """
    A code that is not in the dataset's code list, under the name that the payload prints for it.
    """

    column: str
    code: str
    name: str = field(converter=holdable)


def with_new_codes(table: pa.Table, dataset: Dataset) -> tuple[Dataset, tuple[NewCode, ...]]:
    """
    Return the dataset with the codes that a normalizer's table names and the dataset does not list.

    A code is new if the table names it, in ``category_name``, ``geo_name`` or the names of a
    dimension. It is described by the table's other columns, such as ``unit_measure``. A category
    that joins codes of dimensions is named by these codes. A code without a name may be a
    misreading, so it is not added, and sealing refuses its row.

    :raises ContentError: No code of the table is listed: the payload may be of another table.
    """
    columns = list(_lists(dataset))
    if not (dataset.dimensions and dataset.categories and "category" not in table.column_names):
        return _with_new_codes(table, dataset, columns)
    described, new = _with_new_codes(table, dataset, columns[1:])
    described, more = _with_new_codes(with_categories(table, described), described, columns[:1])
    return described, (*more, *new)


def _with_new_codes(
    table: pa.Table, dataset: Dataset, columns: Sequence[str]
) -> tuple[Dataset, tuple[NewCode, ...]]:
    new, rows = [], []
    for code, row in _new_codes(table, dataset, columns):
        new.append(code)
        rows.append(row)
    if not new:
        return dataset, ()
    _refuse_other_table(table, dataset, new)
    entries: dict[str, list[Any]] = {column: [] for column in _lists(dataset)}
    for code, row in zip(new, rows, strict=True):
        entries[code.column].append(_described(code, table.slice(row, 1).to_pylist()[0]))
    described = attrs.evolve(
        dataset,
        areas=(*dataset.areas, *entries["ref_area"]),
        categories=(*dataset.categories, *entries["category"]),
        dimensions=tuple(
            attrs.evolve(one, codes=(*one.codes, *entries[one.column]))
            for one in dataset.dimensions
        ),
    )
    return described, tuple(new)


def _described(new: NewCode, row: Mapping[str, Any]) -> Area | Category | Code:
    if new.column == "ref_area":
        return Area(
            code=new.code,
            name=new.name,
            level=row.get("geo_level") or "area",
            geo_fips=row.get("geo_fips") or "",
        )
    if new.column != "category":
        return Code(code=new.code, name=new.name)
    return Category(
        code=new.code,
        name=new.name,
        unit_measure=row.get("unit_measure") or "number",
        unit_mult=row.get("unit_mult") or 0,
        parent=row.get("parent_category"),
        sign=row.get("sign") or 1,
    )


def _refuse_other_table(table: pa.Table, dataset: Dataset, new: Sequence[NewCode]) -> None:
    """
    Refuse a table without any known code: it is a different table, and not one with new lines.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.chunked_array([pa.repeat(True, len(table))])
    for column in {one.column for one in new}:
        codes = pa.array([one.code for one in new if one.column == column], pa.string())
        known = pc.and_(
            known, pc.invert(pc.is_in(table[column].cast(pa.string()), value_set=codes))
        )
    if not pc.any(known).as_py():
        first = new[0]
        msg = (
            f"dataset {dataset.name}: none of its rows has codes from the code lists; the first "
            f"is {first.column} {first.code!r} ({first.name}); check whether the payload belongs "
            "to another table"
        )
        raise ContentError(msg)


def _new_codes(
    table: pa.Table, dataset: Dataset, columns: Sequence[str]
) -> Iterator[tuple[NewCode, int]]:
    """Return each new code with its first row."""
    import pyarrow.compute as pc

    for column in columns:
        names, entries = _lists(dataset)[column]
        listed = {one.code for one in entries}
        if not listed or not {column, names} <= set(table.column_names):
            continue
        codes = admitted(encoded(table[column]), column, dataset.name)
        for code in sorted(set(used_texts(codes)) - listed):
            row = pc.index(codes.indices, pc.index(codes.dictionary, code).as_py()).as_py()
            name = table[names][row].as_py()
            if name:
                yield NewCode(column=column, code=code, name=name), row
