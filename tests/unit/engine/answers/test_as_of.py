"""A model's table: the latest, or as of a date."""

from datetime import date
from decimal import Decimal

import attrs
import pytest
from tests.unit.engine.conftest import Office

from statpipe.api import ConfigError, ContentError, hookimpl
from statpipe.domain.model import can_take_date
from statpipe.engine.answers.as_of import (
    day_of,
    latest_rows,
    latest_table,
    rows_as_of,
    table_as_of,
)
from statpipe.engine.answers.rows import NoRows, chosen_rows
from statpipe.engine.gold.maker import gold_key
from support.tea import LATEST, cells, family, prices

MODELS = family()
CHANGES = next(model for model in MODELS if model.name == "tea_mom")
TEA = next(model for model in MODELS if model.name == "tea")


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    """Prices of March, each of which is 100 more since April. To be read only."""
    office = Office(tmp_path_factory.mktemp("office"))
    office.run()
    for name in ("black", "green"):
        office.agency.publish(name, "2024-04-01", prices(101))
    office.run()
    return office


def figures(table):
    return {
        (row["ref_area"], row["category"], row["time_period"]): row["value"]
        for row in table.to_pylist()
        if row["dataset"] == "black"
    }


@pytest.mark.parametrize(
    ("day", "first"), [("2024-03-01", 1), ("2024-03-31", 1), ("2024-04-01", 101)]
)
def test_a_model_has_the_figures_current_on_the_day(years, day, first):
    found = figures(table_as_of(years.lake, MODELS, TEA, day_of(day)))
    wanted = {cell: Decimal(price) for cell, price in prices(first).items()}
    assert found == wanted
    assert len(found) == len(cells())


def test_a_filter_by_texts_is_passed_to_the_lake(years, monkeypatch):
    """A range is not among them; whatever more the lake gives, and where nothing is there, the answer is the same."""
    asked = []
    read = years.lake.read

    def some(key, wanted):
        asked.append(wanted)
        return read(key).slice(0, 1) if wanted == {"port": ["nowhere"]} else read(key)

    monkeypatch.setattr(years.lake, "read_rows", some)
    wanted = {"grade": ["fine"], "time_period": ["2024-02:"]}
    found = latest_rows(years.lake, [LATEST], LATEST, wanted).to_pylist()
    assert asked == [{"grade": ["fine"]}]
    assert found == chosen_rows(read(gold_key(LATEST)), LATEST, wanted).to_pylist() != []
    with pytest.raises(NoRows, match="it has CAL, MOM"):
        latest_rows(years.lake, [LATEST], LATEST, {"port": ["nowhere"]})


def test_before_the_first_release_a_model_is_empty(years):
    assert len(table_as_of(years.lake, MODELS, TEA, date(2024, 2, 29))) == 0


def test_derived_figures_use_the_figures_of_the_day(years):
    found = table_as_of(years.lake, MODELS, CHANGES, date(2024, 3, 15)).to_pylist()
    (row,) = (
        r
        for r in found
        if (r["ref_area"], r["category"], r["time_period"], r["dataset"])
        == ("CAL", "fine", "2024-02", "black")
    )
    assert (row["value"], row["previous_value"]) == (Decimal("2.25"), Decimal("1.25"))


def test_a_model_without_dates_is_refused_with_the_others_listed(years):
    history = next(model for model in MODELS if model.name == "tea_history")
    with pytest.raises(ConfigError) as raised:
        table_as_of(years.lake, MODELS, history, date(2024, 3, 15))
    assert str(raised.value) == (
        "model tea_history does not depend on a date; --as-of works for tea, tea_yoy, tea_mom"
    )
    with pytest.raises(ConfigError, match="--as-of works for none"):
        table_as_of(years.lake, [LATEST], LATEST, date(2024, 3, 15))


def test_a_model_can_take_a_date_if_something_that_it_reads_can():
    assert can_take_date(MODELS, TEA)
    assert can_take_date(MODELS, CHANGES)
    assert not can_take_date(MODELS, MODELS[0])
    below = attrs.evolve(CHANGES, name="deeper", inputs=("tea_mom",))
    assert can_take_date([*MODELS, below], below)


def test_the_latest_figures_are_those_in_the_lake(years):
    assert latest_table(years.lake, [LATEST], LATEST) is years.lake.held[gold_key(LATEST)].table


def test_a_missing_table_says_what_to_run(office):
    with pytest.raises(ContentError) as raised:
        latest_table(office.lake, MODELS, CHANGES)
    assert str(raised.value) == (
        "the lake has no gold/tea_mom; run `statpipe run tea_prices` to build it"
    )


def test_infinity_means_the_latest_figures_as_in_postgresql():
    assert day_of("infinity") == date(9999, 12, 31)
    assert day_of("-infinity") == date(1, 1, 1)


@pytest.mark.parametrize("text", ["yesterday", "2021", "2021-02-30", "01.02.2021", ""])
def test_an_invalid_date_is_refused_with_an_example(text):
    with pytest.raises(ConfigError) as raised:
        day_of(text)
    assert str(raised.value) == (
        f"--as-of {text!r} is not a date; write year-month-day, such as --as-of 2021-01-01"
    )


class FamilyPlugin:
    """The standard models of the agency's figures."""

    @hookimpl
    def statpipe_models(self):
        return MODELS


def chosen(office, day, **wanted):
    rows = {name: (value,) for name, value in wanted.items()}
    return rows_as_of(office.lake, MODELS, TEA, date.fromisoformat(day), rows)


def test_rows_of_a_day_are_those_that_were_chosen(years):
    found = figures(chosen(years, "2024-03-15", ref_area="CAL"))
    assert found == {c: Decimal(p) for c, p in prices(1).items() if c[0] == "CAL"}


@pytest.fixture(scope="module")
def longer(tmp_path_factory):
    """The same, with a month more since April, and with the models of :class:`FamilyPlugin`."""
    office = Office(tmp_path_factory.mktemp("office"))
    office.watching = [FamilyPlugin()]
    office.run()
    figures_of_march = {("CAL", "fine", "2024-03"): "9.25"}
    office.agency.publish("black", "2024-04-01", prices(101) | figures_of_march)
    office.run()
    return office


@pytest.mark.parametrize(
    ("day", "wanted", "says"),
    [
        (
            "1900-01-01",
            {"ref_area": "CAL"},
            "--as-of 1900-01-01 with --area CAL: tea had no such row on that date; the first "
            "release in the lake is from 2024-03-01; use --as-of 2024-03-01 or later",
        ),
        (
            "1900-01-01",
            {},
            "--as-of 1900-01-01: tea had no such row on that date; the first release in the "
            "lake is from 2024-03-01; use --as-of 2024-03-01 or later",
        ),
        (
            "2024-03-15",
            {"time_period": "2024-03"},
            "--as-of 2024-03-15 with --period 2024-03: tea had no such row on that date; the "
            "first release with such a figure is from 2024-04-01; use --as-of 2024-04-01 or "
            "later",
        ),
        ("1900-01-01", {"ref_area": "CALC"}, "--area CALC: tea has no ref_area CALC; did you mean"),
    ],
)
def test_where_nothing_is_left_the_true_reason_is_told(longer, day, wanted, says):
    with pytest.raises(NoRows) as raised:
        chosen(longer, day, **wanted)
    assert str(raised.value).startswith(says)
