"""Every Gold model's SQL gives the same on DuckDB over Parquet and on PostgreSQL."""

from __future__ import annotations

import io
import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from statpipe.api import Dataset, Model, Vintage, observations_from_rows
from statpipe.api.gold import gold_models
from statpipe.domain.history import Published
from statpipe.domain.seal import seal
from statpipe.engine.gold.computed import computed, connected
from statpipe.engine.gold.source_history import source_history
from statpipe.engine.record.records import held_of
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.model_order import in_order
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_site
from statpipe.engine.stages.options import Options
from statpipe.testing.history import history
from statpipe_bea.gold.models import pce_state_models
from support.tea import DATASETS, SOURCE, TeaAgency, TeaPlugin, family

BEA = pce_state_models()
TEA = family()
TYPES = {
    "text": "text",
    "integer": "bigint",
    "small": "smallint",
    "decimal": "numeric",
    "double": "double precision",
    "date": "date",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """BEA's two releases and three of the tea agency, in a lake and in PostgreSQL."""
    agency = TeaAgency(archive=True)
    for place, (month, _) in enumerate((("03", 1), ("04", 1), ("05", 1))):
        for name in DATASETS:
            agency.publish(name, f"2024-{month}-01", _prices(place, name))
    found = Registry.installed()
    registry = Registry([("tea", "statpipe-tea", "1", TeaPlugin(lambda: agency, TEA))])
    for plugin in ("bea", "lake", "postgres"):
        registry.register(plugin, f"statpipe-{plugin}", "1", _module(plugin))
    assert not found.broken
    assert not registry.broken
    configuration = Configuration(
        path=None,
        home=tmp_path_factory.mktemp("both"),
        document={
            # Few areas are many combinations: the US, states that rank, regions that do not.
            "sources": {
                "bea_pce_state": {"areas": ["US", "CA", "DC", "WY", "FWST"], "channel": "sample"}
            },
        },
        variables={},
    )
    opened = open_site(configuration, registry, "local")
    for manifest in run_sources(opened, ["bea_pce_state", SOURCE], Options()):
        assert manifest.exit_code == 0, manifest.message
    yield opened
    opened.close()


def _module(plugin: str) -> Any:
    import importlib

    return importlib.import_module(f"statpipe_{plugin}.plugin")


def _prices(place: int, name: str) -> dict[tuple[str, str, str], str]:
    """Months with a gap, a missing price, a zero, and revisions from release to release."""
    figures = {}
    for port in ("CAL", "MOM"):
        for grade in ("fine", "dust"):
            for number, month in enumerate(
                ("2022-12", "2023-01", "2023-02", "2023-04", "2024-01", "2024-02")
            ):
                figures[port, grade, month] = f"{number * 3 + place * len(grade)}.{len(name)}"
    figures["CAL", "fine", "2023-01"] = "-" if place < 2 else "7"
    figures["CAL", "dust", "2023-01"] = "0"
    if place:
        del figures["MOM", "dust", "2023-02"]
    return figures


@pytest.fixture(scope="module")
def database(site: Site):
    """A connection in which the sources' histories are relations as well."""
    address = site.sinks["postgres"].locations()["gold tables"]
    with psycopg.connect(address, autocommit=True) as connection:
        for source in ("bea_pce_state", SOURCE):
            table = source_history(site.lake, source, held_of(site.lake, source), "a test")
            _to_temporary(connection, source, table)
        yield connection


def _to_temporary(connection: Any, name: str, table: pa.Table) -> None:
    kinds = {"int8": "smallint", "date32[day]": "date", "decimal128(38, 18)": "numeric"}
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(kinds.get(str(f.type), "text")))
        for f in table.schema
    )
    connection.execute(sql.SQL("CREATE TEMP TABLE {} ({})").format(sql.Identifier(name), columns))
    plain = pa.schema(
        f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f
        for f in table.schema
    )
    out = io.BytesIO()
    pa.csv.write_csv(table.cast(plain), out, pa.csv.WriteOptions(include_header=False))
    copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(sql.Identifier(name))
    with connection.cursor().copy(copy) as stream:
        stream.write(out.getvalue())


