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


def test_a_first_load_makes_the_table_and_says_what_it_holds(
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


def test_figures_show_as_published_without_trailing_zeros(sink, admin, partition, table_of):
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


def test_a_missing_text_and_an_empty_one_are_kept_apart(sink, admin, partition, table_of):
    texts = (None, "", " ", "NULL", "\\N", 'quo"te', "a,b", "two\nlines", "\\.", "ñandú")
    table = table_of(*(("CA", year, None, text, None) for year, text in enumerate(texts)))
    sink.write(partition(table))
    shown = rows(admin, "SELECT note FROM gold.spending ORDER BY year")
    assert shown == [(text,) for text in texts]


def test_the_same_fingerprint_writes_nothing_at_all(sink, admin, partition, three_rows):
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
def test_any_change_of_any_value_counts_from_and_to_missing(
    sink, admin, partition, table_of, place, value
):
    old = ["CA", 2023, "0.1", "x", 1.0]
    new = [*old[:place], value, *old[place + 1 :]]
    sink.write(partition(table_of(old)))
    assert sink.write(partition(table_of(new), "second")).updated == 1
    assert sink.write(partition(table_of(old), "third")).updated == 1
    assert sink.write(partition(table_of(old), "fourth")).updated == 0


def test_rows_that_are_gone_are_deleted(sink, admin, partition, table_of, three_rows):
    sink.write(partition(three_rows))
    receipt = sink.write(partition(three_rows.slice(0, 1), "second"))
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 2)
    assert len(rows(admin)) == 1
    assert sink.write(partition(table_of(), "third")).deleted == 1


def test_a_table_that_somebody_dropped_is_loaded_again(sink, admin, partition, three_rows, key):
    sink.write(partition(three_rows))
    admin.execute("DROP TABLE gold.spending")
    assert sink.fingerprint(key) is None
    assert sink.write(partition(three_rows)).inserted == 3


def test_a_model_of_nothing_but_its_grain_can_be_loaded(sink, admin, partition, model, three_rows):
    bare = attrs.evolve(model, columns=model.columns[:2])
    sink.write(partition(three_rows, of=bare))
    receipt = sink.write(partition(three_rows.slice(1), "second", of=bare))
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 1)


<<<<<<< HEAD
=======
def test_a_new_column_is_added_under_the_views_of_analysts(
    sink, admin, partition, model, three_rows
):
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


