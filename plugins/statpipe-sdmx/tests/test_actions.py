"""What the actions of a message do to figures."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe_sdmx.actions import ACTION, applied, letter

KEY, MEASURES = ("AREA", "TIME_PERIOD"), ("OBS_VALUE",)
ATTRIBUTES = ("OBS_STATUS", "OBS_COM")


def table(*rows):
    """A table of text, from rows as they stand in a CSV: an empty text is nothing."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table(
        {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    )


def row(area="DE", period="2024", value="1", status="A", com=None, *, action=None):
    """An observation, or what a message says of some."""
    key = {"AREA": area, "TIME_PERIOD": period}
    found = key | {"OBS_VALUE": value, "OBS_STATUS": status, "OBS_COM": com}
    return found | ({ACTION: action} if action else {})


def after(figures, *rows):
    """The figures after a message: value, status and comment by area and period."""
    done = applied(
        table(*figures) if figures is not None else None,
        table(*rows),
        KEY,
        MEASURES,
        partial_keys=True,
    )
    found = {}
    for one in done.to_pylist():
        cell = one["AREA"], one["TIME_PERIOD"]
        assert cell not in found
        found[cell] = (one["OBS_VALUE"], one["OBS_STATUS"], one["OBS_COM"])
    return found


THERE = [row(com="old"), row("FR", "2024", "2"), row("DE", "2023", "3")]


@pytest.mark.parametrize("action", ["A", "M", "I", "Append", "Merge", None])
def test_a_merge_changes_given_values_and_keeps_the_others(action):
    found = after(THERE, row(value="9", status=None, action=action), row("IT", action=action))
    assert found == {
        ("DE", "2024"): ("9", "A", "old"),
        ("FR", "2024"): ("2", "A", None),
        ("DE", "2023"): ("3", "A", None),
        ("IT", "2024"): ("1", "A", None),
    }


def test_a_replacement_replaces_the_whole_observation():
    found = after(THERE, row(value="9", status=None, action="R"), row("IT", action="Replace"))
    assert found["DE", "2024"] == ("9", None, None)
    assert found["IT", "2024"] == ("1", "A", None)
    assert len(found) == 4


def nothing(area="", period="", action="D", **told):
    """A row that says nothing but its key."""
    return row(area, period, None, None, action=action) | told


@pytest.mark.parametrize(
    ("key", "left"),
    [
        (("DE", "2024"), {("FR", "2024"), ("DE", "2023")}),
        (("DE", ""), {("FR", "2024")}),
        (("", "2024"), {("DE", "2023")}),
        (("", ""), set()),
        (("~", "2024"), {("DE", "2023")}),
        (("IT", "2024"), {("DE", "2024"), ("FR", "2024"), ("DE", "2023")}),
    ],
)
def test_a_deletion_ends_the_observations_with_its_dimensions(key, left):
    assert set(after(THERE, nothing(*key))) == left


def test_a_deletion_of_attributes_removes_only_these():
    found = after(THERE, nothing("DE", "", OBS_COM="-"))
    assert found["DE", "2024"] == ("1", "A", None)
    assert len(found) == 3


def test_an_observation_whose_measure_is_deleted_ends():
    assert ("DE", "2024") not in after(THERE, nothing("DE", "2024", OBS_VALUE="-"))


def test_one_of_several_measures_can_be_deleted():
    rows = [row() | {"SHARE": "5"}, row("FR") | {"SHARE": None}]
    message = table(nothing("", "2024", SHARE="-"))
    done = applied(table(*rows), message, KEY, ("OBS_VALUE", "SHARE"))
    assert done["SHARE"].to_pylist() == [None, None]
    message = table(nothing("", "2024", OBS_VALUE="-"))
    done = applied(table(*rows), message, KEY, ("OBS_VALUE", "SHARE"))
    assert [(one["AREA"], one["OBS_VALUE"], one["SHARE"]) for one in done.to_pylist()] == [
        ("DE", None, "5")
    ]


def test_attributes_of_a_partial_key_apply_to_all_its_observations():
    found = after(THERE, row("DE", "", None, None, "all of DE", action="M"))
    assert {cell: com for cell, (_, _, com) in found.items()} == {
        ("DE", "2024"): "all of DE",
        ("DE", "2023"): "all of DE",
        ("FR", "2024"): None,
    }


def test_rows_apply_in_their_order():
    assert after(None, row(action="R"), nothing("DE", "2024"), row(value="7", action="R")) == {
        ("DE", "2024"): ("7", "A", None)
    }
    assert after(None, row(action="R"), row(value="7", action="R"), nothing("DE", "2024")) == {}


def test_a_message_that_only_adds_is_returned_unchanged():
    message = table(*THERE)
    assert applied(None, message, KEY, MEASURES) is message


def test_an_unknown_action_is_refused():
    with pytest.raises(ValueError, match="'X' is not a valid action; expected Information"):
        letter("X")


@pytest.mark.parametrize("partial_keys", [False, True])
def test_a_figure_with_an_incomplete_key_is_refused(partial_keys):
    with pytest.raises(
        ValueError, match="an observation has no TIME_PERIOD; expected a code for each of AREA"
    ):
        applied(None, table(row(), row("DE", "")), KEY, MEASURES, partial_keys=partial_keys)


cells = st.fixed_dictionaries(
    {
        "AREA": st.sampled_from(["DE", "FR", ""]),
        "TIME_PERIOD": st.sampled_from(["2023", "2024", ""]),
        "OBS_VALUE": st.sampled_from(["1", "2", None]),
        "OBS_STATUS": st.sampled_from(["A", "P", None]),
        "OBS_COM": st.sampled_from(["x", None]),
        ACTION: st.sampled_from("AMRDI"),
    }
)


def simply(figures, message):
    """The same by a dictionary, a row at a time."""
    for one in message:
        told = {name: text for name, text in one.items() if name not in {*KEY, ACTION} and text}
        wanted = tuple(one[name] for name in KEY)
        hit = [
            cell
            for cell in figures
            if all(not asked or asked == code for asked, code in zip(wanted, cell, strict=True))
        ]
        if one[ACTION] == "D":
            for cell in hit:
                for name in told:
                    figures[cell].pop(name, None)
                if not told or ("OBS_VALUE" in told and "OBS_VALUE" not in figures[cell]):
                    del figures[cell]
        elif all(wanted):
            before = {} if one[ACTION] == "R" else figures.get(wanted, {})
            figures[wanted] = before | told
        else:
            for cell in hit:
                figures[cell] |= told
    return figures


def is_one_of_the_standard(row):
    """A figure has a whole key, unless it is deleted."""
    return row[ACTION] == "D" or row["OBS_VALUE"] is None or all(row[name] for name in KEY)


@given(st.lists(cells.filter(is_one_of_the_standard), min_size=1, max_size=6))
def test_any_message_gives_the_same_figures_as_an_oracle(message):
    done = None
    wanted = {}
    for one in message:
        done = applied(done, table(one), KEY, MEASURES, partial_keys=True)
        wanted = simply(wanted, [one])
    found = {
        (one["AREA"], one["TIME_PERIOD"]): {
            name: one[name] for name in (*MEASURES, *ATTRIBUTES) if one.get(name)
        }
        for one in done.to_pylist()
    }
    assert found == wanted