@pytest.mark.parametrize("model", [*BEA, *TEA], ids=lambda model: model.name)
def test_the_same_sql_gives_the_same_rows(site, database, model):
    in_lake = pq.read_table(Path(site.lake.locations()["lake"]) / "gold" / model.name)
    columns = sql.SQL(", ").join(
        sql.SQL("CAST({0} AS {1})").format(sql.Identifier(c.name), sql.SQL(TYPES[c.type]))
        for c in model.columns
    )
    by_sql = database.execute(
        sql.SQL("SELECT {} FROM ({}) AS model").format(columns, sql.SQL(model.latest_sql))
    ).fetchall()
    held = database.execute(
        sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier("gold", model.name))
    ).fetchall()
    wanted = _by_grain(
        model, zip(*(in_lake[c.name].to_pylist() for c in model.columns), strict=True)
    )
    assert wanted, "a model without rows proves nothing"
    for rows in (by_sql, held):
        _are_equal(model, _by_grain(model, rows), wanted)


@pytest.mark.parametrize("day", ["2019-01-01", "2020-10-08", "2022-10-05", "2022-10-06"])
def test_both_give_the_same_rows_as_of_a_day(site, database, day):
    model = next(m for m in BEA if m.name == "pce_state")
    rows = database.execute(
        sql.SQL("SELECT * FROM gold.pce_state_as_of({})").format(
            sql.Literal(date.fromisoformat(day))
        )
    ).fetchall()
    history = pq.read_table(
        Path(site.lake.locations()["lake"]) / "gold" / "pce_state_history"
    ).to_pylist()
    at = date.fromisoformat(day)
    wanted = {
        (r["ref_area"], r["category"], r["time_period"]): (r["value"], r["vintage"])
        for r in history
        if r["realtime_start"] <= at <= r["realtime_end"]
    }
    place = {c.name: number for number, c in enumerate(model.columns)}
    assert {
        tuple(row[place[n]] for n in ("ref_area", "category", "time_period")): (
            row[place["value"]],
            row[place["vintage"]],
        )
        for row in rows
    } == wanted
    assert bool(rows) == (day >= "2020-10-08")


@pytest.mark.parametrize(
    "question",
    [
        "SELECT year, value FROM gold.pce_state WHERE ref_area = 'CA' AND category = 'SAPCE1:1'",
        "SELECT ref_area, value FROM gold.pce_state WHERE year = 2021 AND category = 'SAPCE1:1'",
        "SELECT ref_area, value FROM gold.pce_state WHERE year = 2021 AND dataset = 'SAPCE1'",
        "SELECT * FROM gold.pce_state_as_of('2021-01-01') WHERE ref_area = 'CA' AND category = 'SAPCE1:1'",
        "SELECT * FROM gold.pce_state_yoy WHERE ref_area = 'CA' AND category = 'SAPCE1:1'",
        "SELECT * FROM gold.pce_state_revisions WHERE ref_area = 'CA' AND category = 'SAPCE1:1'",
    ],
    ids=["over time", "across states", "a table across states", "as of", "yoy", "revisions"],
)
def test_common_queries_use_an_index(database, question):
    plan = "\n".join(line for (line,) in database.execute(f"EXPLAIN {question}").fetchall())
    assert "Index Scan using pce_state_history_pkey" in plan or (
        "Bitmap Index Scan on pce_state_history_year_category_idx" in plan
    )
    assert "Seq Scan on pce_state_history" not in plan
    assert "Function Scan" not in plan


