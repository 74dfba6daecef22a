"""The changes of vintages are stored in the lake, and give the same history as all of Silver."""

from datetime import date
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import ContentError, Held, Layer, Partition, PartitionKey
from statpipe.domain.canonical import content_hash
from statpipe.domain.dataset import Dataset
from statpipe.domain.dimension import Dimension
from statpipe.domain.history import Published
from statpipe.domain.observation import observations_from_rows, silver_schema
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.vintage import Vintage
from statpipe.engine.gold.changes import changes_of, years_of
from statpipe.engine.gold.source_history import source_history
from statpipe.engine.record.state import silver_key
from statpipe.testing.history import history
from support.fakes import MemoryLake

SOURCE = "tea_prices"
PLAIN = Dataset(name="black", title="t", normalizer="n")
BY_SEX = Dataset(
    name="black", title="t", normalizer="n", dimensions=(Dimension(id="sex", name="Sex"),)
)
YEARS = (2022, 2023, 2024)
ORDER = ("ref_area", "category", "time_period", "sex", "realtime_start", "vintage")


class Lake(MemoryLake):
    """A lake of one dataset, and what a history that is made at once of all its Silver would be."""

    def __init__(self, dataset=PLAIN):
        super().__init__()
        self.dataset = dataset
        self.vintages: dict[str, tuple[Held, Any]] = {}
        self.written: list[str] = []
        self.seen: list[str] = []

    def publish(self, released, figures, sequence=1, selection=EVERYTHING, **more):
        rows = [_row(key, said, more) for key, said in figures.items()]
        vintage = Vintage(released=released, sequence=sequence, selection=selection)
        empty = silver_schema(self.dataset.dimensions).empty_table()
        table = seal(observations_from_rows(rows), self.dataset, vintage.id) if rows else empty
        held = Held(
            dataset=self.dataset.name,
            released=released,
            sequence=sequence,
            note="",
            token="",
            selection=selection,
            fingerprint=content_hash(table),
        )
        super().write(
            Partition(key=silver_key(SOURCE, held), table=table, fingerprint=held.fingerprint)
        )
        self.vintages[vintage.id] = held, table
        return held

    def write(self, partition):
        self.written.append(partition.key.path)
        return super().write(partition)

    def read(self, key):
        self.seen.append(key.path)
        return super().read(key)

    @property
    def holds(self):
        return [held for held, _ in self.vintages.values()]

    def history(self, *, keep=True):
        return in_order(source_history(self, SOURCE, self.holds, "a test", print if keep else None))

    def wanted(self):
        pairs = self.vintages.values()
        return in_order(history([Published(vintage=h.vintage, table=t) for h, t in pairs]))


def changes_key(held):
    (year,) = years_of(SOURCE, [held])
    return year.key


def _row(key, said, more):
    area, period, *sex = key
    value, notes = said if isinstance(said, tuple) else (said, None)
    return {
        "ref_area": area,
        **({} if sex else {"category": "T:1"}),
        "time_period": period,
        "obs_value": value,
        "obs_status": "O" if value is None else "A",
        "notes": notes,
        **({"sex": sex[0]} if sex else {}),
        **more,
    }


def in_order(table):
    """The rows as a reader may compare them, and the schema."""
    rows = sorted(
        table.to_pylist(), key=lambda row: [str(row[name]) for name in ORDER if name in row]
    )
    return rows, table.schema


CELLS = [(area, period) for area in ("CA", "NY") for period in ("2020", "2021")]
SELECTIONS = (
    EVERYTHING,
    EVERYTHING,
    Selection(areas=("CA",)),
    Selection(areas=("CA",), periods=("2021",)),
    Selection(periods=("2020",)),
)


@st.composite
def vintages(draw):
    """A vintage that may arrive; it may hold a cell that its selection does not claim."""
    said = st.tuples(st.sampled_from([None, "1", "1.0", "2"]), st.sampled_from([None, "n"]))
    return {
        "released": date(draw(st.sampled_from(YEARS)), draw(st.integers(1, 2)), 1),
        "sequence": draw(st.integers(1, 2)),
        "selection": draw(st.sampled_from(SELECTIONS)),
        "figures": draw(st.dictionaries(st.sampled_from(CELLS), said)),
        "geo_name": draw(st.sampled_from(["here", "there"])),
    }


@settings(deadline=None, max_examples=30)
@given(arriving=st.lists(st.tuples(vintages(), st.booleans()), min_size=1, max_size=7))
def test_the_order_of_vintages_does_not_change_the_history(arriving):
    """A vintage that is there already is rebuilt, with other figures; some are withdrawn."""
    lake = Lake()
    for vintage, withdraws in arriving:
        lake.publish(**vintage)
        if withdraws and len(lake.vintages) > 1:
            lake.vintages.pop(next(iter(lake.vintages)))
        for keep in (False, True):
            (rows, schema), (wanted, wanted_schema) = lake.history(keep=keep), lake.wanted()
            assert rows == wanted
            assert schema.equals(wanted_schema, check_metadata=True)


