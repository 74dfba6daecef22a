"""A Gold table in several files: read as one, each file noticed that is not the one that belongs there."""

from decimal import Decimal
from pathlib import Path

import pytest

from statpipe.api import ContentError, Environment
from statpipe.domain.canonical import content_hash
from statpipe.testing.partitions import gold_partition, in_parts
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings

BEFORE = {("CA", 2021): Decimal(1), ("NY", 2022): Decimal(2), ("US", 2023): Decimal(3)}
AFTER = {**BEFORE, ("NY", 2023): Decimal(4), ("AK", 2022): Decimal(5)}


@pytest.fixture
def lake(tmp_path):
    return make_lake(LakeSettings(environment=Environment(name="local", home=tmp_path)))


@pytest.fixture
def files(lake) -> Path:
    """The folder of the table, in which it was written twice."""
    first = in_parts(gold_partition(BEFORE))
    lake.write(first)
    lake.write(in_parts(gold_partition(AFTER), first))
    return Path(lake.locations()["lake"].removeprefix("file://")) / first.key.path


def test_each_year_has_a_file_and_the_rest_has_the_listing_file(lake, files):
    assert sorted(file.name for file in files.iterdir()) == [
        "part-0.parquet",
        "part-2021.parquet",
        "part-2022.parquet",
    ]
    key = gold_partition(AFTER).key
    assert [(part.year, part.rows) for part in lake.parts(key)] == [(None, 2), (2021, 1), (2022, 2)]
    assert [len(part.read()) for part in lake.parts(key)] == [2, 1, 2]


def test_parts_are_read_as_one_table_in_the_order_of_its_grain(lake, files):
    whole = gold_partition(AFTER)
    assert lake.read(whole.key).to_pylist() == whole.table.to_pylist()
    assert content_hash(lake.read(whole.key)) == content_hash(whole.table)


def test_an_unchanged_part_is_not_rewritten(lake, files):
    before = (files / "part-2021.parquet").stat().st_mtime_ns
    third = in_parts(gold_partition({**AFTER, ("US", 2024): None}), in_parts(gold_partition(AFTER)))
    assert lake.write(third).bytes_written == sum(
        (files / f"part-{part}.parquet").stat().st_size for part in (0,)
    )
    assert (files / "part-2021.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.unlink(), "it is gone"),
        (lambda file: file.write_bytes(file.read_bytes()[:-9]), "it is cut off"),
        (
            lambda file: file.write_bytes(file.with_name("part-2021.parquet").read_bytes()),
            "it belongs at gold/spending/part-2021.parquet",
        ),
    ],
)
def test_a_missing_or_damaged_part_is_noticed_and_rebuilt(lake, files, damage, reason):
    damage(files / "part-2022.parquet")
    key = gold_partition(AFTER).key
    with pytest.raises(ContentError, match=reason) as raised:
        lake.read(key)
    assert "part-2022.parquet in the lake is damaged" in str(raised.value)
    lake.write(in_parts(gold_partition(AFTER)))
    assert len(lake.read(key)) == len(AFTER)


def test_a_part_of_another_version_is_noticed(lake, files):
    other = (files / "part-2022.parquet").read_bytes()
    lake.write(in_parts(gold_partition(BEFORE)))
    (files / "part-2022.parquet").write_bytes(other)
    with pytest.raises(ContentError, match=r"it differs from the one that .*part-0\.parquet lists"):
        lake.read(gold_partition(AFTER).key)


def test_a_reader_reads_again_if_a_writer_is_between_two_files(lake, files, monkeypatch):
    """The part is new already; the file that lists it comes while the reader waits."""
    newer = in_parts(gold_partition({**AFTER, ("US", 2022): Decimal(9)}))
    old = (files / "part-0.parquet").read_bytes()
    lake.write(newer)
    new = (files / "part-0.parquet").read_bytes()
    (files / "part-0.parquet").write_bytes(old)
    monkeypatch.setattr("time.sleep", lambda _: (files / "part-0.parquet").write_bytes(new))
    assert len(lake.read(newer.key)) == len(AFTER) + 1


def test_parts_of_a_table_are_not_reported_as_leftovers(lake, files):
    assert lake.unnamed(None, [], [gold_partition(AFTER).key]) == []
    (files / "part-1999.parquet").write_bytes(b"")
    assert lake.unnamed(None, [], [gold_partition(AFTER).key]) == [
        "gold/spending/part-1999.parquet"
    ]


def test_a_table_in_one_file_has_no_parts(lake):
    partition = gold_partition(BEFORE)
    lake.write(partition)
    assert lake.parts(partition.key) == []
    assert not lake.parts(gold_partition(BEFORE, name="other").key)
