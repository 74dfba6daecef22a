"""Generated cubes, judged also by an oracle that knows neither SQL nor Arrow."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import attrs
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import Agreement

STATES = ("CA", "NV", "NY")
LEAVES = {"3": ("2", 1), "4": ("2", -1), "5": ("1", -1), "46": ("2", 1)}
"""Lowest lines, with the line above and the sign; 46 is for the US only."""
TENTH = Decimal("0.1")
WIDE = Context(prec=200)

cents = st.integers(-5000, 5000)


@st.composite
def exact_cubes(draw):
    """Unrounded figures in hundredths that add up, as `{(area, line): hundredths}`."""
    cube = {(s, line): draw(cents) for s in STATES for line in ("3", "4", "5")}
    for area, parts in (("W", ("CA", "NV")), ("E", ("NY",)), ("US", STATES)):
        for line in ("3", "4", "5"):
            cube[area, line] = sum(cube[part, line] for part in parts)
    cube["US", "46"] = draw(cents)
    for area in (*STATES, "W", "E", "US"):
        cube[area, "2"] = cube[area, "3"] - cube[area, "4"] + cube.get((area, "46"), 0)
        cube[area, "1"] = cube[area, "2"] - cube[area, "5"]
    return cube


def printed(cube):
    """Round as an agency does, from unrounded sums."""
    return {
        key: (Decimal(value) / 100).quantize(TENTH, ROUND_HALF_UP) for key, value in cube.items()
    }


def oracle(figures):
    """Give the totals that miss: by hand, in fractions, line by line."""
    missing = set()

    def compare(kind, key, signed):
        if figures.get(key) is None or any(figures.get(part) is None for _, part in signed):
            return
        total = sum((sign * Fraction(figures[part]) for sign, part in signed), Fraction(0))
        if abs(Fraction(figures[key]) - total) > Fraction(len(signed) + 1, 20):
            missing.add((kind, *key))

    for area in ("US", "W", "E"):
        states = {"US": STATES, "W": ("CA", "NV"), "E": ("NY",)}[area]
        for line in ("1", "2", "3", "4", "5"):
            rest = [(1, ("US", "46"))] if area == "US" and line in {"1", "2"} else []
            compare("ref_area", (area, line), [(1, (s, line)) for s in states] + rest)
    for area in (*STATES, "W", "E", "US"):
        us = [(1, ("US", "46"))] if area == "US" else []
        compare("category", (area, "2"), [(1, (area, "3")), (-1, (area, "4")), *us])
        compare("category", (area, "1"), [(1, (area, "2")), (-1, (area, "5"))])
    return missing


@pytest.fixture(scope="session")
def declared(areas, categories):
    return {
        "areas": areas("US", "W<US", "E<US", "CA<W", "NV<W", "NY<E"),
        "categories": categories("1", "2<1", "3<2", "4<-2", "5<-1", "46<2@US"),
        "additive": frozenset({"ref_area", "category"}),
    }


@pytest.fixture(scope="session")
def vintage_of(observe, declared):
    def make(figures):
        lines = [
            f"{area} {line} 2019 {'-' if value is None else value}"
            for (area, line), value in figures.items()
        ]
        return observe("\n".join(lines), **declared)

    return make


def found(result):
    return {(c["dimension"], c["ref_area"], c["category"]) for c in result.cells}


@settings(max_examples=20, deadline=None)
@given(cube=exact_cubes())
def test_sums_that_add_up_before_rounding_pass_when_printed(cube, judge, vintage_of):
    result = judge("additivity", vintage_of(printed(cube)))
    assert result.passed, result.message
    assert result.message == "27 sums checked, all correct within rounding"


@settings(max_examples=40, deadline=None)
@given(cube=exact_cubes(), data=st.data())
def test_a_planted_error_is_found_exactly_where_the_oracle_finds_it(cube, data, judge, vintage_of):
    figures = printed(cube)
    keys = sorted(figures)
    wrong = data.draw(st.sampled_from(keys))
    figures[wrong] += data.draw(st.sampled_from([1, -1])) * data.draw(
        st.sampled_from([TENTH, Decimal("0.3"), Decimal(1), Decimal(1000)])
    )
    for key in data.draw(st.sets(st.sampled_from(keys), max_size=2)) - {wrong}:
        figures[key] = None
    assert found(judge("additivity", vintage_of(figures))) == oracle(figures)


@settings(max_examples=10, deadline=None)
@given(cube=exact_cubes(), data=st.data())
def test_no_verdict_depends_on_the_order_of_rows(cube, data, judge, vintage_of, declared):
    figures = printed(cube)
    spoilt = data.draw(st.sets(st.sampled_from(sorted(figures)), max_size=3))
    for key in spoilt:
        figures[key] += 7
    current = vintage_of(figures)
    twice = data.draw(st.integers(0, len(current.table) - 1))
    table = pa.concat_tables([current.table, current.table.slice(twice, 1)])
    sibling = current.table
    dataset = attrs.evolve(
        current.dataset,
        valid_range=(Decimal(-20), Decimal(20)),
        agreements=(Agreement(dataset="OTHER", pairs=(("1", "2"), ("3", "4"))),),
    )
    order = data.draw(st.permutations(range(len(table))))
    snapshots = [
        attrs.evolve(current, dataset=dataset, table=t, siblings={"OTHER": sibling})
        for t in (table, table.take(order))
    ]
    earlier = attrs.evolve(current, table=pa.concat_tables([table, sibling]))
    for name in (
        "schema",
        "non_null_keys",
        "unique_keys",
        "row_count",
        "complete",
        "value_range",
        "stable_categories",
        "additivity",
        "agreement",
    ):
        assert judge(name, snapshots[0], earlier) == judge(name, snapshots[1], earlier)


UNIT = Decimal("1e-18")
any_figure = st.one_of(
    st.integers(1 - 10**38, 10**38 - 1),
    st.integers(-5, 5),
    st.sampled_from([10**38 - 1, 1 - 10**38, 10**37, -(10**37), 0]),
).map(lambda number: Decimal(number).scaleb(-18, WIDE))


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.tuples(any_figure, st.sampled_from([1, -1])), min_size=1, max_size=6),
    precision=st.sampled_from([UNIT, UNIT * 3, TENTH, Decimal("1e15")]),
    tolerance=st.sampled_from(["0", "1e-19", "0.5", "1e25", "1e60"]),
    data=st.data(),
)
def test_sums_of_figures_of_any_size_are_exact(  # noqa: PLR0917 - what is drawn
    parts, precision, tolerance, data, judge, observe, categories
):
    exact = sum((Fraction(value) * sign for value, sign in parts), Fraction(0))
    near = st.integers(-3, 3).map(lambda few: exact + few * Fraction(UNIT))
    total = data.draw(st.one_of(any_figure.map(Fraction), near))
    total = max(min(total, Fraction(10**38 - 1, 10**18)), Fraction(1 - 10**38, 10**18))
    published = WIDE.divide(Decimal(total.numerator), Decimal(total.denominator))
    listed = [f"{n}<{'-' if sign < 0 else ''}0" for n, (_, sign) in enumerate(parts, 1)]
    lines = [
        f"US {n} 2020 {value:f}" for n, value in enumerate((published, *(v for v, _ in parts)))
    ]
    current = observe(
        "\n".join(lines),
        categories=categories("0", *listed),
        additive=frozenset({"category"}),
        precision=precision,
    )
    result = judge("additivity", current, tolerance=tolerance)
    allowed = Fraction(precision) / 2 * (len(parts) + 1) + Fraction(tolerance)
    assert result.passed is (abs(total - exact) <= allowed), result.message
    for cell in result.cells:
        assert Fraction(cell["computed"]) == exact
        assert Fraction(cell["difference"]) == total - exact
        assert Fraction(cell["allowed"]) == allowed


@settings(max_examples=40, deadline=None)
@given(
    value=any_figure,
    bounds=st.tuples(
        *[
            st.one_of(
                any_figure,
                st.sampled_from(["-1e30", "1e30", "Infinity", "-Infinity", "5e-19", "-5e-19"]).map(
                    Decimal
                ),
            )
        ]
        * 2
    ),
)
def test_a_range_may_have_bounds_of_any_size(value, bounds, judge, observe):
    result = judge("value_range", observe(f"US 1 2020 {value:f}", valid_range=bounds))
    assert result.passed is (bounds[0] <= value <= bounds[1])


@settings(max_examples=20, deadline=None)
@given(figures=st.lists(st.tuples(any_figure, any_figure), min_size=6, max_size=8))
def test_checks_accept_figures_of_any_size(figures, judge, observe):
    texts = [
        "\n".join(f"US 1 {2000 + n} {pair[which]:f}" for n, pair in enumerate(figures))
        for which in (0, 1)
    ]
    before, current = (observe(text) for text in texts)
    other = attrs.evolve(current.dataset, agreements=(Agreement(dataset="O", pairs=(("1", "1"),)),))
    current = attrs.evolve(current, dataset=other, siblings={"O": before.table})
    for name in ("suspect_patterns", "still_shown", "agreement", "row_count"):
        judge(name, current, before)
    same = sum(one == other for one, other in figures)
    assert judge("agreement", current).failures == len(figures) - same