FILTERS = {
    "ref_area": "CA",
    "area_name": "California",
    "geo_level": "region",
    "geo_fips": "06000",
    "state_fips": "06",
    "category": "SAPCE1:1",
    "category_name": "Gasoline",
    "dataset": "SAPCE1",
    "time_period": "2019",
    "year": 2019,
    "period_start": "2019-01-01",
}
NEEDS_OTHER_ROWS = {
    # A mean needs the years before, a rank the other states.
    "pce_state_rolling": {"time_period", "year"},
    "pce_state_rank": {"ref_area", "area_name"},
}
VIEWS = [m for m in BEA if m.materialized == "view"]


@pytest.mark.parametrize(
    ("relation", "column"),
    [
        (relation, column.name)
        for model in VIEWS
        for relation in (model.name, *([f"{model.name}_as_of(NULL)"] if model.takes_date else []))
        for column in model.columns
        if column.name in FILTERS.keys() - NEEDS_OTHER_ROWS.get(model.name, set())
    ],
)
def test_a_filter_reaches_the_tables_below_every_join_and_window(database, relation, column):
    value = FILTERS[column]
    question = sql.SQL("EXPLAIN (FORMAT JSON) SELECT * FROM gold.{} WHERE {} = {}").format(
        sql.SQL(relation), sql.Identifier(column), sql.Literal(value)
    )
    ((explained,),) = database.execute(question).fetchall()
    nodes = list(_nodes(explained[0]["Plan"]))
    filtered = [node for node in nodes if str(value) in _conditions(node)]
    assert filtered
    assert {node.get("Relation Name", node["Node Type"]) for node in filtered} <= {
        "pce_state_history",
        "pce_state_history_year_category_idx",
        "pce_state_area",
        "pce_state_category",
        "Bitmap Index Scan",
    }
    if column in {"year", "time_period"}:
        # No side of a join reads other years.
        scans = [n for n in nodes if n.get("Relation Name") == "pce_state_history"]
        joined = 2 if relation == "pce_state_yoy" else 1
        whole = [n for n in scans if str(value) not in _conditions(n) and "Index Cond" not in n]
        assert len(whole) < joined, whole


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _conditions(node: dict[str, Any]) -> str:
    return " ".join(str(text) for name, text in node.items() if name.endswith(("Cond", "Filter")))


@pytest.mark.parametrize("day", ["infinity", "9999-12-31", None])
def test_infinity_and_null_are_the_latest_figures(database, day):
    asked = "SELECT * FROM gold.pce_state_as_of(%s::date) ORDER BY 1, 2, 3, 4"
    latest = database.execute("SELECT * FROM gold.pce_state ORDER BY 1, 2, 3, 4").fetchall()
    assert database.execute(asked, (day,)).fetchall() == latest


@pytest.mark.parametrize("day", ["-infinity", "1900-01-01"])
def test_before_the_first_release_there_are_no_figures(database, day):
    asked = "SELECT count(*) FROM gold.pce_state_as_of(%s::date)"
    assert database.execute(asked, (day,)).fetchone() == (0,)


def test_states_have_the_codes_used_by_maps(database):
    codes = dict(
        database.execute("SELECT ref_area, state_fips FROM gold.pce_state_area").fetchall()
    )
    assert codes == {"CA": "06", "DC": "11", "WY": "56", "US": None, "FWST": None}


def test_the_float_column_equals_the_value(database):
    rows = database.execute("SELECT value, value_float FROM gold.pce_state").fetchall()
    assert rows
    for value, number in rows:
        assert number == (None if value is None else float(value))


def test_tables_and_views_have_their_descriptions(database):
    for model in BEA:
        titles = database.execute(
            "SELECT obj_description(to_regclass(%s), 'pg_class')", (f"gold.{model.name}",)
        ).fetchone()
        assert titles == (model.title,)
        comments = database.execute(
            "SELECT attname::text, col_description(attrelid, attnum) FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 ORDER BY attnum",
            (f"gold.{model.name}",),
        ).fetchall()
        assert comments == [(c.name, c.comment) for c in model.columns]


