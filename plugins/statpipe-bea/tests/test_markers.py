"""A note reference is what Notes define, or a known marker; nothing else, and nothing made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe_bea.markers import MARKERS, note_reference

DEFINED = {"*": "A star.", "2": "Two.", "12": "Twelve.", "Note.": "All in dollars.", "1/": "One."}


@pytest.mark.parametrize(
    ("text", "marker", "footnotes"),
    [
        ("", None, ()),
        (" \u00a0", None, ()),
        ("(D)", "(D)", ()),
        ("\u2009(L)\ufeff", "(L)", ()),
        ("*(D)", "(D)", ("*",)),
        ("(D)*", "(D)", ("*",)),
        ("(D) 2", "(D)", ("2",)),
        ("(D)2", "(D)", ("2",)),
        ("2,(L)", "(L)", ("2",)),
        ("2;\u00a0* / (NM)", "(NM)", ("2", "*")),
        ("NA", "(NA)", ()),
        ("NA*", "(NA)", ("*",)),
        ("(D)(D)", "(D)", ()),
        ("(NA) NA", "(NA)", ()),
        ("12", None, ("12",)),
        ("12, 2", None, ("12", "2")),
        ("Note.", None, ("Note.",)),
        ("1/ 2/", None, ("1/", "2")),
    ],
)
def test_a_reference_is_split_in_any_order_and_with_any_separator(text, marker, footnotes):
    assert note_reference(text, DEFINED) == (marker, footnotes)


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "22",
        "1",
        "**",
        "(Z)",
        "(d)",
        "(D",
        "D)",
        "NAME",
        "2NA",
        "(D) 3",
        "*(Z)",
        ",",
        "/",
        "Note",
        "\0(D)",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(
        ValueError, match="is neither a marker nor a reference in Notes; expected"
    ) as error:
        note_reference(text, DEFINED)
    assert repr(text) in str(error.value)
    assert "(D), (L), (NA), (NM)" in str(error.value)


def test_two_markers_are_refused():
    with pytest.raises(ValueError, match=r"expected one marker, not \(D\) and \(L\)"):
        note_reference("(D) L", DEFINED)


def test_a_reference_of_thousands_of_characters_is_refused():
    with pytest.raises(ValueError, match="has 20,000 characters; expected a few"):
        note_reference("* " * 10_000, DEFINED)


def test_texts_are_the_notes_each_once():
    both = note_reference("*(D)2", DEFINED)
    assert both.text(DEFINED | {"(D)": "Hidden."}) == "Hidden. A star. Two."
    assert both.text(DEFINED | {"D": "Hidden."}) == "Hidden. A star. Two."
    assert note_reference("*", DEFINED).text({"*": ""}) is None
    assert note_reference("(L)", ()).text({}) == MARKERS["(L)"].text


@pytest.mark.parametrize(
    ("reference", "note"),
    [
        ("(S)", ""),
        ("S", "Suppressed."),
        ("(D) 2", "Two."),
        ("n.a.", ""),
        ("1", "Not shown to avoid disclosure."),
        ("*", "Withheld; see the appendix."),
        ("#", "Data are not available."),
    ],
)
def test_a_footnote_may_mean_suppression_by_its_form_or_text(reference, note):
    assert note_reference(reference, {reference}).may_blank({reference: note})


def test_other_footnotes_do_not_mean_suppression():
    assert not note_reference("* 2 Note.", DEFINED).may_blank(DEFINED)


@given(
    st.lists(st.sampled_from(["(D)", "*", "2", "12", "Note."]), max_size=5),
    st.sampled_from([" ", ", ", ";", "\u00a0", " / "]),
)
def test_any_joined_references_can_be_split(parts, separator):
    found = note_reference(separator.join(parts), DEFINED)
    assert found.marker == ("(D)" if "(D)" in parts else None)
    assert list(found.footnotes) == [one for one in dict.fromkeys(parts) if one != "(D)"]


@given(st.text(alphabet="(DLNA)*12,; /", max_size=8))
def test_no_meaningful_character_of_a_reference_is_lost(text):
    try:
        found = note_reference(text, DEFINED)
    except ValueError:
        return
    said = "".join([found.marker or "", *found.footnotes])
    assert set(text) - set(" ,;/()") <= set(said)
