"""Gold: SQL over Silver, held to what the model declares."""

from decimal import Decimal

import attrs
import pyarrow as pa
import pytest

from statpipe.api import Column, ContentError, PluginError
from statpipe.engine.gold import gold_fingerprint, gold_key, gold_partition
from statpipe.engine.records import held_of
from support.tea import LATEST, SOURCE, prices


@pytest.fixture
def held(office):
    assert office.run().exit_code == 0
    return [(SOURCE, one) for one in held_of(office.lake, SOURCE)]


def make(office, held, **changes):
    return gold_partition(attrs.evolve(LATEST, **changes), held, office.lake, "f").table


def test_descriptions_units_types_and_nullability_are_in_the_schema(office, held):
    schema = make(office, held).schema
    price = schema.field("price")
    assert price.metadata == {b"description": b"Price", b"unit": b"Pounds a chest"}
    assert (price.type, price.nullable) == (pa.decimal128(28, 8), True)
    assert schema.field("port").type == pa.string()
    assert not schema.field("port").nullable
    assert schema.names == [column.name for column in LATEST.columns]


def test_rows_stand_in_the_order_of_the_grain(office, held):
    rows = make(office, held).select(list(LATEST.grain)).to_pylist()
    assert rows == sorted(rows, key=lambda row: tuple(row.values()))
    assert len(rows) == 16


def test_the_same_inputs_give_the_same_bytes(office, held):
    one, two = (make(office, order) for order in (held, held[::-1]))
    assert one.equals(two)


@pytest.mark.parametrize(
    "sql", ["SELECT nothing FROM tea_prices", "SELEC", "SELECT 1 AS one FROM coffee"]
)
def test_sql_that_fails_is_a_broken_plugin_in_one_line(office, held, sql):
    with pytest.raises(PluginError) as raised:
        make(office, held, sql=sql)
    text = str(raised.value)
    assert text.startswith("the SQL of model tea_latest fails: ")
    assert text.endswith("; correct or uninstall its plugin")
    assert "\n" not in text


def test_a_column_that_is_declared_and_not_made_is_a_broken_plugin(office, held):
    more = (*LATEST.columns, Column(name="sugar", type="integer", description="Lumps"))
    with pytest.raises(PluginError, match="sugar"):
        make(office, held, columns=more)


def test_a_value_that_its_type_cannot_hold_is_a_broken_plugin(office, held):
    sql = LATEST.sql.replace("obs_value AS price", "'dear' AS price")
    with pytest.raises(PluginError, match="dear"):
        make(office, held, sql=sql)


def test_a_repeated_grain_is_refused(office, held):
    with pytest.raises(PluginError) as raised:
        make(office, held, grain=("dataset", "port"))
    assert str(raised.value) == (
        "model tea_latest: 12 of 16 rows repeat dataset, port; its SQL joins too much, or its "
        "grain lacks a column"
    )


def test_a_missing_value_is_refused_where_there_must_be_one(office, held):
    columns = tuple(attrs.evolve(c, nullable=False) for c in LATEST.columns)
    sql = LATEST.sql.replace("obs_value AS price", "NULL AS price")
    with pytest.raises(ContentError, match="model tea_latest: 16 rows have no price"):
        make(office, held, columns=columns, sql=sql)


def test_a_model_without_any_input_says_what_to_run(office):
    with pytest.raises(ContentError, match="the lake holds nothing; run it first"):
        make(office, [])


def test_decimals_stay_exact(office):
    figures = dict.fromkeys(prices(), "0.10000001")
    for name in ("black", "green"):
        office.agency.publish(name, "2024-05-01", figures)
    office.run()
    table = office.lake.held[gold_key(LATEST)].table
    assert set(table["price"].to_pylist()) == {Decimal("0.10000001")}


def test_the_fingerprint_is_over_the_declaration_and_what_is_read(held):
    one = gold_fingerprint(LATEST, held)
    assert gold_fingerprint(LATEST, held[::-1]) == one
    assert gold_fingerprint(attrs.evolve(LATEST, sql=LATEST.sql + " "), held) != one
    assert gold_fingerprint(LATEST, held[:1]) != one
    other = [(SOURCE, attrs.evolve(held[0][1], fingerprint="g")), held[1]]
    assert gold_fingerprint(LATEST, other) != one
    only_bronze = (SOURCE, attrs.evolve(held[0][1], dataset="white", fingerprint=""))
    assert gold_fingerprint(LATEST, [*held, only_bronze]) == one


def test_the_latest_vintage_wins_though_it_arrived_first(office):
    office.agency.publish("black", "2024-04-01", prices(50))
    office.run()
    newest, *_ = [r for r in office.agency.releases if r.released == "2024-04-01"]
    office.agency.releases.remove(newest)
    office.agency.releases.insert(0, newest)
    office.agency.archive = True
    assert office.run().outcome == "loaded"
    assert len([k for k in office.lake.held if k.dataset == "black"]) == 2
    rows = office.lake.held[gold_key(LATEST)].table.to_pylist()
    assert {r["vintage"] for r in rows if r["dataset"] == "black"} == {"2024-04-01"}
