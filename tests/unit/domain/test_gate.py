"""No text passes the gate to Silver that a sink cannot hold."""

import attrs
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.dimension import Dimension
from statpipe.domain.errors import ContentError
from statpipe.domain.gate import admitted
from statpipe.domain.new_codes import with_new_codes
from statpipe.domain.observation import FREE_TEXT, observations_from_rows, silver_schema
from statpipe.domain.seal import seal
from support.observations import CODED, PLAIN, as_drawn, row, sealed

ODD = ["\0", "\ufffd", "\ud800", "\udfff"]
CUBE = attrs.evolve(PLAIN, dimensions=(Dimension(id="kind", name="Kind"),))
CODES = (
    "ref_area",
    "category",
    "time_period",
    "geo_fips",
    "iso_3166",
    "geo_level",
    "freq",
    "obs_status",
    "parent_category",
)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("column", FREE_TEXT)
def test_free_text_loses_characters_that_no_sink_can_store(column, odd):
    (found,) = sealed(row(**{column: f"a{odd}b{odd}"})).to_pylist()
    assert found[column] == "ab"


@pytest.mark.parametrize("odd", ODD)
def test_names_of_a_dimensions_codes_are_free_text(odd):
    table = observations_from_rows([row(kind="x", kind_name=f"a{odd}b{odd}")])
    (found,) = seal(table, CUBE, "2020-01-01").to_pylist()
    assert found["kind_name"] == "ab"


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("column", ["source_symbol", "notes"])
def test_a_text_of_only_such_characters_becomes_missing(column, odd):
    (found,) = sealed(row(**{column: odd})).to_pylist()
    assert found[column] is None


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("column", [*CODES, "kind"])
def test_a_code_with_such_characters_is_refused_with_column_and_row(column, odd):
    rows = [row(kind="x"), row(kind="x", category="T:2") | {column: f"1{odd}"}]
    with pytest.raises(ContentError) as caught:
        seal(observations_from_rows(rows), CUBE, "2020-01-01")
    assert f"column {column}, row 1" in str(caught.value)
    assert repr(f"1{odd}") in str(caught.value)
    assert "expected a plain-text code" in str(caught.value)


def test_new_codes_also_pass_the_gate():
    new = row(category="T:9\0", category_name="New\0")
    table = observations_from_rows([row(category_name="All"), new])
    with pytest.raises(
        ContentError, match=r"dataset T: column category, row 1 .*'T:9\\x00' contains"
    ):
        with_new_codes(table, CODED)
    (found,) = with_new_codes(
        observations_from_rows([row(category_name="All"), new | {"category": "T:9"}]), CODED
    )[1]
    assert (found.code, found.name) == ("T:9", "New")


def test_invalid_utf_8_is_refused_even_if_arrow_accepts_it():
    half = pa.StringArray.from_buffers(
        1, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"\xed\xa0\x80")
    )
    for column in ("notes", "category"):
        table = observations_from_rows([row(notes="x")])
        table = table.set_column(table.column_names.index(column), column, half)
        with pytest.raises(
            ContentError, match=f"dataset T: column {column} is not valid: .*Invalid UTF8"
        ):
            seal(table, PLAIN, "2020-01-01")


def test_unused_codes_do_not_matter():
    codes = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), pa.array(["a", "b\0"]))
    assert admitted(codes, "category", "T").to_pylist() == ["a"]


@settings(deadline=None)
@given(
    data=st.data(),
    texts=st.lists(
        st.one_of(st.none(), st.text("a\0\ufffd\u00a0é", max_size=3)), min_size=1, max_size=6
    ),
)
def test_silver_has_the_text_without_these_characters_for_every_arrow_type(data, texts):
    rows = [row(period=str(2000 + number)) for number in range(len(texts))]
    table = observations_from_rows(rows).append_column("notes", as_drawn(data.draw, texts))
    found = seal(table, PLAIN, "2020-01-01")["notes"].to_pylist()
    cleaned = [t and t.replace("\0", "").replace("\ufffd", "") for t in texts]
    assert found == [c if c or not t else None for t, c in zip(texts, cleaned, strict=True)]


def test_every_text_column_of_silver_is_code_or_free_text():
    """A new column must say which it is."""
    texts = [f.name for f in silver_schema() if pa.types.is_dictionary(f.type)]
    assert set(texts) == {*FREE_TEXT, *CODES, "dataset", "vintage"}


def test_white_space_around_figures_in_text_is_ignored():
    table = observations_from_rows([row(value=None, obs_status="O")])
    text = pa.array(["\u00a0-1.50\u2009\n"])
    table = table.set_column(table.column_names.index("obs_value"), "obs_value", text)
    (found,) = seal(table, PLAIN, "2020-01-01").to_pylist()
    assert str(found["obs_value"].normalize()) == "-1.5"
    assert sealed(row(value="\ufeff 1.5\u202f"))["obs_value"][0].as_py() * 2 == 3