def test_month_on_month_only_exists_for_monthly_figures():
    assert "tea_mom" in {m.name for m in TEA}
    assert "tea_rolling" not in {m.name for m in TEA}
    assert not {m.name for m in BEA} & {"pce_state_mom", "pce_state_qoq"}
    for freq in "ASQM":
        names = {m.name for m in gold_models(name="x", source="s", title="t", freq=freq)}
        assert ("x_mom" in names) == (freq == "M")
        assert "x_yoy" in names


def _by_grain(model: Model, rows: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = [c.name for c in model.columns]
    listed = [dict(zip(names, row, strict=True)) for row in rows]
    found = {tuple(row[name] for name in model.grain): row for row in listed}
    assert len(found) == len(listed)
    return found


def _are_equal(model: Model, found: Any, wanted: Any) -> None:
    """Everything is equal; doubles to fifteen digits, since sums may be taken in another order."""
    assert found.keys() == wanted.keys()
    doubles = [c.name for c in model.columns if c.type == "double"]
    for key, row in wanted.items():
        for name, value in row.items():
            other = found[key][name]
            if name in doubles and value is not None and other is not None:
                assert math.isclose(value, other, rel_tol=1e-15), (key, name)
            elif isinstance(value, Decimal):
                assert Decimal(other) == value, (key, name)
            else:
                assert other == value, (key, name)


EVERY = gold_models(name="every", source="prices", title="Prices", freq="ASTQMWDB")
SERIES = {
    "A": ("2021", "2022", "2023", "2024"),
    "S": ("2023-S1", "2023-S2", "2024-S1"),
    "T": ("2023-T1", "2023-T3", "2024-T1"),
    "Q": ("2023-Q1", "2023-Q4", "2024-Q1"),
    "M": ("2023-01", "2023-12", "2024-01"),
    "W": ("2019-W52", "2020-W52", "2020-W53", "2021-W01", "2021-W52"),
    "D": ("2023-02-28", "2024-02-28", "2024-02-29", "2024-03-01"),
    "B": ("2023-04-28", "2024-04-26", "2024-04-29", "2025-04-28"),
}
EXTREMES = (
    "99999999999999999999.999999999999999999",
    "-99999999999999999999.999999999999999999",
    "0.000000000000000001",
    "12345678901234567890.50",
    "1.088295652173913",
    "14392721.0",
)


@pytest.fixture(scope="module")
def every(database):
    """Each frequency, with figures of all sizes, in two releases; in DuckDB, and in PostgreSQL."""
    dataset = Dataset(name="T", title="t", normalizer="n")
    releases = []
    for turn, day in enumerate((date(2025, 5, 1), date(2025, 6, 1))):
        rows = [
            {
                "ref_area": "CAL",
                "category": f"T:{freq}",
                "freq": freq,
                "time_period": period,
                "obs_value": EXTREMES[(place + turn + shift) % len(EXTREMES)],
            }
            for shift, (freq, periods) in enumerate(SERIES.items())
            for place, period in enumerate(periods)
        ]
        table = seal(observations_from_rows(rows), dataset, day.isoformat())
        releases.append(Published(vintage=Vintage(released=day), table=table))
    made = {"prices": history(releases)}
    _to_temporary(database, "prices", made["prices"])
    with connected() as duckdb:
        duckdb.register("prices", made["prices"])
        for model in in_order(EVERY):
            made[model.name] = computed(duckdb, model, model.latest_sql)
            duckdb.register(model.name, made[model.name])
            view = sql.SQL("CREATE TEMP VIEW {} AS {}")
            database.execute(view.format(sql.Identifier(model.name), sql.SQL(model.latest_sql)))
    return made


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.name)
def test_every_frequency_and_size_of_figures_gives_the_same_rows(every, database, model):
    columns = sql.SQL(", ").join(map(sql.Identifier, (c.name for c in model.columns)))
    rows = database.execute(
        sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(model.name))
    ).fetchall()
    table = every[model.name]
    wanted = zip(*(table[c.name].to_pylist() for c in model.columns), strict=True)
    _are_equal(model, _by_grain(model, rows), _by_grain(model, wanted))
