"""Loading a Gold table: whole or not at all, and only what differs is written."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from statpipe.api import ConfigError, ContentError, Model
from support.spending import rows, versions


def test_nothing_is_held_in_an_empty_database(sink, key):
    assert sink.fingerprint(key) is None


def test_a_first_load_creates_the_table_and_records_its_fingerprint(
    sink, admin, partition, three_rows, key
):
    receipt = sink.write(partition(three_rows))
    assert (receipt.rows, receipt.inserted, receipt.updated, receipt.deleted) == (3, 3, 0, 0)
    assert (receipt.sink, receipt.path) == ("postgres", "gold/spending")
    assert sink.fingerprint(key) == "first"
    assert rows(admin) == [
        ("CA", 2022, Decimal("1852976.3"), None, 5.5),
        ("CA", 2023, Decimal("0.1"), "", None),
        ("NY", 2023, None, "(D)", -0.25),
    ]
    assert rows(admin, "SELECT DISTINCT released::text FROM gold.spending") == [("2023-10-04",)]


def test_columns_have_the_declared_types_and_the_grain_is_the_key(
    sink, admin, partition, three_rows
):
    sink.write(partition(three_rows))
    types = rows(
        admin,
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
        " WHERE attrelid = 'gold.spending'::regclass AND attnum > 0 ORDER BY attnum",
    )
    assert types == [
        ("area", "text", True),
        ("year", "bigint", True),
        ("value", "numeric", False),
        ("note", "text", False),
        ("growth", "double precision", False),
        ("released", "date", False),
    ]
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'gold.spending'::regclass AND contype = 'p'"
    assert rows(admin, key) == [("PRIMARY KEY (area, year)",)]


def test_figures_are_shown_as_published_without_trailing_zeros(sink, admin, partition, table_of):
    figures = ("1852976.3", "0.1", "100", "0", "-5.20", "0.00000001", "-0.00000015", "1e19")
    table = table_of(*(("CA", year, figure, None, None) for year, figure in enumerate(figures)))
    sink.write(partition(table))
    assert rows(admin, "SELECT value::text FROM gold.spending ORDER BY year") == [
        ("1852976.3",),
        ("0.1",),
        ("100",),
        ("0",),
        ("-5.2",),
        ("0.00000001",),
        ("-0.00000015",),
        ("10000000000000000000",),
    ]
    assert rows(admin, "SELECT sum(value)::text FROM gold.spending WHERE year < 2") == [
        ("1852976.4",)
    ]


def test_a_missing_text_and_an_empty_text_are_distinguished(sink, admin, partition, table_of):
    texts = (None, "", " ", "NULL", "\\N", 'quo"te', "a,b", "two\nlines", "\\.", "ñandú")
    table = table_of(*(("CA", year, None, text, None) for year, text in enumerate(texts)))
    sink.write(partition(table))
    shown = rows(admin, "SELECT note FROM gold.spending ORDER BY year")
    assert shown == [(text,) for text in texts]


def test_the_same_fingerprint_writes_nothing(sink, admin, partition, three_rows):
    sink.write(partition(three_rows))
    where = "SELECT pg_current_wal_insert_lsn()::text"
    before = rows(admin, where)
    receipt = sink.write(partition(three_rows))
    assert not receipt.changed
    assert receipt.rows == 3
    assert rows(admin, where) == before


def test_equal_rows_under_a_new_fingerprint_are_not_rewritten(
    sink, admin, partition, table_of, key
):
    many = [("A" + str(n % 50), n, f"{n}.5", None if n % 2 else "", n / 7) for n in range(20_000)]
    sink.write(partition(table_of(*many)))
    admin.execute("CHECKPOINT")
    before = versions(admin)
    start = rows(admin, "SELECT pg_current_wal_insert_lsn()")[0][0]
    receipt = sink.write(partition(table_of(*reversed(many)), "second"))
    assert not receipt.changed
    assert versions(admin) == before
    assert sink.fingerprint(key) == "second"
    written = admin.execute(
        "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s::pg_lsn)", (start,)
    ).fetchone()[0]
    # The table has 1.3 MB; what is written is the catalogue's rows of the temporary tables.
    assert written < 400_000


def test_a_revision_writes_only_the_rows_that_moved(sink, admin, partition, table_of, three_rows):
    sink.write(partition(three_rows))
    before = versions(admin)
    revised = table_of(
        ("CA", 2022, "1852976.3", None, 5.5),
        ("CA", 2023, "0.2", "", None),
        ("NY", 2023, None, "(D)", -0.25),
        ("TX", 2023, "7", None, None),
    )
    receipt = sink.write(partition(revised, "second"))
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (1, 1, 0)
    after = versions(admin)
    assert {name for name in before if before[name] != after[name]} == {"CA2023"}
    assert rows(admin, "SELECT value FROM gold.spending WHERE area = 'TX'") == [(Decimal(7),)]


@pytest.mark.parametrize(
    ("place", "value"), [(3, ""), (3, None), (2, None), (4, 0.0), (2, "0.10000001")]
)
def test_every_change_of_a_value_is_written(sink, admin, partition, table_of, place, value):
    old = ["CA", 2023, "0.1", "x", 1.0]
    new = [*old[:place], value, *old[place + 1 :]]
    sink.write(partition(table_of(old)))
    assert sink.write(partition(table_of(new), "second")).updated == 1
    assert sink.write(partition(table_of(old), "third")).updated == 1
    assert sink.write(partition(table_of(old), "fourth")).updated == 0


def test_removed_rows_are_deleted(sink, admin, partition, table_of, three_rows):
    sink.write(partition(three_rows))
    receipt = sink.write(partition(three_rows.slice(0, 1), "second"))
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 2)
    assert len(rows(admin)) == 1
    assert sink.write(partition(table_of(), "third")).deleted == 1


def test_a_dropped_table_is_loaded_again(sink, admin, partition, three_rows, key):
    sink.write(partition(three_rows))
    admin.execute("DROP TABLE gold.spending")
    assert sink.fingerprint(key) is None
    assert sink.write(partition(three_rows)).inserted == 3


def test_a_model_with_only_its_grain_can_be_loaded(sink, admin, partition, model, three_rows):
    bare = attrs.evolve(model, columns=model.columns[:2])
    sink.write(partition(three_rows, of=bare))
    receipt = sink.write(partition(three_rows.slice(1), "second", of=bare))
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 1)


def test_loading_the_same_again_writes_no_row_and_no_log(sink, partition, three_rows):
    first = sink.write(partition(three_rows))
    assert (first.inserted, first.updated, first.deleted) == (3, 0, 0)
    assert first.wal_bytes > 0
    again = sink.write(partition(three_rows))
    assert (again.inserted, again.updated, again.deleted, again.wal_bytes) == (0, 0, 0, 0)
    assert not again.changed


def test_equal_rows_with_a_new_fingerprint_only_write_the_fingerprint(sink, partition, three_rows):
    first = partition(three_rows)
    sink.write(first)
    for other in (
        partition(three_rows, "second"),
        attrs.evolve(partition(three_rows, "third"), previous=partition(three_rows, "second")),
    ):
        receipt = sink.write(other)
        assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 0)


def test_a_repeated_grain_is_refused_and_nothing_is_published(
    sink, admin, partition, table_of, key, three_rows
):
    twice = table_of(("CA", 2023, "1", None, None), ("CA", 2023, "2", None, None))
    with pytest.raises(
        ContentError, match=r"loading gold\.spending: .*\(area, year\)=\(CA, 2023\)"
    ):
        sink.write(partition(twice))
    assert sink.fingerprint(key) is None
    sink.write(partition(three_rows))
    with pytest.raises(ContentError, match=r"the rows violate the grain that the model declares"):
        sink.write(partition(twice, "second"))
    assert sink.fingerprint(key) == "first"


@pytest.mark.parametrize("name", ["table", "select", "user"])
def test_a_model_may_have_a_reserved_word_as_name(sink, partition, three_rows, model, name):
    reserved = Model(
        name=name,
        title="'; DROP SCHEMA gold; --",
        inputs=(),
        grain=("area", "year"),
        columns=model.columns,
        sql="",
    )
    one = partition(three_rows, of=reserved)
    sink.write(one)
    assert sink.fingerprint(one.key) == "first"
    assert not sink.write(one).changed


def test_a_partition_without_its_model_is_a_bug(sink, partition, three_rows):
    with pytest.raises(ValueError, match="has no model that declares its table"):
        sink.write(attrs.evolve(partition(three_rows), model=None))


def test_a_failed_query_never_counts_as_a_load(sink):
    with pytest.raises(ConfigError):
        sink.query("SELECT * FROM spending")
