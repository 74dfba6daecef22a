"""Gold: the result of SQL on Silver must match the declaration of the model."""

from decimal import Decimal

import attrs
import pyarrow as pa
import pytest

from statpipe.api import Column, ContentError, Model, PluginError, Selection
from statpipe.engine.gold.maker import gold_key, opened_gold
from statpipe.engine.record.records import held_of
from support.tea import LATEST, SOURCE, prices


@pytest.fixture
def held(office):
    assert office.run().exit_code == 0
    return list(held_of(office.lake, SOURCE))


def make(office, held, **changes):
    model = attrs.evolve(LATEST, **changes)
    with opened_gold(office.lake, [model], lambda _: held) as gold:
        return gold.partition(model).table


def fingerprint(office, held, model=LATEST, models=()):
    with opened_gold(office.lake, [*models, model], lambda _: held) as gold:
        return gold.fingerprint(model)


def test_descriptions_units_types_and_nullability_are_in_the_schema(office, held):
    schema = make(office, held).schema
    price = schema.field("price")
    assert price.metadata == {b"description": b"Price", b"unit": b"Pounds a chest"}
    assert (price.type, price.nullable) == (pa.decimal128(38, 18), True)
    assert schema.field("port").type.value_type == pa.string()
    assert not schema.field("port").nullable
    assert schema.names == [column.name for column in LATEST.columns]


def test_rows_are_sorted_by_the_grain(office, held):
    rows = make(office, held).select(list(LATEST.grain)).to_pylist()
    assert rows == sorted(rows, key=lambda row: tuple(row.values()))
    assert len(rows) == 16


def test_the_same_inputs_give_the_same_bytes(office, held):
    one, two = (make(office, order) for order in (held, held[::-1]))
    assert one.equals(two)


@pytest.mark.parametrize(
    "sql", ["SELECT nothing FROM tea_prices", "SELEC", "SELECT 1 AS one FROM coffee"]
)
def test_failing_sql_is_a_plugin_error_in_one_line(office, held, sql):
    with pytest.raises(PluginError) as raised:
        make(office, held, sql=sql)
    text = str(raised.value)
    assert text.startswith("the SQL of model tea_latest fails: ")
    assert text.endswith("; correct or uninstall its plugin")
    assert "\n" not in text


def test_sql_may_end_in_a_comment_and_contain_special_characters(office, held):
    sql = f"{LATEST.sql} AND ref_area NOT LIKE '%{{}}' -- the end"
    assert len(make(office, held, sql=sql)) == 16


def test_sql_may_compare_a_code_with_any_text(office, held):
    """DuckDB refuses that for enumerations, so the model reads plain texts."""
    sql = f"""
        WITH RECURSIVE path AS (
            SELECT *, port AS named FROM ({LATEST.sql}) AS latest
            UNION ALL
            SELECT * REPLACE (named || ' and beyond' AS named) FROM path WHERE length(named) < 12
        )
        SELECT * EXCLUDE (named, port), max(named) AS port FROM path GROUP BY ALL
    """
    ports = make(office, held, sql=sql)["port"].to_pylist()
    assert len(ports) == 16
    assert all(port.endswith(" and beyond") for port in ports)


def test_a_declared_column_that_is_missing_is_a_plugin_error(office, held):
    more = (*LATEST.columns, Column(name="sugar", type="integer", description="Lumps"))
    with pytest.raises(PluginError, match="sugar"):
        make(office, held, columns=more)


def test_a_value_that_does_not_fit_its_type_is_a_plugin_error(office, held):
    sql = LATEST.sql.replace("obs_value AS price", "'dear' AS price")
    with pytest.raises(PluginError, match="dear"):
        make(office, held, sql=sql)


def test_a_repeated_grain_is_refused(office, held):
    with pytest.raises(PluginError) as raised:
        make(office, held, grain=("dataset", "port"))
    assert str(raised.value) == (
        "model tea_latest: 12 of 16 rows repeat dataset, port; its SQL joins too many rows, or "
        "its grain lacks a column"
    )


def test_a_missing_value_in_a_required_column_is_refused(office, held):
    columns = tuple(attrs.evolve(c, nullable=False) for c in LATEST.columns)
    sql = LATEST.sql.replace("obs_value AS price", "NULL AS price")
    with pytest.raises(ContentError, match="model tea_latest: 16 rows have no price"):
        make(office, held, columns=columns, sql=sql)


def test_a_model_without_any_input_says_what_to_run(office):
    with pytest.raises(ContentError, match="not in the lake yet; run that source first"):
        make(office, [])


def test_decimals_stay_exact(office):
    figures = dict.fromkeys(prices(), "0.10000001")
    for name in ("black", "green"):
        office.agency.publish(name, "2024-05-01", figures)
    office.run()
    table = office.lake.held[gold_key(LATEST)].table
    assert set(table["price"].to_pylist()) == {Decimal("0.10000001")}


def test_the_fingerprint_covers_the_declaration_and_the_inputs(office, held):
    one = fingerprint(office, held)
    assert fingerprint(office, held[::-1]) == one
    assert fingerprint(office, held, attrs.evolve(LATEST, sql=LATEST.sql + " ")) != one
    assert fingerprint(office, held[:1]) != one
    assert fingerprint(office, [attrs.evolve(held[0], fingerprint="g"), held[1]]) != one
    only_bronze = attrs.evolve(held[0], dataset="white", fingerprint="")
    assert fingerprint(office, [*held, only_bronze]) == one


def test_the_fingerprint_covers_the_selection(office, held):
    narrower = attrs.evolve(held[0], selection=Selection(areas=("CAL",)))
    assert fingerprint(office, [narrower, held[1]]) != fingerprint(office, held)


def test_a_model_without_input_has_no_fingerprint(office, held):
    assert fingerprint(office, []) is None
    above = attrs.evolve(LATEST, name="above", inputs=(LATEST.name,))
    assert fingerprint(office, [], above, [LATEST]) is None
    assert fingerprint(office, held, above, [LATEST]) is not None


def test_a_model_that_reads_another_follows_its_changes(office, held):
    above = Model(
        name="above",
        title="How many prices a port has",
        inputs=(LATEST.name,),
        grain=("port",),
        columns=(
            Column(name="port", type="text", description="Port", nullable=False),
            Column(name="prices", type="integer", description="How many", nullable=False),
        ),
        sql=f"SELECT port, count(*) AS prices FROM {LATEST.name} GROUP BY port",
    )
    with opened_gold(office.lake, [LATEST, above], lambda _: held) as gold:
        rows = gold.partition(above).table.to_pylist()
    assert rows == [{"port": "CAL", "prices": 8}, {"port": "MOM", "prices": 8}]
    edited = attrs.evolve(LATEST, title="Other words")
    one, two = (fingerprint(office, held, above, [model]) for model in (LATEST, edited))
    assert one != two


def test_the_latest_vintage_wins_even_if_it_arrived_first(office):
    office.agency.publish("black", "2024-04-01", prices(50))
    office.run()
    newest, *_ = [r for r in office.agency.releases if r.released == "2024-04-01"]
    office.agency.releases.remove(newest)
    office.agency.releases.insert(0, newest)
    office.agency.archive = True
    assert office.run().outcome == "loaded"
    assert len([k for k in office.lake.partitions(SOURCE) if k.dataset == "black"]) == 2
    rows = office.lake.held[gold_key(LATEST)].table.to_pylist()
    assert {r["vintage"] for r in rows if r["dataset"] == "black"} == {"2024-04-01"}
