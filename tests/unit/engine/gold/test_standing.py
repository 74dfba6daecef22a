"""The last intervals of all cells follow from the summary and the changes of the last year."""

from datetime import date
from operator import itemgetter

import pytest

from statpipe.api import ContentError, Layer, PartitionKey
from statpipe.engine.gold import standing as of_standing
from statpipe.engine.gold.changes import years_of
from statpipe.engine.gold.source_history import source_history
from statpipe.engine.gold.standing import folded_key, folded_print, source_standing
from support.silver_lake import SOURCE, SilverLake

FOLDED = PartitionKey(layer=Layer.CHANGES, owner=SOURCE, dataset="black")
CA, NY, TX = ("CA", "2020"), ("NY", "2020"), ("TX", "2020")


@pytest.fixture
def lake():
    """CA is revised each year, NY stays, TX comes and is dropped in the second year."""
    lake = SilverLake()
    lake.publish(date(2022, 1, 1), {CA: "1", NY: "1"})
    lake.publish(date(2023, 1, 1), {CA: "2", NY: "1", TX: "5"})
    lake.publish(date(2023, 2, 1), {CA: "2", NY: "1"})
    lake.publish(date(2024, 1, 1), {CA: "3", NY: ("1", None)})
    return lake


def standing(lake, keep=print):
    return source_standing(lake, SOURCE, lake.holds, "a test", keep)


def said(table):
    names = ("ref_area", "obs_value", "vintage", "realtime_start", "realtime_end")
    return sorted(tuple(str(row[name]) for name in names) for row in table.to_pylist())


def test_the_summary_has_the_last_interval_of_each_cell(lake):
    assert [(area, start, end) for area, _, _, start, end in said(standing(lake).table)] == [
        ("CA", "2023-01-01", "2023-12-31"),
        ("CA", "2024-01-01", "9999-12-31"),
        ("NY", "2022-01-01", "9999-12-31"),
        ("TX", "2023-01-01", "2023-01-31"),
    ]


def test_changed_cells_have_an_interval_that_began_or_ended_in_the_last_year(lake):
    lake.publish(date(2025, 1, 1), {CA: "3"})
    found = standing(lake)
    assert {area for area, *_ in said(found.moved)} == {"NY"}
    assert found.moves_little
    assert found.slim([]).moved["ref_area"].to_pylist() == ["NY"]


def test_its_intervals_equal_those_of_the_whole_history(lake):
    whole = said(source_history(lake, SOURCE, lake.holds, "a test"))
    assert set(said(standing(lake).history)) < set(whole)


def test_the_summary_has_the_first_date_of_each_cell(lake):
    rows = standing(lake).table.to_pylist()
    assert {(row["ref_area"], row["since"].year) for row in rows} == {
        ("CA", 2022),
        ("NY", 2022),
        ("TX", 2023),
    }


def test_a_dropped_cell_that_returns_begins_a_new_interval(lake):
    standing(lake)
    lake.publish(date(2024, 2, 1), {CA: "3", NY: "1", TX: "5"})
    assert [row[3:] for row in said(standing(lake).table) if row[0] == "TX"] == [
        ("2023-01-01", "2023-01-31"),
        ("2024-02-01", "9999-12-31"),
    ]


def test_the_summary_is_stored_beside_the_changes(lake):
    standing(lake)
    years = years_of(SOURCE, lake.holds)
    assert folded_key(years[0].key) == FOLDED
    assert lake.fingerprint(FOLDED) == folded_print(years)
    rows = lake.held[FOLDED].table.to_pylist()
    assert sorted((row["ref_area"], row["dropped"]) for row in rows) == [
        ("CA", False),
        ("NY", False),
        ("TX", False),
        ("TX", True),
    ]


def test_a_new_year_adds_the_year_before_to_the_summary(lake):
    before = lake.with_silver_alone()
    standing(lake)
    for one in (lake, before):
        one.publish(date(2025, 1, 1), {CA: "3", NY: "9"})
    lake.seen.clear()
    stands = standing(lake)
    assert [path for path in lake.seen if path.startswith("changes")] == [
        FOLDED.path,
        f"{FOLDED.path}/year=2024",
    ]
    assert said(stands.table) == said(standing(before).table)
    assert lake.held[FOLDED].fingerprint == before.held[FOLDED].fingerprint


def test_a_reader_stores_nothing(lake):
    assert said(standing(lake, keep=None).table) == said(standing(lake).table)
    reader = lake.with_silver_alone()
    standing(reader, keep=None)
    assert FOLDED not in reader.held


def test_a_damaged_summary_is_rebuilt(lake):
    whole = said(standing(lake).table)
    read = lake.read

    def torn(key):
        if key == FOLDED:
            raise ContentError("its bytes have changed")
        return read(key)

    lake.read = torn
    assert said(standing(lake).table) == whole


def test_a_source_without_data_is_reported():
    with pytest.raises(
        ContentError, match="model a test reads tea_prices, which is not in the lake"
    ):
        standing(SilverLake())


@pytest.mark.parametrize("together", [0, 4, 1_000])
def test_datasets_joined_together_stay_separate(lake, monkeypatch, together):
    """Their cells have the same keys."""
    for day, value in ((date(2022, 6, 1), "7"), (date(2023, 6, 1), "8")):
        lake.publish(day, {CA: value}, dataset="green")
        lake.publish(day, {CA: value}, dataset="white")
    monkeypatch.setattr(of_standing, "_TOGETHER", together)
    rows = standing(lake).table.to_pylist()
    alone = []
    for name in ("black", "green", "white"):
        own = [held for held in lake.holds if held.dataset == name]
        alone += source_standing(lake, SOURCE, own, "a test").table.to_pylist()
    order = itemgetter("ref_area", "category", "time_period", "dataset", "realtime_start")
    assert rows == sorted(alone, key=order)
