"""Figures, markers and references: what is shown, what is not, and why."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import ContentError
from statpipe.domain.text import WHITE_SPACE
from statpipe_bea.figures import figures

NOTES = {"*": "A star.", "2": "Two.", "(D)": "Hidden.", "(S)": "Who knows."}
LESS = "Less than $50,000."


def read(*cells, notes=NOTES):
    texts, references = zip(*cells, strict=True)
    columns = figures(
        pa.array(texts, pa.string()),
        pa.array(references, pa.string()),
        [(notes, len(texts))],
        lambda row: f"payload p, Data[{row}]",
    )
    del columns["decimals"]
    return [tuple(row.values()) for row in pa.table(columns).to_pylist()]


@pytest.mark.parametrize(
    ("value", "reference", "expected"),
    [
        ("0", "*(D)", (None, "Q", "(D)", "Hidden. A star.")),
        ("0", "(D)*", (None, "Q", "(D)", "Hidden. A star.")),
        ("0.0", "(D) 2", (None, "Q", "(D)", "Hidden. Two.")),
        ("0", "2,(L)", (None, "N", "(L)", f"{LESS} Two.")),
        ("0", "NA", (None, "O", "(NA)", "Not available.")),
        ("", "(L)", (None, "N", "(L)", LESS)),
        (" \u00a0", "(NM)", (None, "M", "(NM)", "Not meaningful.")),
        ("(D)", None, (None, "Q", "(D)", "Hidden.")),
        (" (D)\u2009", " ", (None, "Q", "(D)", "Hidden.")),
        ("(D)", "(D)", (None, "Q", "(D)", "Hidden.")),
        ("(D)", "* 2", (None, "Q", "(D)", "Hidden. A star. Two.")),
        ("0", "*", (Decimal(0), "A", None, "A star.")),
        ("0", " ", (Decimal(0), "A", None, None)),
        ("1.5", "2", (Decimal("1.5"), "A", None, "Two.")),
        ("1.5", "(S)", (Decimal("1.5"), "A", None, "Who knows.")),
        ("\u00a01,234.5\ufeff", None, (Decimal("1234.5"), "A", None, None)),
        ("\t-7\u202f", None, (Decimal(-7), "A", None, None)),
    ],
)
def test_a_cell_contains_exactly_what_is_printed(value, reference, expected):
    # Among others, so that the way of a whole column is taken.
    cells = read(("1", None), (value, reference), ("2,000", "*"))
    assert cells[1] == expected
    assert cells[0] == (Decimal(1), "A", None, None)


def test_printed_decimal_places_are_kept():
    columns = figures(pa.array(["14392721.0", "1,234", "7"]), None, [({}, 3)], str)
    assert columns["decimals"].to_pylist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("value", "reference", "says"),
    [
        ("0", "3", "NoteRef '3' is neither a marker nor a reference in Notes; expected one of"),
        ("0", "(Z)", "NoteRef '(Z)' is neither"),
        ("0", "**", "NoteRef '**' is neither"),
        ("0", "(D) (L)", "expected one marker, not (D) and (L)"),
        ("(L)", "(D)", "marker (L) beside marker (D); expected one reason"),
        ("12.5", "(D)", "figure 12.5 beside marker (D); expected 0 there"),
        ("0", "(S)", "figure 0 beside footnote (S) ('"),
        ("", None, "figure ''; expected a decimal number or a marker"),
        ("", "2", "figure ''; expected a decimal number or a marker"),
        ("(Z)", None, "marker '(Z)'; expected one of (D), (L), (NA), (NM)"),
        ("NA", None, "figure 'NA'; expected"),
        ("1 234", None, "figure '1 234'; expected"),
        ("1,23", None, "figure '1,23'; expected"),
        ("\x001", None, "figure '\\x001'; expected"),
        ("1\u200b2", None, "figure '1\\u200b2'; expected"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_row(value, reference, says):
    with pytest.raises(ContentError) as caught:
        read(("1", None), (value, reference))
    assert str(caught.value).startswith("payload p, Data[1]: ")
    assert says in str(caught.value)


@given(
    before=st.text(WHITE_SPACE, max_size=3),
    after=st.text(WHITE_SPACE, max_size=3),
    printed=st.sampled_from([("1,234.5", None), ("-7", "2"), ("(L)", None), ("0", "*(D)")]),
)
def test_surrounding_white_space_is_ignored(before, after, printed):
    value, reference = printed
    spaced = (
        f"{before}{value}{after}",
        None if reference is None else f"{before}{reference}{after}",
    )
    assert read(spaced) == read(printed)


def test_each_answer_has_its_own_notes():
    columns = figures(
        pa.array(["1", "2", "0", "(D)"]),
        pa.array(["2", "2", "(D)", None]),
        [({"2": "Of one."}, 1), ({"2": "Of the other."}, 1), ({"(D)": "Hidden."}, 2)],
        str,
    )
    assert columns["notes"].to_pylist() == ["Of one.", "Of the other.", "Hidden.", "Hidden."]


def test_a_footnote_of_another_answer_is_not_defined():
    with pytest.raises(ContentError, match=r"^1: NoteRef '2' is neither"):
        figures(pa.array(["1", "2"]), pa.array(["2", "2"]), [({"2": "x"}, 1), ({}, 1)], str)
