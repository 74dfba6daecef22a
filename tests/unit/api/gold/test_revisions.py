"""What counts as a revision, and what it says."""

import pytest

from support.gold_figures import JULY, JUNE, MAY, figure, published, rows_of

REVISION = "old_value new_value difference percent old_status new_status"


def revision(old, new, columns=REVISION):
    found = rows_of("tea_revisions", published(MAY, old), published(JUNE, new))
    return [tuple(row[name] for name in columns.split()) for row in found]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("100", "110", (100, 110, 10, 10.0, "A", "A")),
        ("-100", "-110", (-100, -110, -10, -10.0, "A", "A")),
        ("-100", "50", (-100, 50, 150, 150.0, "A", "A")),
        ("0", "5", (0, 5, 5, None, "A", "A")),
        ("5", "0", (5, 0, -5, -100.0, "A", "A")),
        ("100", None, (100, None, None, None, "A", "Q")),
        (None, "100", (None, 100, None, None, "Q", "A")),
    ],
)
def test_a_changed_figure_is_a_revision(old, new, wanted):
    assert revision(figure(old), figure(new)) == [wanted]


def test_a_revision_has_both_releases_and_dates():
    columns = "old_vintage new_vintage revised_on time_period year"
    assert revision(figure("1"), figure("2"), columns) == [
        ("2024-05-01", "2024-06-01", JUNE, "2023", 2023)
    ]


@pytest.mark.parametrize("changed", [{"notes": "Estimated."}, {"geo_name": "Calcutta"}], ids=repr)
def test_a_change_of_texts_only_is_not_a_revision(changed):
    assert revision(figure("1"), figure("1", **changed)) == []


def test_a_changed_status_symbol_or_unit_is_a_revision():
    marks = revision(
        figure("1"), figure("1", source_symbol="e"), "difference old_symbol new_symbol"
    )
    assert marks == [(0, None, "e")]
    assert revision(figure("1"), figure("1", obs_status="E")) == [(1, 1, 0, 0.0, "A", "E")]
    units = revision(figure("1"), figure("1", unit_measure="Euros"), "old_unit new_unit")
    assert units == [("number", "Euros")]


@pytest.mark.parametrize("changed", [{"unit_measure": "Thousands"}, {"unit_mult": 3}], ids=repr)
def test_figures_in_different_units_have_no_difference(changed):
    columns = "old_value new_value difference percent"
    assert revision(figure("1"), figure("1000", **changed), columns) == [(1, 1000, None, None)]
    assert revision(figure("1"), figure("1", **changed), columns) == [(1, 1, None, None)]


def test_figures_changed_under_an_unchanged_date_are_a_revision():
    found = rows_of(
        "tea_revisions",
        published(MAY, figure("1")),
        published(MAY, figure("2"), sequence=2),
        published(JUNE, figure("4")),
    )
    columns = ("old_value", "new_value", "old_vintage", "new_vintage", "revised_on")
    assert [tuple(row[name] for name in columns) for row in found] == [
        (1, 2, "2024-05-01", "2024-05-01.02", MAY),
        (2, 4, "2024-05-01.02", "2024-06-01", JUNE),
    ]


def test_a_dropped_figure_that_returns_is_only_revised_if_it_differs():
    same = [published(MAY, figure("1")), published(JUNE), published(JULY, figure("1"))]
    other = [*same[:2], published(JULY, figure("3"))]
    assert rows_of("tea_revisions", *same) == []
    (row,) = rows_of("tea_revisions", *other)
    assert (row["old_value"], row["new_value"], row["revised_on"]) == (1, 3, JULY)
