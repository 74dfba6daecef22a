"""The standard Gold models: which there are, and which columns they have."""

import pytest

from statpipe.api import Dimension, Instance
from statpipe.api.gold import gold_families, gold_models
from support.gold_figures import (
    COMMON,
    JUNE,
    MAY,
    PERIODS,
    SEX,
    family,
    figure,
    of_sex,
    published,
    relations,
)


@pytest.mark.parametrize(
    ("freq", "derived"),
    [
        ("A", ["tea_yoy", "tea_rolling"]),
        ("S", ["tea_yoy", "tea_hoh"]),
        ("T", ["tea_yoy", "tea_tot"]),
        ("W", ["tea_yoy", "tea_wow"]),
        ("D", ["tea_yoy", "tea_dod"]),
        ("B", ["tea_yoy", "tea_dod"]),
        ("DB", ["tea_yoy", "tea_dod"]),
        ("H", []),
        ("AM", ["tea_yoy", "tea_mom", "tea_rolling"]),
        ("Q", ["tea_yoy", "tea_qoq"]),
        ("M", ["tea_yoy", "tea_mom"]),
    ],
)
def test_the_frequency_determines_the_derived_models(freq, derived):
    assert [model.name for model in family(freq)] == COMMON + derived


@pytest.mark.parametrize("freq", PERIODS)
def test_tables_read_the_source_and_views_only_read_models(freq):
    models = family(freq)
    names = {model.name for model in models}
    assert {m.name for m in models if m.materialized == "table"} == set(COMMON[:3])
    for model in models:
        wanted = {"prices"} if model.materialized == "table" else names - {model.name}
        assert set(model.inputs) <= wanted


@pytest.mark.parametrize("freq", PERIODS)
def test_only_the_latest_figures_can_be_read_as_of_a_day(freq):
    assert [model.name for model in family(freq) if model.takes_date] == ["tea"]


@pytest.mark.parametrize("freq", PERIODS)
@pytest.mark.parametrize("names", [{}, {"sex": "Sex"}], ids=["plain", "with a dimension"])
def test_every_declared_column_is_produced_in_order(freq, names):
    rows = [figure("1", period) for period in PERIODS[freq]]
    dimensions = tuple(Dimension(id=one, name=name) for one, name in names.items())
    if dimensions:
        rows = [of_sex("F", row) for row in rows]
    models = [m.with_dimensions(names) if m.takes_dimensions else m for m in family(freq)]
    connection = relations(models, [published(MAY, *rows, freq=freq, dimensions=dimensions)])
    for model in models:
        assert connection.sql(model.latest_sql).columns == [c.name for c in model.columns]
    for name in ("tea", "tea_history", "tea_first_release", "tea_yoy"):
        assert connection.sql(f"SELECT count(*) FROM {name}").fetchall() == [(2,)]


@pytest.mark.parametrize(
    "name",
    [
        "DEPTH",
        "PATH",
        "RECENCY",
        "LAST_DAY",
        "LAST_VINTAGE",
        "SINCE",
        "UNIT",
        "VALUE",
        "YEAR",
        "TREE",
        "PLACE",
    ],
)
def test_models_have_the_column_of_a_dimension_with_any_name(name):
    one = Dimension(id=name, name="x")
    row = {k: v for k, v in figure("1").items() if k != "category"} | {one.column: "F"}
    models = [m.with_dimensions({one.column: "x"}) if m.takes_dimensions else m for m in family()]
    connection = relations(models, [published(MAY, row, dimensions=(one,))])
    for model in ("tea", "tea_category"):
        assert connection.sql(f"SELECT {one.column} FROM {model}").fetchall() == [("F",)]


def test_only_categories_and_latest_figures_have_the_dimensions_of_the_source():
    assert [m.name for m in family() if m.takes_dimensions] == ["tea_category", "tea"]


def test_figures_are_separated_and_named_by_dimension():
    rows = [
        of_sex(sex, figure(value, period))
        for period, sex, value in (
            ("2022", "F", "100"),
            ("2022", "M", "10"),
            ("2023", "F", "110"),
            ("2023", "M", "9"),
        )
    ]
    revised = [{**row, "obs_value": "20"} if row["obs_value"] == "10" else row for row in rows]
    vintages = [published(day, *r, dimensions=(SEX,)) for day, r in ((MAY, rows), (JUNE, revised))]  # fmt: skip
    models = [m.with_dimensions({"sex": "Sex"}) if m.takes_dimensions else m for m in family()]
    connection = relations(models, vintages)

    def found(columns, name, where="true"):
        return connection.sql(f"SELECT {columns} FROM {name} WHERE {where} ORDER BY ALL").fetchall()

    assert found("category, change", "tea_yoy", "year = 2023") == [("F", 10), ("M", -11)]
    assert found("category, old_value, new_value", "tea_revisions") == [("M", 10, 20)]
    assert found("category, value", "tea_first_release", "year = 2022") == [("F", 100), ("M", 10)]
    assert found("category, figures_3y", "tea_rolling", "year = 2023") == [("F", 2), ("M", 2)]
    assert found("sex, sex_name, value", "tea", "year = 2022") == [
        ("F", "women", 100),
        ("M", "men", 20),
    ]
    assert found("category, category_name, sex", "tea_category") == [
        ("F", "women", "F"),
        ("M", "men", "M"),
    ]


def test_without_figures_the_models_are_empty():
    connection = relations(family(), [published(MAY)])
    for model in family():
        assert connection.sql(f"SELECT count(*) FROM {model.name}").fetchall() == [(0,)]


def test_each_instance_of_a_component_has_its_own_family():
    told = {"source": "tea", "title": "Tea", "freq": "M"}
    instances = [
        Instance(name="tea_west", component="tea", gold="west"),
        Instance(name="rates", component="sdmx", gold="rates"),
    ]
    own = gold_models(name="tea_figures", **told)
    west = gold_models(name="west", **told | {"source": "tea_west"})
    assert gold_families(name="tea_figures", **told) == own
    assert gold_families(name="tea_figures", **told, instances=instances) == [*own, *west]


@pytest.mark.parametrize("freq", ["X", "AX", "", None])
def test_an_unknown_frequency_is_refused_with_the_familys_name(freq):
    with pytest.raises(ValueError, match=r"Gold models tea: freq is .*; expected a code of SDMX"):
        gold_models(name="tea", source="prices", title="Prices of tea", freq=freq)
