"""What numbers say is what SQL says, and what SQL is not asked then."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe_checks import still_shown, suspect_patterns, unique_keys
from statpipe_checks.numbers import (
    absent,
    alike_in_a_row,
    combinations,
    numbers_of,
    repeats_a_key,
)

CELL = st.tuples(
    st.sampled_from(("US", "CA", "NY")),
    st.sampled_from(("1", "9", "10")),
    st.sampled_from(tuple(str(year) for year in range(2000, 2008))),
)
ROWS = st.dictionaries(CELL, st.sampled_from(("-", "0", "1", "2.5", "1000")), max_size=60)


@given(ROWS)
def test_a_first_vintage_gets_the_same_verdict_as_with_sql(judge, observe, figures):
    current = observe("\n".join(f"{' '.join(cell)} {value}" for cell, value in figures.items()))
    quick = [judge(name, current) for name in ("still_shown", "suspect_patterns")]
    with pytest.MonkeyPatch.context() as without:
        without.setattr(still_shown, "_may_have_gaps", lambda *_: True)
        without.setattr(suspect_patterns, "_repeats", lambda _: True)
        assert quick == [judge(name, current) for name in ("still_shown", "suspect_patterns")]


@pytest.mark.parametrize("name", ["unique_keys", "still_shown", "suspect_patterns"])
def test_a_first_vintage_without_a_fault_needs_no_database(judge, observe, monkeypatch, name):
    for module in (unique_keys, still_shown, suspect_patterns):
        monkeypatch.setattr(module, "database", None)
    rows = [
        f"{area} 1 {year} {len(area) + year}" for area in ("US", "CAL") for year in (2019, 2020)
    ]
    assert judge(name, observe("\n".join(rows))).passed


def test_a_text_with_two_codes_is_one_key():
    twice = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["US", "US", "CA"]))
    table = pa.table({"ref_area": twice})
    assert repeats_a_key(table, ["ref_area"])
    assert numbers_of(table, ["ref_area"])[0] == numbers_of(table, ["ref_area"])[1]


def test_repeats_are_found_in_any_order_of_rows():
    def table(*rows):
        names = ("ref_area", "time_period", "obs_value")
        return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))

    key = ("ref_area", "time_period")
    assert alike_in_a_row(table(("A", "2", 5), ("A", "3", 7), ("A", "1", 5)), key) == 1
    assert alike_in_a_row(table(("A", "2", 5), ("B", "1", 5)), key) == 0
    assert alike_in_a_row(table(("A", "1", 5), ("A", "2", None), ("A", "3", 5)), key) == 1
    assert alike_in_a_row(table(("A", "1", 0), ("A", "2", 0)), key) == 0


def test_each_combination_of_values_is_given_once_and_null_is_a_value():
    table = pa.table({"code": ["b", "a", None, "a", None], "sign": [1, 1, None, -1, None]})
    rows = combinations(table, ("code", "sign")).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("b", 1), ("a", 1), (None, None), ("a", -1)]
    assert len(combinations(table.slice(0, 0), ("code", "sign"))) == 0


KEYS = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("12")), unique=True)


@given(KEYS, KEYS)
def test_keys_that_are_not_in_the_other_table_are_counted(before, now):
    def table(rows):
        columns = zip(*rows, strict=True) if rows else ((), ())
        return pa.table([pa.array(c, pa.string()) for c in columns], names=["area", "period"])

    assert absent(table(before), table(now), ["area", "period"]) == len(set(before) - set(now))
