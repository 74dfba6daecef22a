"""Texts of Arrow tables as enumerations of DuckDB: the same answers."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.enumerations import Enumerations

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=3)


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        yield opened


def coded(texts):
    return pa.table({"text": pa.array(texts, pa.string()).dictionary_encode()})


@given(st.lists(st.none() | TEXTS, max_size=8), TEXTS)
def test_sql_gives_the_same_result_for_codes_and_texts(texts, other):
    """Order, comparison with a text that does not exist, and functions of texts see the text."""
    sql = """
        SELECT text, text || '!', text < $other, text = $other, length(text),
            lag(text) OVER (ORDER BY text), max(text) OVER (), rank() OVER (ORDER BY text)
        FROM read ORDER BY ALL
    """
    with duckdb.connect() as connection:
        Enumerations(connection=connection).bring("read", coded(texts))
        over_codes = connection.execute(sql, {"other": other}).fetchall()
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE read AS SELECT CAST(text AS VARCHAR) AS text FROM read"
        )
        assert over_codes == connection.execute(sql, {"other": other}).fetchall()


def test_texts_are_registered_as_codes(connection):
    Enumerations(connection=connection).bring("read", coded(["b", None, "a"]))
    (column,) = connection.sql("FROM read").to_arrow_table().columns
    assert pa.types.is_dictionary(column.type)
    assert column.to_pylist() == ["b", None, "a"]


def test_columns_with_the_same_texts_share_their_codes(connection):
    codes = Enumerations(connection=connection)
    codes.bring("one", coded(["b", "a"]))
    codes.bring("two", coded(["a", "b", "a"]))
    made = "SELECT count(*) FROM duckdb_types() WHERE type_name LIKE 'codes_%'"
    assert connection.sql(made).fetchall() == [(1,)]


def test_a_constant_column_is_stored_once(connection):
    Enumerations(connection=connection).bring("read", coded(["it's", "it's"]))
    assert connection.sql("FROM read").types[0].id == "enum"
    assert connection.sql("FROM read").fetchall() == [("it's",), ("it's",)]


def test_a_column_of_nulls_stays_null(connection):
    Enumerations(connection=connection).bring("read", coded([None, None]))
    assert connection.sql("FROM read").fetchall() == [(None,), (None,)]


def test_sessions_of_one_database_do_not_see_each_others_tables_and_codes(connection):
    for text in ("a", "b"):
        session = connection.cursor()
        Enumerations(connection=session).bring("read", coded([text]))
        assert session.sql("FROM read").fetchall() == [(text,)]
