"""Tables as relations of DuckDB: codes for texts, and the same answers."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.engine.gold.computed import connected
from statpipe.engine.gold.relations import Relations

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=3)


@pytest.fixture
def connection():
    with connected() as opened:
        yield opened


def coded(texts):
    return pa.table({"text": pa.array(texts, pa.string()).dictionary_encode()})


@given(st.lists(st.none() | TEXTS, max_size=8), TEXTS)
def test_sql_over_codes_answers_as_over_texts(texts, other):
    """Order, comparison with a text that is not there, and functions of texts see the text."""
    sql = """
        SELECT text, text || '!', text < $other, text = $other, length(text),
            lag(text) OVER (ORDER BY text), max(text) OVER (), rank() OVER (ORDER BY text)
        FROM read ORDER BY ALL
    """
    answers = []
    with connected() as connection:
        relations = Relations(connection=connection)
        for as_texts in (False, True):
            relations.bring("table", coded(texts))
            relations.name({"read": "table"}, as_texts=as_texts)
            answers.append(connection.execute(sql, {"other": other}).fetchall())
    assert answers[0] == answers[1]


def test_texts_arrive_as_codes(connection):
    relations = Relations(connection=connection)
    relations.bring("table", coded(["b", None, "a"]))
    relations.name({"read": "table"})
    (column,) = connection.sql("FROM read").to_arrow_table().columns
    assert pa.types.is_dictionary(column.type)
    assert column.to_pylist() == ["b", None, "a"]


def test_columns_with_the_same_texts_share_their_codes():
    with connected() as connection:
        relations = Relations(connection=connection)
        relations.bring("one", coded(["b", "a"]))
        relations.bring("two", coded(["a", "b", "a"]))
        assert connection.sql(
            "SELECT count(*) FROM duckdb_types() WHERE type_name LIKE 'codes_%'"
        ).fetchall() == [(1,)]


def test_a_column_of_nothing_stays_one(connection):
    relations = Relations(connection=connection)
    relations.bring("table", coded([None, None]))
    relations.name({"read": "table"})
    assert connection.sql("FROM read").fetchall() == [(None,), (None,)]


def test_a_name_means_the_last_table_it_was_given(connection):
    relations = Relations(connection=connection)
    relations.bring("one", coded(["a"]))
    relations.bring("two", coded(["b"]))
    assert relations.hold("two")
    assert not relations.hold("three")
    relations.name({"read": "one"})
    relations.name({"read": "two"})
    assert connection.sql("FROM read").fetchall() == [("b",)]
