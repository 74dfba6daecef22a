"""The latest figures, the history and the first release."""

from datetime import date
from decimal import Decimal

from support.gold_figures import (
    JULY,
    JUNE,
    MAY,
    before,
    family,
    figure,
    published,
    relations,
    rows_of,
)


def test_figures_can_be_read_as_of_the_last_day_or_any_day():
    vintages = [published(MAY, figure("1")), published(JUNE, figure("2")), published(JULY)]
    connection = relations(family(), vintages)
    latest = next(model for model in family() if model.name == "tea")

    def values(day):
        return connection.sql(f"SELECT value FROM ({latest.sql_as_of(day)})").fetchall()

    assert values(f"DATE '{before(MAY)}'") == []
    assert values(f"DATE '{MAY}'") == values(f"DATE '{before(JUNE)}'") == [(1,)]
    assert values(f"DATE '{JUNE}'") == values(f"DATE '{before(JULY)}'") == [(2,)]
    assert values(f"DATE '{JULY}'") == connection.sql("SELECT value FROM tea").fetchall() == []


def test_a_figure_has_the_names_of_its_area_and_category():
    described = {"geo_name": "Calcutta", "geo_level": "port", "category_name": "Dust"}
    (row,) = rows_of("tea", published(MAY, figure("0.00000001", **described, unit_mult=6)))
    assert (row["area_name"], row["geo_level"], row["category_name"]) == tuple(described.values())
    assert (row["value"], row["unit_mult"], row["year"]) == (Decimal("0.00000001"), 6, 2023)
    assert (row["vintage"], row["realtime_start"]) == ("2024-05-01", MAY)


def test_a_figure_replaced_under_its_own_date_is_only_in_the_history():
    vintages = [published(MAY, figure("1")), published(MAY, figure("2"), sequence=2)]
    found = rows_of("tea_history", *vintages)
    assert [(r["value"], r["vintage"], r["realtime_end"]) for r in found] == [
        (1, "2024-05-01", before(MAY)),
        (2, "2024-05-01.02", date(9999, 12, 31)),
    ]
    assert [row["value"] for row in rows_of("tea", *vintages)] == [2]


def test_the_first_release_does_not_change_with_later_releases():
    found = rows_of(
        "tea_first_release",
        published(MAY, figure("1", "2021"), figure(None, "2022"), figure("5", "2020")),
        published(JUNE, figure("2", "2021"), figure("3", "2022"), figure("4", "2023")),
        published(JULY, figure("2", "2021"), figure("3", "2022"), figure("6", "2020")),
    )
    assert {row["year"]: (row["value"], row["obs_status"], row["vintage"]) for row in found} == {
        2020: (5, "A", "2024-05-01"),
        2021: (1, "A", "2024-05-01"),
        2022: (None, "Q", "2024-05-01"),
        2023: (4, "A", "2024-06-01"),
    }


def test_the_first_of_two_vintages_of_one_date_is_the_first_release():
    vintages = [published(MAY, figure("1")), published(MAY, figure("2"), sequence=2)]
    assert [row["value"] for row in rows_of("tea_first_release", *vintages)] == [1]
