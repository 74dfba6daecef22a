"""Vintages: what an agency calls a release."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.selection import EVERYTHING
from statpipe.domain.vintage import Vintage


def test_an_id_is_the_date_and_the_number_of_the_change():
    assert Vintage(released=date(2022, 10, 6)).id == "2022-10-06"
    assert Vintage(released=date(2022, 10, 6), sequence=2).id == "2022-10-06.02"
    assert Vintage(released=date(2022, 10, 6), sequence=12).id == "2022-10-06.12"


releases = st.tuples(
    st.sampled_from([date(999, 1, 1), date(2021, 12, 31), date(2022, 1, 1), date(2022, 10, 6)]),
    st.integers(1, 99),
)


@given(st.lists(releases))
def test_ids_sort_in_the_order_of_release(drawn):
    ids = {Vintage(released=day, sequence=number).id: (day, number) for day, number in drawn}
    assert [ids[text] for text in sorted(ids)] == sorted(set(drawn))


def test_changes_under_a_date_are_numbered_from_one():
    with pytest.raises(ValueError, match="'sequence' must be >= 1"):
        Vintage(released=date(2022, 10, 6), sequence=0)


def test_a_vintage_covers_everything_by_default():
    assert Vintage(released=date(2022, 10, 6)).selection == EVERYTHING