def test_a_removed_or_retyped_column_makes_the_table_anew_and_keeps_grants(
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


def test_a_table_that_must_be_made_anew_is_left_alone_if_a_view_needs_what_is_gone(
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


def test_views_and_rights_of_others_survive_a_table_that_is_made_anew(
    sink, admin, partition, model, three_rows
):
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


>>>>>>> 040b7a1 (Messages and docstrings of the API, the domain, the engine and the plugins are in plain English)
def test_loading_the_same_again_writes_no_row_and_no_log(sink, partition, three_rows):
    first = sink.write(partition(three_rows))
    assert (first.inserted, first.updated, first.deleted) == (3, 0, 0)
    assert first.wal_bytes > 0
    again = sink.write(partition(three_rows))
    assert (again.inserted, again.updated, again.deleted, again.wal_bytes) == (0, 0, 0, 0)
    assert not again.changed


def test_the_same_rows_under_another_fingerprint_write_just_that(sink, partition, three_rows):
    first = partition(three_rows)
    sink.write(first)
    for other in (
        partition(three_rows, "second"),
        attrs.evolve(partition(three_rows, "third"), previous=partition(three_rows, "second")),
    ):
        receipt = sink.write(other)
        assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 0)


<<<<<<< HEAD
=======
def test_a_table_that_is_known_is_sent_the_difference_alone(
    sink, admin, partition, three_rows, monkeypatch
):
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


def test_what_comes_to_a_known_table_is_copied_into_it_and_not_looked_for(
    sink, admin, partition, table_of
):
    few = table_of(*(("CA", year, "1", None, None) for year in range(100)))
    many = table_of(*(("CA", year, "1", None, None) for year in range(5_000)))
    sink.write(partition(few))
    compared = sink.write(partition(many, "compared"))
    admin.execute("DROP TABLE gold.spending")
    sink.write(partition(few))
    known = sink.write(attrs.evolve(partition(many, "known"), previous=partition(few)))
    assert known.inserted == compared.inserted == 4_900
    assert known.wal_bytes < 0.8 * compared.wal_bytes


def test_what_is_not_known_to_be_held_is_compared_row_by_row(sink, partition, three_rows):
    sink.write(partition(three_rows, "first"))
    elsewhere = attrs.evolve(
        partition(three_rows, "third"), previous=partition(three_rows.slice(0, 0), "second")
    )
    receipt = sink.write(elsewhere)
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (0, 0, 0)


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


def test_a_column_joins_the_key_in_place(sink, admin, partition, model, three_rows):
    strict = (*model.columns[:5], attrs.evolve(model.columns[5], nullable=False))
    sink.write(partition(three_rows, of=attrs.evolve(model, columns=strict)))
    admin.execute("CREATE INDEX of_the_desk ON gold.spending (value)")
    before = versions(admin)
    finer = attrs.evolve(model, grain=("area", "year", "released"), columns=strict)
    sink.write(partition(three_rows, "second", of=finer))
    names = rows(admin, "SELECT indexname FROM pg_indexes WHERE tablename = 'spending'")
    assert ("of_the_desk",) in names
    assert versions(admin) == before


def test_where_others_depend_on_the_key_a_table_is_made_anew_as_ever(
    sink, admin, partition, model, three_rows
):
    strict = (*model.columns[:5], attrs.evolve(model.columns[5], nullable=False))
    sink.write(partition(three_rows, of=attrs.evolve(model, columns=strict)))
    admin.execute(
        "CREATE VIEW gold.desk AS SELECT area, year, value FROM gold.spending GROUP BY area, year"
    )
    finer = attrs.evolve(model, grain=("area", "year", "released"), columns=strict)
    with pytest.raises((ConfigError, ContentError)):
        sink.write(partition(three_rows, "second", of=finer))
    assert rows(admin, "SELECT count(*) FROM gold.desk") == [(3,)]


def test_a_view_in_the_place_of_the_table_is_not_touched(make_sink, admin, partition, three_rows):
    admin.execute("CREATE SCHEMA gold; CREATE VIEW gold.spending AS SELECT 1 AS n")
    with pytest.raises(ConfigError, match=r"^gold\.spending is not a table; drop or rename it"):
        make_sink().write(partition(three_rows))


>>>>>>> 040b7a1 (Messages and docstrings of the API, the domain, the engine and the plugins are in plain English)
def test_repeated_grain_is_refused_and_nothing_is_published(
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
def test_a_model_may_be_named_as_sql_pleases_to_reserve(sink, partition, three_rows, model, name):
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


<<<<<<< HEAD
=======
def test_state_and_figures_appear_in_one_transaction(
    make_sink, admin, partition, three_rows, table_of, key, monkeypatch
):
    sink = make_sink()
    sink.write(partition(three_rows))
    seen = []

    def look_then_fail(*_):
        seen.append((sink_2.fingerprint(key), len(rows(admin))))
        raise KeyboardInterrupt

    sink_2 = make_sink()
    monkeypatch.setattr("statpipe_postgres.operations.hold", look_then_fail)
    with pytest.raises(KeyboardInterrupt):
        sink.write(partition(table_of(("TX", 2020, "1", None, None)), "second"))
    assert seen == [("first", 3)]
    assert len(rows(admin)) == 3
    monkeypatch.undo()
    assert sink.write(partition(three_rows.slice(1), "third")).deleted == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_server_process_killed_in_the_middle_of_a_load_changes_nothing(
    sink, admin, partition, three_rows, table_of, key, monkeypatch, first
):
    if not first:
        sink.write(partition(three_rows))
    held = sink.fingerprint(key)

    def batches(table, model):
        yield b'"TX",2020,1,,,\n'
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'statpipe' AND datname = current_database()"
        )
        for number in range(2000):
            yield f'"TX",{number + 3000},1,,,\n'.encode() * 1

    monkeypatch.setattr("statpipe_postgres.load.csv_batches", batches)
    with pytest.raises(Unavailable, match=r"loading gold\.spending: .*(terminating|closed|lost)"):
        sink.write(partition(three_rows, "second"))
    monkeypatch.undo()
    assert sink.fingerprint(key) == held
    assert len(rows(admin, "SELECT to_regclass('gold.spending')::text")) == 1
    assert sink.write(partition(three_rows, "second")).inserted == (3 if first else 0)


def test_two_processes_at_once_load_once(make_sink, partition, three_rows, admin):
    sinks = [make_sink() for _ in range(4)]
    receipts = []
    threads = [
        threading.Thread(target=lambda s=s: receipts.append(s.write(partition(three_rows))))
        for s in sinks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.inserted for receipt in receipts) == [0, 0, 0, 3]


def test_a_load_that_waits_too_long_for_another_gives_up(make_sink, partition, three_rows, dsn):
    sink = make_sink(lock_timeout=1)
    sink.write(partition(three_rows))
    with psycopg.connect(dsn) as other:
        other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('statpipe table gold.spending', 0))"
        )
        with pytest.raises(Unavailable, match=r"lock timeout; another session holds the lock"):
            sink.write(partition(three_rows.slice(1), "second"))


def test_analysts_read_the_old_figures_while_new_ones_are_loaded(sink, dsn, partition, three_rows):
    sink.write(partition(three_rows))
    with psycopg.connect(dsn) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert len(rows(reader)) == 3
        sink.write(partition(three_rows.slice(1), "second"))
        assert len(rows(reader)) == 3


>>>>>>> 040b7a1 (Messages and docstrings of the API, the domain, the engine and the plugins are in plain English)
def test_a_partition_without_its_model_is_a_bug(sink, partition, three_rows):
    with pytest.raises(ValueError, match="no model that declares its table"):
        sink.write(attrs.evolve(partition(three_rows), model=None))


def test_the_error_of_a_query_never_counts_as_a_load(sink):
    with pytest.raises(ConfigError):
        sink.query("SELECT * FROM spending")
