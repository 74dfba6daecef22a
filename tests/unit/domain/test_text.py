"""White space around a text means nothing; what no sink can hold is left out, refused or escaped."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.errors import ContentError
from statpipe.domain.manifest import BronzeObject
from statpipe.domain.payload import Payload
from statpipe.domain.text import WHITE_SPACE, holdable, holdable_code, recordable, stripped
from statpipe.domain.verdict import CheckResult
from statpipe.domain.vintage import Vintage

ODD = ["\0", "\ud800", "\udfff", "\ufffd"]


@given(st.characters())
def test_all_unicode_white_space_counts_as_white_space(letter):
    if letter.isspace():
        assert stripped(f"{letter}a{letter}") == "a"


@pytest.mark.parametrize("blank", WHITE_SPACE)
def test_white_space_is_removed_at_both_ends_only(blank):
    assert stripped(f"{blank}a{blank}b{blank}") == f"a{blank}b"


@pytest.mark.parametrize("odd", ODD)
def test_invalid_characters_are_removed_refused_or_escaped(odd):
    text = f"a{odd}b"
    assert holdable(text) == "ab"
    assert recordable(text) == f"a\\u{ord(odd):04x}b"
    with pytest.raises(ContentError) as caught:
        holdable_code(text)
    assert (
        f"contains \\u{ord(odd):04x}, which no sink can store; expected a plain-text code"
        in str(caught.value)
    )
    assert repr(text) in str(caught.value)


@given(st.text())
def test_only_characters_that_no_sink_can_store_are_removed(text):
    """Lone surrogates are drawn by Hypothesis only on request."""
    clean = holdable(text)
    clean.encode()
    assert clean == text.replace("\0", "").replace("\ufffd", "")
    assert holdable(recordable(text)) == recordable(text)


def test_mappings_and_sequences_are_cleaned_recursively():
    cells = ({"a\0": "b\ud800", "c": [1, None, "\ufffd"]},)
    assert recordable(cells) == ({"a\\u0000": "b\\ud800", "c": [1, None, "\\ufffd"]},)


def test_descriptions_never_contain_characters_that_no_sink_can_store():
    """Whatever plugin makes them."""
    area = Area(code="CA", name="Cali\0fornia", level="state")
    category = Category(code="T:1", name="All\ud800", unit_measure="Doll\ufffdars")
    dataset = Dataset(name="T", title="T\0", normalizer="n", areas=(area,), categories=(category,))
    assert (area.name, category.name, category.unit_measure) == ("California", "All", "Dollars")
    assert dataset.title == "T"
    vintage = Vintage(released=date(2022, 10, 6), note="new\0 figures\ud800", token="t\0")
    assert (vintage.note, vintage.token) == ("new figures", "t\\u0000")
    result = CheckResult(
        check="c", dataset="T", vintage="v", severity="error", passed=False,
        message="x\0", cells=({"area": "y\ud800"},),
    )  # fmt: skip
    assert (result.message, result.cells) == ("x\\u0000", ({"area": "y\\ud800"},))
    payload = Payload(name="p", body=b"", request={"file": "t\udce9.zip"})
    assert payload.request == {"file": "t\\udce9.zip"}
    kept = BronzeObject(key="k", name="p", sha256="0", size=0, media_type="x", request={"a": "\0"})
    assert kept.request == {"a": "\\u0000"}


@pytest.mark.parametrize(
    "make",
    [
        lambda odd: Area(code=odd, name="", level="state"),
        lambda odd: Area(code="CA", name="", level="state", parent=odd),
        lambda odd: Category(code=odd, name="", unit_measure=""),
        lambda odd: Category(code="1", name="", unit_measure="", parent=odd),
    ],
)
@pytest.mark.parametrize("odd", ODD)
def test_a_code_list_with_such_a_code_is_refused(make, odd):
    with pytest.raises(ContentError, match="which no sink can store"):
        make(f"1{odd}")
