"""The changes of a vintage, and the current figures after several vintages."""

from datetime import date

from statpipe.domain.dataset import Dataset
from statpipe.domain.dimension import Dimension
from statpipe.domain.history import Published, believed, changes, changes_schema
from statpipe.domain.observation import observations_from_rows, silver_schema
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.vintage import Vintage

PLAIN = Dataset(name="T", title="t", normalizer="n")
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def published(released, figures, selection=EVERYTHING, **more):
    """A vintage of figures by area."""
    rows = [
        {"ref_area": area, "category": "T:1", "time_period": "2020", "obs_value": value, **more}
        for area, value in figures.items()
    ]
    vintage = Vintage(released=released, selection=selection)
    return Published(vintage=vintage, table=seal(observations_from_rows(rows), PLAIN, vintage.id))


def told(table):
    return [
        (r["ref_area"], f"{r['obs_value'].normalize():f}", r["vintage"], r["dropped"])
        for r in table.to_pylist()
    ]


def test_the_first_vintage_changes_everything():
    table = changes(published(MAY, {"CA": "1", "NY": "2"}), None)
    assert told(table) == [("CA", "1", "2024-05-01", False), ("NY", "2", "2024-05-01", False)]
    assert table["realtime_start"].to_pylist() == [MAY, MAY]
    assert table.schema.equals(changes_schema(), check_metadata=True)


def test_later_vintages_change_new_different_and_removed_cells():
    before = published(MAY, {"CA": "1", "NY": "2", "TX": "3"}).table
    found = told(changes(published(JUNE, {"CA": "1", "NY": "4", "WA": "5"}), before))
    assert sorted(found) == [
        ("NY", "4", "2024-06-01", False),
        ("TX", "3", "2024-06-01", True),
        ("WA", "5", "2024-06-01", False),
    ]


def test_a_corrected_name_is_a_change_too():
    before = published(MAY, {"CA": "1"}, geo_name="Calif.").table
    (row,) = changes(published(JUNE, {"CA": "1"}, geo_name="California"), before).to_pylist()
    assert (row["geo_name"], row["dropped"]) == ("California", False)


def test_unrequested_cells_are_not_dropped():
    asked = published(JUNE, {"CA": "1"}, Selection(areas=("CA",)))
    assert told(changes(asked, published(MAY, {"CA": "1", "NY": "2"}).table)) == []


def test_the_current_figure_is_the_latest_of_each_requested_cell():
    first = published(MAY, {"CA": "1", "NY": "2", "TX": "3"})
    second = published(JUNE, {"CA": "4"}, Selection(areas=("CA", "TX")))
    assert [
        (r["ref_area"], int(r["obs_value"])) for r in believed([first, second]).to_pylist()
    ] == [("NY", 2), ("CA", 4)]
    assert believed([first]).equals(first.table)


def test_a_cell_outside_the_selection_is_used_as_printed():
    first = published(MAY, {"CA": "1", "NY": "2"})
    second = published(JUNE, {"CA": "4", "NY": "5"}, Selection(areas=("CA",)))
    assert believed([first, second]).equals(second.table)


def test_changes_of_a_dataset_without_rows_have_their_schema():
    empty = silver_schema((Dimension(id="sex", name="Sex"),)).empty_table()
    made = changes(Published(vintage=Vintage(released=MAY), table=empty), empty)
    assert made.schema == changes_schema(empty.schema)
