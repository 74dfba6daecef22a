"""What was asked for, and what is therefore neither missing nor deleted."""

import itertools

import attrs
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.selection import EVERYTHING, Selection

AREAS, CATEGORIES, PERIODS = ("AL", "CA"), ("T:1", "T:2"), ("2019", "2020")
CELLS = list(itertools.product(AREAS, CATEGORIES, PERIODS))


def some_of(codes):
    return st.one_of(st.none(), st.lists(st.sampled_from(codes)))


selections = st.builds(
    Selection, areas=some_of(AREAS), categories=some_of(CATEGORIES), periods=some_of(PERIODS)
)


def inside(selection, cell):
    wanted = (selection.areas, selection.categories, selection.periods)
    return all(codes is None or code in codes for codes, code in zip(wanted, cell, strict=True))


def table(cells, *, coded):
    columns = zip(*cells, strict=True) if cells else ((), (), ())
    arrays = [pa.array(column, pa.string()) for column in columns]
    if coded:
        arrays = [array.dictionary_encode() for array in arrays]
    return pa.table(dict(zip(("ref_area", "category", "time_period"), arrays, strict=True)))


def test_everything_covers_every_selection_and_nothing_else_covers_it():
    assert EVERYTHING.covers(EVERYTHING)
    assert EVERYTHING.covers(Selection(areas=["CA"]))
    assert not Selection(areas=["CA"]).covers(EVERYTHING)


def test_order_and_repetition_do_not_matter():
    one, other = Selection(areas=["US", "CA", "US"]), Selection(areas=("CA", "US"))
    assert one == other
    assert hash(one) == hash(other)
    assert one.areas == ("CA", "US")


def test_periods_are_kept_in_one_form_whatever_their_spelling():
    usual = Selection(periods=["2023M01", "2023Q1", "2023-D031", "2023-W5", "2023-A1"])
    assert usual.periods == ("2023", "2023-01", "2023-01-31", "2023-Q1", "2023-W05")
    assert usual == Selection(periods=usual.periods)


@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("asked", ["2023M01", "2023-01"])
def test_rows_of_a_normalizer_may_spell_periods_differently(asked, coded):
    spelled = ("2023M01", "2023-M1", "2023-01", "2023-02", "2023")
    rows = table([("CA", "T:1", period) for period in spelled], coded=coded)
    held = Selection(periods=[asked]).rows_of(rows)
    assert held["time_period"].to_pylist() == ["2023M01", "2023-M1", "2023-01"]


def test_a_selection_of_no_area_is_not_a_selection_of_all():
    nothing = Selection(areas=[])
    assert nothing != EVERYTHING
    assert not nothing.covers(Selection(areas=["CA"]))
    assert nothing.rows_of(table(CELLS, coded=True)).num_rows == 0


def test_a_selection_cannot_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        EVERYTHING.areas = ("CA",)


@given(selections, st.lists(st.sampled_from(CELLS)), st.booleans())
def test_a_selection_keeps_its_rows_in_their_order(selection, cells, coded):
    kept = selection.rows_of(table(cells, coded=coded)).to_pylist()
    assert [tuple(row.values()) for row in kept] == [c for c in cells if inside(selection, c)]


@given(selections, selections)
def test_a_covering_selection_includes_all_cells_of_the_covered_one(one, other):
    if one.covers(other):
        assert all(inside(one, cell) for cell in CELLS if inside(other, cell))


@given(selections, selections, selections)
def test_covering_is_a_partial_order(one, two, three):
    assert one.covers(one)
    if one.covers(two) and two.covers(three):
        assert one.covers(three)
    if one.covers(two) and two.covers(one):
        assert one == two