def test_a_new_vintage_only_reads_the_one_before():
    lake = Lake()
    for year in YEARS:
        lake.publish(date(year, 1, 1), {("CA", "2020"): str(year), ("NY", "2020"): "1"})
    lake.history()
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    lake.written.clear(), lake.seen.clear()
    assert len(lake.history()[0]) == 5
    assert lake.written == ["changes/tea_prices/dataset=black/year=2024"]
    assert [path for path in lake.seen if path.startswith("silver")] == [
        "silver/tea_prices/dataset=black/vintage=2024-01-01",
        "silver/tea_prices/dataset=black/vintage=2024-02-01",
    ]


def test_a_late_vintage_reads_its_year_and_the_next_release():
    lake = Lake()
    for year in YEARS:
        lake.publish(date(year, 1, 1), {("CA", "2020"): str(year)})
    lake.history()
    lake.publish(date(2022, 2, 1), {("CA", "2020"): "7"})
    lake.written.clear()
    assert lake.history() == lake.wanted()
    assert lake.written == [f"changes/tea_prices/dataset=black/year={y}" for y in (2022, 2023)]


def test_stored_changes_only_contain_new_figures():
    lake = Lake()
    first = lake.publish(date(2024, 1, 1), {("CA", "2020"): "1", ("NY", "2020"): "1"})
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "2", ("NY", "2020"): "1"})
    lake.publish(date(2024, 3, 1), {("CA", "2020"): "2"})
    lake.history()
    rows = lake.held[changes_key(first)].table.to_pylist()
    assert [(r["ref_area"], r["vintage"], r["dropped"]) for r in rows] == [
        ("CA", "2024-01-01", False),
        ("NY", "2024-01-01", False),
        ("CA", "2024-02-01", False),
        ("NY", "2024-03-01", True),
    ]


def test_unchanged_runs_and_readers_write_nothing():
    lake = Lake()
    lake.publish(date(2024, 1, 1), {("CA", "2020"): "1"})
    lake.history(keep=False)
    assert lake.written == []
    lake.history()
    lake.written.clear()
    lake.history()
    assert lake.written == []


def test_damaged_changes_are_rebuilt_from_silver():
    class Damaged(Lake):
        def read(self, key):
            if key.layer is Layer.CHANGES and self.torn:
                raise ContentError("its bytes have changed")
            return super().read(key)

    lake = Damaged()
    lake.torn = False
    held = lake.publish(date(2024, 1, 1), {("CA", "2020"): "1"})
    lake.history()
    lake.torn = True
    lake.written.clear()
    assert lake.history() == lake.wanted()
    assert lake.written == [changes_key(held).path]


def test_dimensions_are_part_of_the_cell():
    lake = Lake(BY_SEX)
    lake.publish(date(2024, 1, 1), {("CA", "2020", "F"): "1", ("CA", "2020", "M"): "2"})
    lake.publish(date(2024, 2, 1), {("CA", "2020", "F"): "1", ("CA", "2020", "M"): "3"})
    assert lake.history() == lake.wanted()
    assert len(lake.history()[0]) == 3


@pytest.mark.parametrize("dataset", [PLAIN, BY_SEX])
def test_vintages_without_rows_give_an_empty_history(dataset):
    lake = Lake(dataset)
    for year in YEARS:
        lake.publish(date(year, 1, 1), {})
    assert lake.history() == lake.wanted()


def test_missing_silver_is_reported():
    lake = Lake()
    held = lake.publish(date(2024, 1, 1), {("CA", "2020"): "1"})
    del lake.held[silver_key(SOURCE, held)]
    with pytest.raises(ContentError, match="the lake has no silver/tea_prices/dataset=black"):
        changes_of(lake, SOURCE, [held])


def test_changes_are_stored_by_dataset_and_year():
    key = PartitionKey(layer=Layer.CHANGES, owner=SOURCE, dataset="black", year=2024)
    held = Held(dataset="black", released=date(2024, 5, 1), sequence=1, note="", token="")
    assert changes_key(attrs.evolve(held, sequence=2)) == key
    assert key.path == "changes/tea_prices/dataset=black/year=2024"


def test_a_repeated_figure_keeps_the_release_that_set_it():
    lake = Lake()
    for year, figure in ((2020, "391059.0"), (2021, "391059"), (2022, "391060")):
        lake.publish(date(year, 1, 1), figures={("CA", "2019"): figure})
    rows, _ = lake.history()
    assert [(row["vintage"], row["decimals"]) for row in rows] == [
        ("2020-01-01", 1),
        ("2022-01-01", 0),
    ]
