"""Pictures are well-formed SVG that says in words what it shows."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statpipe.engine.answers.pictures.heat import heat_map, shade
from statpipe.engine.answers.pictures.lines import Series, fan, lines
from statpipe.engine.answers.pictures.svg import number, path, standing_alone, steps
from statpipe.engine.answers.pictures.tiles import PLACES, tile_map

YEARS = [date(year, 1, 1) for year in range(2015, 2022)]
NAMES = {day: str(day.year) for day in YEARS}
HERE = "{http://www.w3.org/2000/svg}"


def figures(*values):
    return {day: value for day, value in zip(YEARS, values, strict=False) if value is not None}


def texts(svg):
    return ["".join(one.itertext()) for one in ET.fromstring(svg).iter(f"{HERE}text")]


@given(st.floats(-1e15, 1e15), st.floats(-1e15, 1e15))
@example(0.0, 5e-324)
@example(1e-310, 2e-310)
def test_steps_are_round_numbers_and_cover_all_figures(one, other):
    low, high = sorted((one, other))
    found = steps(low, high)
    nearly = (high - low) * 1e-6 + abs(high) * 1e-9
    assert found[0] <= low + nearly
    assert found[-1] >= high - nearly
    assert 2 <= len(found) <= 12
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("value", "written"),
    [(1500000.0, "1,500,000"), (0.0, "0"), (-0.25, "-0.25"), (1e-7, "1e-07"), (1e16, "1e+16")],
)
def test_numbers_on_an_axis_are_short(value, written):
    assert number(value) == written


def test_a_line_breaks_at_gaps_and_a_single_figure_is_a_dot():
    assert (
        path([(0, 0), (1, 1), None, (3, 3)], "x")
        == '<path class="x" d="M0.0 0.0L1.0 1.0M3.0 3.0h.01"/>'
    )
    assert path([None], "x") == ""


def test_series_are_named_where_they_end_and_described_in_words():
    svg = lines(
        [Series(name="CA", figures=figures(1, 2, None, 4)), Series(name="T&X", figures=figures(2, 2, 2, 4))],
        NAMES, "Dollars <each>", "Spending",
    )  # fmt: skip
    shown = texts(svg)
    assert {"CA", "T&X", "2015", "Dollars <each>"} <= set(shown)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.find(f"{HERE}title").text == "Spending"
    assert (
        root.find(f"{HERE}desc").text == "CA: 1 in 2015 to 4 in 2018; T&X: 2 in 2015 to 4 in 2018"
    )
    places = [float(one.get("y")) for one in root.iter(f"{HERE}text") if one.text in {"CA", "T&X"}]
    assert abs(places[0] - places[1]) >= 13  # they end at one point, and can be read


def test_without_figures_nothing_is_drawn():
    assert lines([], NAMES, "", "") == ""
    assert fan([Series(name="v", figures={})], NAMES, "", "") == ""
    assert heat_map({("v", "2015"): None}, ["2015"], ["v"], "") == ""
    assert tile_map({"CA": 1.0}, "", "") == ""


def test_the_fan_has_a_line_per_vintage_and_a_ring_per_first_figure():
    svg = fan(
        [Series(name="2020", figures=figures(1, 2, 3)), Series(name="2021", figures=figures(1, 3, 4, 5))],
        NAMES, "", "Fan",
    )  # fmt: skip
    root = ET.fromstring(svg)
    paths = [one.get("class") for one in root.iter(f"{HERE}path")]
    # One of each is in the legend.
    assert (paths.count("old"), paths.count("line s0")) == (1 + 1, 1 + 1)
    assert len([*root.iter(f"{HERE}circle")]) == 4 + 1
    assert root.find(f"{HERE}desc").text.startswith("2 vintages, from 2020 to 2021.")


def test_many_vintages_are_thinned_and_the_latest_is_kept():
    every = [Series(name=f"{n:03}", figures=figures(n, n)) for n in range(200)]
    svg = fan(every, NAMES, "", "Fan")
    paths = [one.get("class") for one in ET.fromstring(svg).iter(f"{HERE}path")]
    assert paths.count("old") <= 41
    assert "from 000 to 199" in svg


def test_the_heat_map_shows_revisions_and_missing_releases():
    moves = {("2021", "2015"): -1.5, ("2021", "2016"): None, ("2022", "2016"): 3.0}
    svg = heat_map(moves, ["2015", "2016"], ["2021", "2022"], "Revisions")
    told = [one.text for one in ET.fromstring(svg).iter(f"{HERE}title")]
    assert "2015, 2021: -1.50 %" in told
    assert "2016, 2021: not revised" in told
    assert "2015, 2022: not in this release" in told
    assert {"-1.50 %", "3.00 %"} <= set(texts(svg))
    many = [str(year) for year in range(1960, 2020)]
    narrow = heat_map({("2021", one): 1.0 for one in many}, many, ["2021"], "Revisions")
    assert "1.00 %" not in texts(narrow)


def test_decreases_and_increases_have_three_shades_each():
    assert [shade(move, (1.0, 2.0)) for move in (-3, -1, -0.5, 0, 0.5, 1, 2)] == [
        "n3", "n2", "n1", "z", "p1", "p2", "p3",
    ]  # fmt: skip


def test_every_state_has_its_own_tile():
    assert len(PLACES) == len(set(PLACES.values())) == 51
    svg = tile_map({code: float(place) for place, code in enumerate(PLACES)}, "Dollars", "Map")
    assert {"CA", "DC", "TX"} <= set(texts(svg))
    assert "CA: " in svg
    fewer = tile_map(dict.fromkeys(list(PLACES)[:40], 1.0), "Dollars", "Map")
    assert "no figure" in fewer


def test_a_separate_file_has_paper_colours_and_a_title():
    svg = standing_alone(lines([Series(name="", figures=figures(1, 2))], NAMES, "", "T"), "A & B")
    root = ET.fromstring(svg)
    assert root.get("viewBox") == "0 -28 720 368"
    assert "A & B" in texts(svg)
    assert "prefers-color-scheme" in svg


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["2020-10-08"], ["release 2020-10-08", "first release"]),
        (["2020-10-08", "2022-10-06"], ["release 2022-10-06", "2020-10-08", "first release"]),
        (["2019", "2020", "2021"], ["release 2021", "earlier releases", "first release"]),
    ],
)
def test_a_fan_explains_its_lines_and_rings(names, told):
    day = next(iter(NAMES))
    svg = fan([Series(name=name, figures={day: 1.0}) for name in names], NAMES, "", "Fan")
    assert texts(svg)[-len(told) :] == told
