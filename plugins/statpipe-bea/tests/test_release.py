"""The note that names a release."""

from datetime import date

import pytest

from statpipe_bea.csv_tables import note_in
from statpipe_bea.release import last_updated, released


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Last updated: October 6, 2022-- new.", "Last updated: October 6, 2022-- new."),
        ("Note. Last updated: May 1, 2023 ", "Last updated: May 1, 2023"),
        ("LAST UPDATED October 6,2022", "LAST UPDATED October 6,2022"),
        (
            'Last\r\n updated:\u00a0 Oct. 6,  2022 \u2014 a "b"',
            'Last updated: Oct. 6, 2022 \u2014 a "b"',
        ),
        (
            "Last updated: October 6, 2022\0\ud800\ufffd-- new",
            "Last updated: October 6, 2022-- new",
        ),
        ("Revised.", None),
        ("Last updated: today", None),
    ],
)
def test_the_note_is_found_and_joined_to_one_line(text, note):
    assert last_updated(text) == note


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("padding", ["", ",,,,"])
def test_the_note_of_a_file_has_no_quotes_or_padding(end, padding):
    footer = ['"Note: x"', '"Last updated: October 6, 2022-- new; old."' + padding, '"U.S. BEA"']
    assert note_in(end.join(footer)) == "Last updated: October 6, 2022-- new; old."
    assert note_in(end.join(footer[::2])) is None


@pytest.mark.parametrize(
    "note",
    [
        "Last updated: October 6, 2022",
        "last updated Oct. 6, 2022",
        "Last updated: OCTOBER 06, 2022",
    ],
)
def test_the_date_is_read_from_the_note(note):
    assert released(note) == date(2022, 10, 6)


@pytest.mark.parametrize(
    "note", ["", "Last updated: February 30, 2022", "Last updated: Octember 6, 2022"]
)
def test_a_note_without_a_date_is_refused(note):
    with pytest.raises(ValueError, match='is not of the form "Last updated: October 6, 2022"'):
        released(note)
