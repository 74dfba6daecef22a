"""What a vintage did to the figures, against plain dictionaries and against BEA's real revision."""

import statistics
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path

import attrs
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.dataset import Dataset
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.revision import percent, revision_of
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.vintage import Vintage

DATASET = Dataset(name="T", title="Tea", normalizer="n")
DATA = Path(__file__).parents[2] / "data"

figures = st.dictionaries(
    st.tuples(
        st.sampled_from(["CA", "NY"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["2020", "2021"]),
    ),
    st.sampled_from(
        [None, Decimal(0), Decimal("1.5"), Decimal(-3), Decimal("1E+12"), Decimal("1E-8")]
    ),
    min_size=1,
)


def silver(cells):
    rows = [
        {
            "ref_area": area,
            "category": category,
            "time_period": year,
            "obs_value": value,
            "obs_status": "A" if value is not None else "Q",
            "source_symbol": None if value is not None else "(D)",
        }
        for (area, category, year), value in cells.items()
    ]
    return seal(observations_from_rows(rows), DATASET, "2022-10-06")


def quantile(values, share):
    """Between the two values nearest to the place, in proportion."""
    ordered = sorted(values)
    below, rest = divmod(share * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + (high - low) * rest


def report(before, after, selection=EVERYTHING):
    vintage = Vintage(released=date(2022, 10, 6), selection=selection)
    old = silver(before) if before is not None else None
    return revision_of(old, silver(after), DATASET, vintage, "2021-10-08" if before else "")


@settings(deadline=None)
@given(before=figures, after=figures)
def test_counts_and_sizes_match_the_cells(before, after):
    found = report(before, after)
    revised = {c for c in before.keys() & after.keys() if before[c] != after[c]}
    assert found.cells == len(after)
    assert found.added == len(after.keys() - before.keys())
    assert found.dropped == len(before.keys() - after.keys())
    assert (found.revised, found.overall.compared) == (
        len(revised),
        len(before.keys() & after.keys()),
    )
    sizes = {
        c: float(abs(after[c] - before[c]) / abs(before[c]) * 100)
        for c in revised
        if before[c] and after[c] is not None
    }
    if sizes:
        assert found.overall.p95_percent == pytest.approx(quantile(sizes.values(), 0.95))
        assert found.overall.largest_percent == pytest.approx(max(sizes.values()))
        assert found.overall.median_percent == pytest.approx(statistics.median(sizes.values()))
    else:
        assert found.overall.largest_percent is None
    assert set(found.by_area) == {area for area, _, _ in revised}
    assert sum(m.revised for m in found.by_area.values()) == len(revised)
    named = [(m["ref_area"], m["category"], m["time_period"]) for m in found.largest]
    assert set(named) == revised  # there are fewer than are shown
    moved = [m["percent"] for m in found.largest if m["percent"] is not None]
    assert moved == sorted(moved, key=abs, reverse=True)
    for move in found.largest:
        cell = (move["ref_area"], move["category"], move["time_period"])
        if before[cell] and after[cell] is not None:
            signed = float((after[cell] - before[cell]) / abs(before[cell]) * 100)
            assert move["percent"] == pytest.approx(signed)


def test_unrequested_cells_are_not_dropped():
    before = {("CA", "1", "2020"): Decimal(1), ("NY", "1", "2020"): Decimal(1)}
    after = {("CA", "1", "2020"): Decimal(2)}
    assert report(before, after).dropped == 1
    found = report(before, after, Selection(areas=("CA",)))
    assert (found.dropped, found.revised, found.overall.compared) == (0, 1, 1)


sizes = st.one_of(
    st.integers(1 - 10**38, 10**38 - 1),
    st.integers(-5, 5),
    st.sampled_from([10**38 - 1, 1 - 10**38]),
)


@settings(deadline=None)
@given(old=sizes, new=sizes)
def test_the_size_of_a_revision_is_right_for_figures_of_any_size(old, new):
    cell, wide = ("CA", "1", "2020"), Context(prec=99)
    before, after = ({cell: Decimal(one).scaleb(-18, wide)} for one in (old, new))
    found = report(before, after)
    assert found.revised == (old != new)
    if old and old != new:
        exact = Fraction(100 * (new - old), abs(old))
        assert found.largest[0]["percent"] == pytest.approx(float(exact), rel=1e-14)


def test_a_suppressed_figure_is_shown_by_its_marker_without_a_size():
    cell = ("CA", "1", "2020")
    (move,) = report({cell: Decimal("1852976.3")}, {cell: None}).largest
    assert (move["old"], move["new"], move["percent"]) == ("1852976.3", "(D)", None)


@pytest.mark.parametrize(
    ("old", "new", "revised"),
    [
        (("Q", "(D)"), ("N", "(L)"), 1),  # another reason for there being no figure
        (("Q", "(D)"), ("Q", "(D)"), 0),
        (("Q", None), ("O", None), 1),
    ],
)
def test_another_status_or_marker_is_a_revision_without_a_size(old, new, revised):
    cell = {"ref_area": "CA", "category": "1", "time_period": "2020"}
    tables = [
        seal(
            observations_from_rows([cell | {"obs_status": status, "source_symbol": symbol}]),
            DATASET,
            "2022-10-06",
        )
        for status, symbol in (old, new)
    ]
    found = revision_of(*tables, DATASET, Vintage(released=date(2022, 10, 6)), "x")
    assert (found.revised, found.overall.largest_percent) == (revised, None)
    assert [(m["old"], m["new"], m["percent"]) for m in found.largest] == [
        (old[1] or old[0], new[1] or new[0], None)
    ] * revised


def test_a_removed_marker_is_a_revision_of_size_zero():
    cell = {"ref_area": "CA", "category": "1", "time_period": "2020", "obs_value": Decimal("12.5")}
    tables = [
        seal(observations_from_rows([cell | {"source_symbol": mark}]), DATASET, "2022-10-06")
        for mark in ("p", None)
    ]
    found = revision_of(*tables, DATASET, Vintage(released=date(2022, 10, 6)), "x")
    assert (found.revised, found.overall.largest_percent) == (1, None)
    assert [(m["old"], m["new"], m["percent"]) for m in found.largest] == [("12.5 p", "12.5", 0.0)]


def test_a_corrected_title_is_not_a_revision():
    old, new = (
        seal(observations_from_rows([row]), DATASET, "2022-10-06")
        for row in (
            {
                "ref_area": "CA",
                "category": "1",
                "time_period": "2020",
                "obs_value": 1,
                "category_name": n,
            }
            for n in ("Tee", "Tea")
        )
    )
    vintage = Vintage(released=date(2022, 10, 6))
    assert revision_of(old, new, DATASET, vintage, "x").revised == 0


def test_the_summary_line_only_has_what_applies():
    cell = ("CA", "1", "2020")
    assert report(None, {cell: Decimal(1)}).in_words == "T 2022-10-06: first release, 1 figure"
    assert report({cell: Decimal(1)}, {cell: None}).in_words == (
        "T 2022-10-06 since 2021-10-08: 0 cells added, 1 of 1 revised, 0 dropped"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0.00 %"),
        (-0.0, "0.00 %"),
        (0.00123, "0.0012 %"),
        (-0.00123, "-0.0012 %"),
        (1.2e-9, "0.0000000012 %"),
        (1234.5, "1,234.50 %"),
        (-0.9669754481683729, "-0.97 %"),
    ],
)
def test_changes_are_shown_with_their_sign(value, text):
    assert percent(value) == text


def test_a_decrease_is_negative_and_the_largest_size_has_no_sign():
    cell = ("US", "1", "2019")
    found = report({cell: Decimal(14533254)}, {cell: Decimal(14392721)})
    (move,) = found.largest
    assert percent(move["percent"]) == "-0.97 %"
    assert move["percent"] == pytest.approx(-0.9669754)
    assert found.overall.largest_percent == -move["percent"]


def test_a_decrease_in_an_older_manifest_gets_its_sign():
    moves = [
        {"old": "14533254", "new": "14392721 p", "percent": 0.967},
        {"old": "-5", "new": "-2", "percent": 60.0},
        {"old": "100", "new": "(D)", "percent": None},
    ]
    found = attrs.evolve(report(None, {("CA", "1", "2020"): Decimal(1)}), largest=moves)
    assert [percent(move["percent"]) for move in found.largest] == ["-0.97 %", "60.00 %", "-"]
    assert attrs.evolve(found).largest == found.largest


def test_a_figure_in_another_unit_is_revised_and_has_no_percentage():
    cell = {"ref_area": "CA", "category": "1", "time_period": "2020", "unit_measure": "Dollars"}
    for new in ({"unit_measure": "Thousands of dollars"}, {"unit_mult": 3}):
        tables = [
            seal(observations_from_rows([row]), DATASET, "2022-10-06")
            for row in (cell | {"obs_value": 1000}, cell | {"obs_value": 1} | new)
        ]
        found = revision_of(*tables, DATASET, Vintage(released=date(2022, 10, 6)), "x")
        assert (found.revised, found.overall.largest_percent) == (1, None)
        assert [percent(move["percent"]) for move in found.largest] == ["-"]


@pytest.mark.parametrize(
    ("since", "also", "words"),
    [
        ("2021-10-08", (), "since 2021-10-08:"),
        ("2021-10-08", ("2020-10-08",), "since 2021-10-08 and 2020-10-08:"),
        ("2022-10-06", (), "since the last reading of the same release:"),
    ],
)
def test_the_summary_line_names_the_compared_releases(since, also, words):
    cell = ("CA", "1", "2020")
    found = attrs.evolve(
        report({cell: Decimal(1)}, {cell: Decimal(2)}), since=since, since_also=also
    )
    assert f"T 2022-10-06 {words} 0 cells added, 1 of 1 revised" in found.in_words


def test_beas_real_revision_of_2022_is_measured():
    """SAPCE1 of 6 October 2022 against SAEXP1 of 8 October 2020: all years were revised."""
    from statpipe_bea import tables
    from statpipe_bea.channels.download import file_at
    from statpipe_bea.channels.zips import table_files
    from statpipe_bea.normalizer import RegionalNormalizer

    dataset = tables.dataset("SAPCE1")

    def read(name, vintage):
        for file in table_files(file_at(DATA / name)):
            if file.table == "SAPCE1":
                return seal(
                    RegionalNormalizer().normalize(dataset, list(file.payloads)), dataset, vintage
                )
        raise AssertionError(name)

    old, new = read("SAEXP1.zip", "2020-10-08"), read("SAPCE.zip", "2022-10-06")
    found = revision_of(old, new, dataset, Vintage(released=date(2022, 10, 6)), "2020-10-08")
    assert found.in_words == (
        "SAPCE1 2022-10-06 since 2020-10-08: 2,880 cells added, 29,746 of 33,120 revised (median "
        "2.67 %, 95th percentile 23.31 %, largest 74.06 %), 0 dropped"
    )
    california = {}
    for place, table in enumerate((old, new)):
        rows = table.filter(pc.equal(table["ref_area"].cast("string"), "CA")).to_pylist()
        for row in rows:
            california.setdefault((row["category"], row["time_period"]), {})[place] = row[
                "obs_value"
            ]
    pairs = [(c[0], c[1]) for c in california.values() if len(c) == 2]
    sizes = [float(abs(b - a) / abs(a) * 100) for a, b in pairs if a != b and a]
    assert found.by_area["CA"].revised == sum(a != b for a, b in pairs)
    assert found.by_area["CA"].median_percent == pytest.approx(statistics.median(sizes))
    assert found.by_area["CA"].largest_percent == pytest.approx(max(sizes))
