"""A table whose columns or key change: added to, or rebuilt, with its comments, views and rights."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import attrs
import pyarrow as pa
import pytest

from statpipe.api import Column, ConfigError, ContentError
from support.spending import rows, versions


def test_titles_descriptions_and_units_are_comments(sink, admin, partition, three_rows, model):
    sink.write(partition(three_rows))
    assert rows(admin, "SELECT obj_description('gold.spending'::regclass)") == [
        ("Spending by area and year",)
    ]
    column = "SELECT col_description('gold.spending'::regclass, 3)"
    assert rows(admin, column) == [("Spending [million USD]",)]
    columns = (*model.columns[:2], attrs.evolve(model.columns[2], unit="USD"), *model.columns[3:])
    sink.write(partition(three_rows, "second", of=attrs.evolve(model, columns=columns)))
    assert rows(admin, column) == [("Spending [USD]",)]


def test_a_new_column_is_added_without_touching_views(sink, admin, partition, model, three_rows):
    sink.write(partition(three_rows))
    admin.execute("CREATE VIEW public.mine AS SELECT area, value FROM gold.spending")
    more = Column(name="unit", type="text", nullable=False, description="Unit")
    wider = attrs.evolve(model, columns=(*model.columns, more))
    table = three_rows.append_column("unit", pa.array(["USD"] * 3))
    receipt = sink.write(partition(table, "second", of=wider))
    assert (receipt.inserted, receipt.updated) == (0, 3)
    assert rows(admin, "SELECT DISTINCT unit FROM gold.spending") == [("USD",)]
    assert rows(admin, "SELECT count(*) FROM public.mine") == [(3,)]
    required = "SELECT attnotnull, col_description(attrelid, attnum) FROM pg_attribute WHERE attname = 'unit' AND attrelid = 'gold.spending'::regclass"
    assert rows(admin, required) == [(True, "Unit")]


def test_a_removed_or_retyped_column_rebuilds_the_table_and_keeps_grants(
    sink, admin, partition, model, three_rows
):
    sink.write(partition(three_rows))
    admin.execute("GRANT SELECT ON gold.spending TO pg_monitor, PUBLIC")
    columns = (*model.columns[:2], attrs.evolve(model.columns[2], type="double"))
    receipt = sink.write(partition(three_rows, "second", of=attrs.evolve(model, columns=columns)))
    assert (receipt.inserted, receipt.deleted) == (3, 3)
    assert rows(admin, "SELECT value FROM gold.spending ORDER BY 1 LIMIT 1") == [(0.1,)]
    for role in ("pg_monitor", "public"):
        may = f"SELECT has_table_privilege('{role}', 'gold.spending', 'SELECT')"
        assert rows(admin, may) == [(True,)]


def test_a_table_is_not_rebuilt_if_a_view_needs_a_removed_column(
    sink, admin, partition, model, three_rows, key
):
    sink.write(partition(three_rows))
    admin.execute("CREATE VIEW public.mine AS SELECT note FROM gold.spending")
    narrower = attrs.evolve(model, columns=model.columns[:3])
    with pytest.raises(ConfigError) as caught:
        sink.write(partition(three_rows, "second", of=narrower))
    assert str(caught.value) == (
        "gold.spending must be rebuilt, but the view public.mine on it cannot be recreated: "
        'column "note" does not exist; drop or change that view, and run again'
    )
    assert sink.fingerprint(key) == partition(three_rows).fingerprint
    assert admin.execute("SELECT count(*) FROM public.mine").fetchone() == (3,)


def test_views_and_privileges_survive_a_rebuilt_table(sink, admin, partition, model, three_rows):
    sink.write(partition(three_rows))
    admin.execute("CREATE ROLE bi_of_somebody")
    try:
        admin.execute("GRANT SELECT ON gold.spending TO bi_of_somebody")
        admin.execute("CREATE VIEW public.mine AS SELECT area, value FROM gold.spending")
        admin.execute("GRANT SELECT ON public.mine TO bi_of_somebody")
        narrower = attrs.evolve(model, columns=model.columns[:3])
        receipt = sink.write(partition(three_rows, "second", of=narrower))
        assert (receipt.inserted, receipt.deleted) == (3, 3)
        assert admin.execute("SELECT count(*) FROM public.mine").fetchone() == (3,)
        for relation in ("gold.spending", "public.mine"):
            allowed = "SELECT has_table_privilege('bi_of_somebody', %s, 'SELECT')"
            assert admin.execute(allowed, (relation,)).fetchone() == (True,)
    finally:
        admin.execute("DROP OWNED BY bi_of_somebody; DROP ROLE bi_of_somebody")


def test_a_changed_grain_changes_the_key(sink, admin, partition, model, three_rows):
    sink.write(partition(three_rows))
    other = attrs.evolve(model, grain=("year", "area"))
    sink.write(partition(three_rows, "second", of=other))
    finer = attrs.evolve(
        model,
        grain=("area", "year", "released"),
        columns=(*model.columns[:5], attrs.evolve(model.columns[5], nullable=False)),
    )
    sink.write(partition(three_rows, "third", of=finer))
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'gold.spending'::regclass AND contype = 'p'"
    assert rows(admin, key) == [("PRIMARY KEY (area, year, released)",)]


def test_a_column_is_added_to_the_key_in_place(sink, admin, partition, model, three_rows):
    strict = (*model.columns[:5], attrs.evolve(model.columns[5], nullable=False))
    sink.write(partition(three_rows, of=attrs.evolve(model, columns=strict)))
    admin.execute("CREATE INDEX of_the_desk ON gold.spending (value)")
    before = versions(admin)
    finer = attrs.evolve(model, grain=("area", "year", "released"), columns=strict)
    sink.write(partition(three_rows, "second", of=finer))
    names = rows(admin, "SELECT indexname FROM pg_indexes WHERE tablename = 'spending'")
    assert ("of_the_desk",) in names
    assert versions(admin) == before


def test_a_table_is_rebuilt_if_others_depend_on_its_key(sink, admin, partition, model, three_rows):
    strict = (*model.columns[:5], attrs.evolve(model.columns[5], nullable=False))
    sink.write(partition(three_rows, of=attrs.evolve(model, columns=strict)))
    admin.execute(
        "CREATE VIEW gold.desk AS SELECT area, year, value FROM gold.spending GROUP BY area, year"
    )
    finer = attrs.evolve(model, grain=("area", "year", "released"), columns=strict)
    with pytest.raises((ConfigError, ContentError)):
        sink.write(partition(three_rows, "second", of=finer))
    assert rows(admin, "SELECT count(*) FROM gold.desk") == [(3,)]


def test_a_view_in_place_of_the_table_is_not_changed(make_sink, admin, partition, three_rows):
    admin.execute("CREATE SCHEMA gold; CREATE VIEW gold.spending AS SELECT 1 AS n")
    with pytest.raises(ConfigError, match=r"^gold\.spending is not a table; drop or rename it"):
        make_sink().write(partition(three_rows))
