"""The places of partitions, and what writing one did."""

import attrs
import pyarrow as pa
import pytest

from statpipe.domain.partition import Layer, Partition, PartitionKey, Receipt

SILVER = PartitionKey(layer=Layer.SILVER, owner="bea", dataset="T1", vintage="2022-10-06.02")


def test_silver_paths_use_hive_notation_by_dataset_and_vintage():
    assert SILVER.path == "silver/bea/dataset=T1/vintage=2022-10-06.02"


def test_gold_paths_use_the_name_of_the_model():
    assert PartitionKey(layer=Layer.GOLD, owner="spending").path == "gold/spending"


def test_layers_are_shown_by_their_names():
    assert [f"{layer}" for layer in Layer] == ["bronze", "silver", "changes", "gold"]


def test_a_key_can_be_looked_up():
    assert {SILVER: 1}[attrs.evolve(SILVER)] == 1


def test_a_partition_s_repr_shows_no_table():
    made = Partition(key=SILVER, table=pa.table({"a": ["figures"]}), fingerprint="ab")
    assert "figures" not in repr(made)


@pytest.mark.parametrize("what", ["inserted", "updated", "deleted", "bytes_written"])
def test_a_receipt_is_changed_if_anything_was_written(what):
    nothing = Receipt(sink="lake", path="p", fingerprint="f", rows=7)
    assert not nothing.changed
    assert attrs.evolve(nothing, **{what: 1}).changed
