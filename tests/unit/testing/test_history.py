"""The history of figures: what each vintage says, as intervals of days."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.canonical import canonical
from statpipe.domain.dataset import Dataset
from statpipe.domain.dimension import Dimension
from statpipe.domain.history import STATEMENT, Published, history_schema
from statpipe.domain.observation import CELL, observations_from_rows, silver_schema
from statpipe.domain.period import FOREVER
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.vintage import Vintage
from statpipe.testing.history import history

PLAIN = Dataset(name="T", title="t", normalizer="n")
BY_SEX = Dataset(name="T", title="t", normalizer="n", dimensions=(Dimension(id="sex", name="Sex"),))
MAY, JUNE, JULY, AUGUST = (date(2024, month, 1) for month in (5, 6, 7, 8))


def figure(value="1.5", area="CA", **more):
    return {
        "ref_area": area,
        **({} if "sex" in more else {"category": "T:1"}),
        "time_period": "2020",
        "obs_value": value,
        "obs_status": "Q" if value is None else "A",
        **more,
    }


def published(released, *rows, sequence=1, selection=EVERYTHING, dataset=PLAIN):
    vintage = Vintage(released=released, sequence=sequence, selection=selection)
    table = seal(observations_from_rows(rows), dataset, vintage.id)
    return Published(vintage=vintage, table=table)


def intervals(*vintages):
    """Area, figure, release that set it, and both days, in the order of the table."""
    return [
        (
            row["ref_area"],
            None if row["obs_value"] is None else f"{row['obs_value'].normalize():f}",
            row["vintage"],
            row["realtime_start"],
            row["realtime_end"],
        )
        for row in history(vintages).to_pylist()
    ]


def before(day):
    return day - timedelta(days=1)


def test_a_single_vintage_is_current_since_its_release():
    assert intervals(published(MAY, figure())) == [("CA", "1.5", "2024-05-01", MAY, FOREVER)]


def test_a_revision_ends_one_interval_and_begins_another_without_a_gap():
    assert intervals(published(MAY, figure("1")), published(JUNE, figure("2"))) == [
        ("CA", "1", "2024-05-01", MAY, before(JUNE)),
        ("CA", "2", "2024-06-01", JUNE, FOREVER),
    ]


def test_a_repeated_figure_stays_one_interval_of_its_first_release():
    found = intervals(*(published(day, figure()) for day in (MAY, JUNE, JULY)))
    assert found == [("CA", "1.5", "2024-05-01", MAY, FOREVER)]


def test_a_figure_that_returns_to_its_value_has_three_intervals():
    found = intervals(
        published(MAY, figure("1")), published(JUNE, figure("2")), published(JULY, figure("1"))
    )
    assert [row[1:] for row in found] == [
        ("1", "2024-05-01", MAY, before(JUNE)),
        ("2", "2024-06-01", JUNE, before(JULY)),
        ("1", "2024-07-01", JULY, FOREVER),
    ]


def test_a_missing_figure_ends_the_day_before_the_release():
    both = (figure("1"), figure("2", "NY"))
    assert intervals(published(MAY, *both), published(JUNE, figure("1"))) == [
        ("CA", "1", "2024-05-01", MAY, FOREVER),
        ("NY", "2", "2024-05-01", MAY, before(JUNE)),
    ]


@pytest.mark.parametrize("value", ["2", "3"])
def test_a_dropped_figure_that_returns_begins_a_new_interval(value):
    found = intervals(
        published(MAY, figure("1"), figure("2", "NY")),
        published(JUNE, figure("1")),
        published(JULY, figure("1")),
        published(AUGUST, figure("1"), figure(value, "NY")),
    )
    assert found[1:] == [
        ("NY", "2", "2024-05-01", MAY, before(JUNE)),
        ("NY", value, "2024-08-01", AUGUST, FOREVER),
    ]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(areas=("CA",)),
        Selection(areas=("CA", "NY"), categories=("T:2",)),
        Selection(areas=("NY",), periods=("2019", "2021")),
    ],
    ids=repr,
)
def test_an_unrequested_figure_continues(selection):
    found = intervals(
        published(MAY, figure("2", "NY")),
        published(JUNE, selection=selection),
        published(JULY, figure("2", "NY")),
    )
    assert found == [("NY", "2", "2024-05-01", MAY, FOREVER)]


def test_a_requested_figure_that_is_missing_was_dropped():
    asked = Selection(areas=("NY", "CA"), categories=("T:1",), periods=("2020",))
    found = intervals(published(MAY, figure("2", "NY")), published(JUNE, selection=asked))
    assert found == [("NY", "2", "2024-05-01", MAY, before(JUNE))]


def test_a_figure_replaced_under_its_own_date_has_an_empty_interval():
    assert intervals(published(MAY, figure("1")), published(MAY, figure("2"), sequence=2)) == [
        ("CA", "1", "2024-05-01", MAY, before(MAY)),
        ("CA", "2", "2024-05-01.02", MAY, FOREVER),
    ]


def test_a_figure_repeated_under_the_same_date_stays_one_interval():
    found = intervals(published(MAY, figure()), published(MAY, figure(), sequence=2))
    assert found == [("CA", "1.5", "2024-05-01", MAY, FOREVER)]


def test_a_figure_dropped_under_its_own_date_was_never_current():
    found = intervals(published(MAY, figure()), published(MAY, sequence=2))
    assert found == [("CA", "1.5", "2024-05-01", MAY, before(MAY))]


@pytest.mark.parametrize(
    "changed",
    [
        {"notes": "Estimated."},
        {"source_symbol": "(E)"},
        {"obs_status": "E"},
        {"unit_measure": "Euros"},
        {"unit_mult": 6},
    ],
    ids=repr,
)
def test_every_change_of_a_figure_begins_an_interval(changed):
    assert set(changed) <= set(STATEMENT)
    found = intervals(published(MAY, figure()), published(JUNE, figure(**changed)))
    assert found == [
        ("CA", "1.5", "2024-05-01", MAY, before(JUNE)),
        ("CA", "1.5", "2024-06-01", JUNE, FOREVER),
    ]


def test_a_suppressed_figure_has_an_interval():
    found = intervals(
        published(MAY, figure("1")), published(JUNE, figure(None)), published(JULY, figure(None))
    )
    assert found == [
        ("CA", "1", "2024-05-01", MAY, before(JUNE)),
        ("CA", None, "2024-06-01", JUNE, FOREVER),
    ]


def test_a_corrected_name_is_updated_without_a_new_interval():
    table = history(
        [published(MAY, figure(geo_name="Calif.")), published(JUNE, figure(geo_name="California"))]
    )
    (row,) = table.to_pylist()
    assert (row["geo_name"], row["vintage"]) == ("California", "2024-05-01")


def test_a_figure_with_eight_decimal_places_keeps_all_of_them():
    exact = [published(MAY, figure("0.00000001")), published(JUNE, figure("0.00000002"))]
    assert history(exact)["obs_value"].to_pylist() == [
        Decimal("0.00000001"),
        Decimal("0.00000002"),
    ]


# --- Empty vintages ----------------------------------------------------------------------------


def test_a_vintage_without_rows_drops_all_requested_figures():
    found = intervals(published(MAY), published(JUNE, figure()), published(JULY))
    assert found == [("CA", "1.5", "2024-06-01", JUNE, before(JULY))]


@pytest.mark.parametrize("days", [(MAY,), (MAY, JUNE)])
@pytest.mark.parametrize("dataset", [PLAIN, BY_SEX])
def test_vintages_without_rows_give_an_empty_history(days, dataset):
    nothing = silver_schema(dataset.dimensions).empty_table()
    made = history([Published(vintage=Vintage(released=day), table=nothing) for day in days])
    assert made.num_rows == 0
    assert made.schema == history_schema(silver_schema(dataset.dimensions))


# --- Shape -------------------------------------------------------------------------------------


def test_the_history_has_silvers_columns_and_two_dates():
    schema = history([published(MAY, figure())]).schema
    assert schema.names == history_schema().names
    assert schema.names[-2:] == ["realtime_start", "realtime_end"]
    for name in schema.names:
        field = schema.field(name)
        assert field.metadata[b"description"]
        assert field.equals(history_schema().field(name), check_metadata=True)


def test_dimensions_are_part_of_the_cell():
    made = history(
        [
            published(MAY, figure("1", sex="F"), figure("2", sex="M"), dataset=BY_SEX),
            published(JUNE, figure("1", sex="F"), figure("3", sex="M"), dataset=BY_SEX),
        ]
    )
    assert [(r["sex"], str(r["obs_value"].normalize()), r["realtime_end"]) for r in made.to_pylist()] == [
        ("F", "1", FOREVER),
        ("M", "2", before(JUNE)),
        ("M", "3", FOREVER),
    ]  # fmt: skip
    assert set(made.schema.names) == set(history_schema(silver_schema(BY_SEX.dimensions)).names)


def test_a_dimensions_code_missing_in_a_release_was_dropped():
    made = history(
        [
            published(MAY, figure("1", sex="F"), figure("2", sex="M"), dataset=BY_SEX),
            published(JUNE, figure("1", sex="F"), dataset=BY_SEX),
        ]
    )
    assert made["realtime_end"].to_pylist() == [FOREVER, before(JUNE)]


# --- Against an oracle -------------------------------------------------------------------------

CELLS = [(area, "T:1", period) for area in ("CA", "NY") for period in ("2020", "2021")]
DATES = (MAY, JUNE, before(JULY), JULY)
SELECTIONS = (
    EVERYTHING,
    EVERYTHING,
    Selection(areas=("CA",)),
    Selection(periods=("2021", "2022")),
    Selection(areas=("NY",), periods=("2020",)),
    Selection(categories=("T:2",)),
)


def asked_for(selection, cell):
    pairs = zip((selection.areas, selection.categories, selection.periods), cell, strict=True)
    return all(codes is None or code in codes for codes, code in pairs)


@st.composite
def releases(draw):
    """Vintages of a dataset in their order: what was asked for, and what was said of each cell."""
    days = sorted(draw(st.lists(st.sampled_from(DATES), min_size=1, max_size=5)))
    made = []
    for place, day in enumerate(days):
        selection = draw(st.sampled_from(SELECTIONS))
        said = {
            cell: (draw(st.sampled_from([None, "1", "2"])), draw(st.sampled_from([None, "n"])))
            for cell in draw(st.sets(st.sampled_from(CELLS)))
            if asked_for(selection, cell)
        }
        vintage = Vintage(released=day, sequence=days[:place].count(day) + 1, selection=selection)
        made.append((vintage, said))
    return made


def as_published(vintage, said):
    rows = [
        figure(value, area=cell[0], time_period=cell[2], notes=notes)
        for cell, (value, notes) in said.items()
    ]
    return Published(vintage=vintage, table=seal(observations_from_rows(rows), PLAIN, vintage.id))


def believed_on(day, made):
    """What whoever followed the releases held to be true at the end of a day."""
    belief = {}
    for vintage, said in made:
        if vintage.released <= day:
            belief = {c: w for c, w in belief.items() if not asked_for(vintage.selection, c)} | said
    return belief


def as_of(table, day):
    """What the history says of a day: cells and statements, as often as they stand there."""
    return [
        (tuple(row[name] for name in CELL), (text(row["obs_value"]), row["notes"]))
        for row in table.to_pylist()
        if row["realtime_start"] <= day <= row["realtime_end"]
    ]


def text(value):
    return None if value is None else str(value.normalize())


def told(cell, made):
    """A cell's intervals, told release by release: statement, vintage, first and last day."""
    done, now = [], None
    for vintage, said in made:
        if now and cell in said and said[cell] == now[0]:
            continue
        if now and asked_for(vintage.selection, cell):
            done.append((*now, before(vintage.released)))
            now = None
        if cell in said:
            now = (said[cell], vintage.id, vintage.released)
    return [*done, (*now, FOREVER)] if now else done


