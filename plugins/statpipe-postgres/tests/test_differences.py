"""A table whose content is known only gets the difference."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pyarrow as pa

from statpipe_postgres.encode import csv_batches


def test_a_known_table_only_gets_the_difference(sink, admin, partition, three_rows, monkeypatch):
    sink.write(partition(three_rows))
    sent = []
    monkeypatch.setattr(
        "statpipe_postgres.load.csv_batches",
        lambda rows, model: sent.append(len(rows)) or csv_batches(rows, model),
    )
    revised = pa.concat_tables([three_rows.slice(0, 1), three_rows.slice(2, 1)])
    place = revised.schema.get_field_index("value")
    values = pa.array(
        [Decimal("7.5"), revised["value"][1].as_py()], revised.schema.field(place).type
    )
    revised = revised.set_column(place, revised.schema.field(place), values)
    known = attrs.evolve(partition(revised, "second"), previous=partition(three_rows))
    receipt = sink.write(known)
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 1, 1)
    assert sent == [1, 1]
    stands = admin.execute("SELECT value FROM gold.spending ORDER BY area, year").fetchall()
    assert sorted(v for (v,) in stands if v is not None) == sorted(
        v for v in revised["value"].to_pylist() if v is not None
    )


def test_new_rows_of_a_known_table_are_copied_without_a_lookup(sink, admin, partition, table_of):
    few = table_of(*(("CA", year, "1", None, None) for year in range(100)))
    many = table_of(*(("CA", year, "1", None, None) for year in range(5_000)))
    sink.write(partition(few))
    compared = sink.write(partition(many, "compared"))
    admin.execute("DROP TABLE gold.spending")
    sink.write(partition(few))
    known = sink.write(attrs.evolve(partition(many, "known"), previous=partition(few)))
    assert known.inserted == compared.inserted == 4_900
    assert known.wal_bytes < 0.8 * compared.wal_bytes


def test_an_unknown_table_is_compared_row_by_row(sink, partition, three_rows):
    sink.write(partition(three_rows, "first"))
    elsewhere = attrs.evolve(
        partition(three_rows, "third"), previous=partition(three_rows.slice(0, 0), "second")
    )
    receipt = sink.write(elsewhere)
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 0)
