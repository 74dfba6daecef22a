"""Figures of an agency of tea, and what the standard Gold models make of them."""

from datetime import date, timedelta

import duckdb
import pyarrow as pa

from statpipe.api import Code, Dimension
from statpipe.api.gold import gold_models
from statpipe.domain.dataset import Dataset
from statpipe.domain.history import Published
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.domain.vintage import Vintage
from statpipe.engine.gold.computed import computed
from statpipe.engine.site.model_order import in_order
from statpipe.testing.history import history

MAY, JUNE, JULY = (date(2024, month, 1) for month in (5, 6, 7))
SEX = Dimension(
    id="SEX", name="Sex", codes=(Code(code="F", name="women"), Code(code="M", name="men"))
)
COMMON = ["tea_category", "tea_area", "tea_history", "tea", "tea_first_release", "tea_revisions"]
PERIODS = {
    "A": ("2022", "2023"),
    "S": ("2022-S1", "2023-S1"),
    "Q": ("2022-Q4", "2023-Q1"),
    "T": ("2022-T3", "2023-T1"),
    "M": ("2022-12", "2023-01"),
    "W": ("2022-W52", "2023-W01"),
    "D": ("2022-12-31", "2023-01-01"),
    "B": ("2022-12-30", "2023-01-02"),
}


def family(freq="A"):
    return gold_models(name="tea", source="prices", title="Prices of tea", freq=freq)


def figure(value, period="2023", area="CAL", category="T:1", **more):
    missing = value is None
    return {
        "ref_area": area,
        "category": category,
        "time_period": period,
        "obs_value": value,
        "obs_status": "Q" if missing else "A",
        "source_symbol": "(D)" if missing else None,
        **more,
    }


def published(released, *rows, freq="A", sequence=1, dataset="T", dimensions=()):
    described = Dataset(name=dataset, title="t", normalizer="n", freq=freq, dimensions=dimensions)
    vintage = Vintage(released=released, sequence=sequence)
    table = seal(observations_from_rows(rows), described, vintage.id)
    return Published(vintage=vintage, table=table)


def relations(models, *datasets):
    """A database with the source's history and every model, each made of those before it."""
    connection = duckdb.connect()
    histories = [history(vintages) for vintages in datasets]
    connection.register("prices", pa.concat_tables(histories).unify_dictionaries())
    for model in in_order(models):
        connection.register(model.name, computed(connection, model, model.latest_sql))
    return connection


def rows_of(name, *vintages, freq="A", where="true"):
    """A model's rows, out of vintages of one dataset."""
    connection = relations(family(freq), vintages)
    return connection.sql(f'SELECT * FROM "{name}" WHERE {where}').to_arrow_table().to_pylist()


def by_period(name, figures, columns, freq="A"):
    """A model's columns by period, out of one release of one series."""
    rows = [figure(value, period) for period, value in figures.items()]
    found = rows_of(name, published(MAY, *rows, freq=freq), freq=freq)
    return {row["time_period"]: tuple(row[c] for c in columns.split()) for row in found}


def before(day):
    return day - timedelta(days=1)


def of_sex(sex, row):
    """The same row with a code of a dimension in place of its category."""
    return {name: value for name, value in row.items() if name != "category"} | {"sex": sex}