@settings(deadline=None, max_examples=150)
@given(made=releases())
def test_the_history_gives_the_figures_current_on_any_day(made):
    table = history([as_published(*one) for one in made])
    for day in {other for d in DATES for other in (before(d), d)} | {FOREVER}:
        found = as_of(table, day)
        assert len(found) == len(dict(found))
        assert dict(found) == believed_on(day, made)


@settings(deadline=None, max_examples=150)
@given(made=releases())
def test_every_interval_matches_an_oracle_of_its_cell(made):
    rows = history([as_published(*one) for one in made]).to_pylist()
    for cell in CELLS:
        found = [
            ((text(r["obs_value"]), r["notes"]), r["vintage"], r["realtime_start"], r["realtime_end"])
            for r in rows
            if tuple(r[name] for name in CELL) == cell
        ]  # fmt: skip
        assert found == told(cell, made)
    assert all(tuple(row[name] for name in CELL) in CELLS for row in rows)


@settings(deadline=None, max_examples=100)
@given(made=releases(), data=st.data())
def test_the_order_of_arrival_of_vintages_does_not_matter(made, data):
    vintages = [as_published(*one) for one in made]
    wanted = history(vintages)
    found = history(data.draw(st.permutations(vintages)))
    assert found.equals(wanted)
    assert found.schema.equals(wanted.schema, check_metadata=True)
    assert canonical(found).equals(found)
