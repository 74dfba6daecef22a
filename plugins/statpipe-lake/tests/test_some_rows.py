"""Some rows of a Gold table: the same as out of all of it, less is read, and what is read is verified."""

from decimal import Decimal
from pathlib import Path
from random import Random

import attrs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from statpipe.api import ContentError, Environment
from statpipe.testing.partitions import gold_partition, in_parts
from statpipe_lake import parquet, some_rows
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings

AREAS = ("AK", "CA", "NY", "TX", "WY")
EACH = 40
_RANDOM = Random(1)
FIGURES = {
    (area, 1990 + n): Decimal(_RANDOM.randrange(10**9)) / 10 for area in AREAS for n in range(EACH)
}
TABLE = gold_partition(FIGURES)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_ROWS_IN_GROUP", EACH)
    monkeypatch.setattr(some_rows, "FOOTER", 4096)
    return make_lake(LakeSettings(environment=Environment(name="local", home=tmp_path)))


@pytest.fixture
def file(lake) -> Path:
    """The table's one file, an area a row group."""
    lake.write(TABLE)
    return _folder(lake) / "part-0.parquet"


def _folder(lake) -> Path:
    return Path(lake.locations()["lake"].removeprefix("file://")) / TABLE.key.path


@pytest.fixture
def asked(lake, monkeypatch):
    """The ranges that were read, and ``None`` for a whole file."""
    asked = []
    store = lake._objects
    piece, get = store.piece, store.get
    monkeypatch.setattr(store, "piece", lambda *given: asked.append(given[1:]) or piece(*given))
    monkeypatch.setattr(store, "get", lambda *given: asked.append(None) or get(*given))
    return asked


def of_areas(table, *areas):
    return table.filter(
        pc.is_in(table["area"].cast(pa.string()), pa.array(areas, pa.string()))
    ).to_pylist()


@pytest.mark.parametrize(
    "wanted", [("CA",), ("AK", "WY"), ("CA", "NY"), ("B",), ("ZZ",), (), ("CA", "nowhere"), AREAS]
)
@pytest.mark.parametrize("divided", [False, True], ids=["one file", "parts"])
def test_some_rows_equal_those_of_the_whole_table(lake, wanted, divided):
    lake.write(in_parts(TABLE) if divided else TABLE)
    found = lake.read_rows(TABLE.key, {"area": wanted})
    assert of_areas(found, *wanted) == of_areas(lake.read(TABLE.key), *wanted)
    assert len(found) == len(set(wanted) & {*AREAS}) * EACH or divided


def test_only_row_groups_that_may_contain_wanted_rows_are_read(lake, file, asked):
    about = pq.read_metadata(file)
    ranges = parquet.group_ranges(about)
    assert about.num_row_groups == len(AREAS)
    lake.read_rows(TABLE.key, {"area": ["CA"]})
    assert asked == [(ranges[1][0], ranges[1][1] - ranges[1][0])]
    asked.clear()
    lake.read_rows(TABLE.key, {"area": ["CA", "NY", "WY"]})  # two of them touch
    assert asked == [
        (ranges[1][0], ranges[2][1] - ranges[1][0]),
        (ranges[4][0], ranges[4][1] - ranges[4][0]),
    ]


@pytest.mark.parametrize("wanted", [{}, {"year": ["1990"]}, {"nothing": ["CA"]}, {"area": AREAS}])
def test_a_filter_that_excludes_no_group_reads_the_whole_file(lake, file, asked, wanted):
    assert lake.read_rows(TABLE.key, wanted).equals(lake.read(TABLE.key))
    assert asked == [None, None]


def test_a_changed_byte_in_the_read_parts_is_noticed(lake, file):
    """Whether it is in a row group, in the footer or in its hash: the message is that of a full read."""
    body, ranges = file.read_bytes(), parquet.group_ranges(pq.read_metadata(file))
    start, end = ranges[1]
    own = parquet._place_of_hash(body)  # of the whole file, of which this reader makes no use
    footer = [n for n in range(ranges[-1][1], len(body), 97) if not own.start <= n < own.stop]
    for place in (start, (start + end) // 2, end - 1, *footer):
        file.write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
        with pytest.raises(ContentError, match=r"part-0\.parquet in the lake is damaged"):
            lake.read_rows(TABLE.key, {"area": ["CA"]})


def test_a_part_of_another_version_is_noticed(lake):
    lake.write(in_parts(TABLE))
    part = _folder(lake) / "part-2021.parquet"
    other = part.read_bytes()
    lake.write(in_parts(gold_partition({**FIGURES, ("CA", 2021): Decimal(1)})))
    part.write_bytes(other)
    with pytest.raises(ContentError, match=r"it differs from the one that .*part-0\.parquet lists"):
        lake.read_rows(TABLE.key, {"area": ["CA"]})


def test_a_swapped_file_is_noticed(lake, file):
    lake.write(gold_partition(FIGURES, name="saving"))
    file.write_bytes((file.parents[1] / "saving" / file.name).read_bytes())
    with pytest.raises(ContentError, match="it belongs at gold/saving"):
        lake.read_rows(TABLE.key, {"area": ["CA"]})


def test_a_file_of_an_older_version_is_read_as_a_whole(lake, monkeypatch, asked):
    monkeypatch.setattr(parquet, "_ROWS_IN_GROUP", len(TABLE.table))
    lake.write(TABLE)
    assert len(lake.read_rows(TABLE.key, {"area": ["CA"]})) == len(FIGURES)
    assert asked == [None]


def test_a_missing_file_is_reported(lake):
    with pytest.raises(ContentError, match="the lake has no gold/spending"):
        lake.read_rows(TABLE.key, {"area": ["CA"]})


@pytest.mark.parametrize(
    ("rows", "groups"), [(0, 1), (262_143, 1), (262_144, 2), (1_000_000, 7), (10**8, 64)]
)
def test_row_groups_are_large_and_few(rows, groups):
    table = pa.table({"area": pa.nulls(rows)})
    assert parquet._groups_of(attrs.evolve(TABLE, table=table)) == groups
