"""The tables that models read, under the names that models have for them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from statpipe.engine.gold.computed import connected
from statpipe.engine.gold.relations import Relations


@pytest.fixture
def relations():
    with connected() as connection:
        yield Relations(connection=connection)


def coded(texts):
    return pa.table({"text": pa.array(texts, pa.string()).dictionary_encode()})


def test_a_name_refers_to_the_last_table_registered(relations):
    relations.bring("one", coded(["a"]))
    relations.bring("two", coded(["b"]))
    assert relations.hold("two")
    assert not relations.hold("three")
    relations.name({"read": "one"})
    relations.name({"read": "two"})
    assert relations.connection.sql("FROM read").fetchall() == [("b",)]


@pytest.mark.parametrize(("as_texts", "kind"), [(False, "enum"), (True, "varchar")])
def test_texts_are_read_as_codes_or_as_texts(relations, as_texts, kind):
    relations.bring("table", coded(["a", None]))
    relations.name({"read": "table"}, as_texts=as_texts)
    read = relations.connection.sql("FROM read")
    assert read.types[0].id == kind
    assert read.fetchall() == [("a",), (None,)]


def test_rows_are_selected_from_a_registered_table(relations):
    texts = pa.array(["a", "b", "a"]).dictionary_encode()
    relations.bring("all", pa.table({"text": texts, "number": [1, 2, 3]}))
    relations.pick("some", "all", pa.array([True, False, True]))
    assert relations.hold("some")
    assert relations.connection.sql('FROM "some"').fetchall() == [("a", 1), ("a", 3)]
