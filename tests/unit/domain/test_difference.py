"""The difference of two tables, against sets of plain rows."""

from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.difference import difference

KEY = ("area", "year")
SCHEMA = pa.schema(
    [
        pa.field("area", pa.dictionary(pa.int32(), pa.string())),
        pa.field("year", pa.int64()),
        pa.field("value", pa.decimal128(28, 8)),
        pa.field("note", pa.dictionary(pa.int32(), pa.string())),
    ]
)

tables = st.dictionaries(
    st.tuples(st.sampled_from(["CA", "NY", "", "ü"]), st.sampled_from([2020, 2021, -5])),
    st.tuples(
        st.sampled_from([None, Decimal(0), Decimal("0.1"), Decimal("-0.1")]),
        st.sampled_from([None, "", "n"]),
    ),
)


def table(rows):
    return pa.Table.from_pylist(
        [{"area": a, "year": y, "value": v, "note": n} for (a, y), (v, n) in rows.items()], SCHEMA
    )


def rows_of(found):
    return {(r["area"], r["year"]): (r["value"], r["note"]) for r in found.to_pylist()}


@settings(deadline=None)
@given(old=tables, new=tables)
def test_the_difference_has_new_changed_and_removed_rows(old, new):
    found = difference(table(old), table(new), KEY)
    assert rows_of(found.added) == {k: v for k, v in new.items() if k not in old}
    assert rows_of(found.removed) == {k: v for k, v in old.items() if k not in new}
    assert rows_of(found.changed) == {k: v for k, v in new.items() if k in old and old[k] != v}
    was = rows_of(found.replaced)
    assert was == {k: old[k] for k in rows_of(found.changed)}
    assert list(was) == list(rows_of(found.changed))
    parts = (found.added, found.changed, found.removed)
    assert all(part.schema == SCHEMA for part in parts)
    assert sum(map(len, parts)) == len({k for k in {**old, **new} if old.get(k) != new.get(k)})


@settings(deadline=None)
@given(rows=tables)
def test_a_table_equals_itself_in_another_order(rows):
    found = difference(table(rows), table(dict(reversed(rows.items()))), KEY)
    assert [len(found.added), len(found.changed), len(found.removed)] == [0, 0, 0]


def test_keys_of_many_columns_are_not_confused():
    names = [f"k{place}" for place in range(12)]
    rows = [{name: (row >> place) & 1 for place, name in enumerate(names)} for row in range(4096)]
    # Twelve columns of 4,096 values each are more combinations than a number can count.
    wide = pa.table(
        {name: [row[name] * 7919 + place for place, row in enumerate(rows)] for name in names}
    )
    found = difference(wide, wide.slice(1), names)
    assert (len(found.added), len(found.changed), len(found.removed)) == (0, 0, 1)
    assert found.removed.to_pylist() == wide.slice(0, 1).to_pylist()


def test_rows_are_copied_on_demand():
    years = [("CA", year) for year in range(9999)]
    old, new = (table(dict.fromkeys(years, (Decimal(figure), None))) for figure in (1, 2))
    before = pa.total_allocated_bytes()
    found = difference(old, new, KEY)
    held = pa.total_allocated_bytes() - before
    assert len(found.replaced) == len(found.changed) == len(years)
    assert held < new.nbytes  # the places of the rows that differ
