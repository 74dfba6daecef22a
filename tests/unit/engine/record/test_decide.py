"""What is fetched, and what is made from Bronze again, in view of what the lake holds."""

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from statpipe.api import ContentError, Held, Origin, Selection, Vintage
from statpipe.engine.record.decide import decide, outdated
from statpipe.engine.record.state import State, silver_key
from support.tea import tea_dataset

DAY = date(2024, 3, 1)
TEA = tea_dataset("black")
SOME = Selection(areas=("CAL",))
MORE = Selection(areas=("CAL", "MOM"))


def vintage(token="a", released=DAY, selection=MORE):
    return Vintage(released=released, token=token, selection=selection)


def held(token="a", sequence=1, selection=MORE, released=DAY, **more):
    values = {"fingerprint": "f", "code": "c", "made_from": (Origin(run_id="r", vintage="v"),)}
    return Held(
        dataset="black",
        released=released,
        sequence=sequence,
        note="",
        token=token,
        selection=selection,
        **(values | more),
    )


LATER = date(2024, 4, 1)


def shown(figures, looked, token="a", released=DAY):
    return held(token, released=released, figures=figures, looked=looked)


NEW, CHANGED, WIDER = "new vintage", "note or headline figures changed", "the selection has grown"
SAME, FULL = "nothing has changed", "everything was requested"
BACK = "the agency now shows an earlier release"


@pytest.mark.parametrize(
    ("known", "offered", "full", "expected"),
    [
        ([], [vintage()], False, [NEW]),
        ([held(released=date(2024, 2, 1))], [vintage()], False, [NEW]),
        ([held()], [vintage()], False, [SAME]),
        ([held()], [vintage()], True, [FULL]),
        ([held()], [vintage("b")], False, [CHANGED]),
        ([held()], [vintage("b")], True, [CHANGED]),
        ([held(selection=SOME)], [vintage()], False, [WIDER]),
        ([held(selection=Selection())], [vintage()], False, [SAME]),
        ([held()], [vintage(selection=SOME)], False, [SAME]),
        ([held()], [vintage(selection=Selection())], False, [WIDER]),
        # A live source shows the last word: an earlier one come back is a change.
        ([held("a"), held("b", 2)], [vintage("a")], False, [CHANGED]),
        ([held("a"), held("b", 2)], [vintage("b")], False, [SAME]),
        # An archive shows all of them.
        ([held("a"), held("b", 2)], [vintage("a"), vintage("b")], False, [SAME, SAME]),
        ([held("a")], [vintage("a"), vintage("b")], False, [SAME, CHANGED]),
        ([], [vintage("a"), vintage("b")], False, [NEW, NEW]),
        (
            [held("a"), held("b", 2)],
            [vintage("a", date(2024, 2, 1)), vintage("b")],
            False,
            [NEW, SAME],
        ),
        # Only in Bronze so far, it need not be asked for again.
        ([held(fingerprint="", code="")], [vintage()], False, [SAME]),
        # A later release that the source itself showed was taken back, if it had other figures.
        ([shown("1", DAY), shown("2", LATER, "b", LATER)], [vintage()], False, [BACK]),
        ([shown("1", DAY), shown("1", LATER, "b", LATER)], [vintage()], False, [SAME]),
        # One of which only an archive tells was not shown yet.
        ([shown("1", DAY), shown("2", None, "b", LATER)], [vintage()], False, [SAME]),
        # What is offered beside a newer one is not what is shown now.
        (
            [shown("1", DAY), shown("2", LATER, "b", LATER)],
            [vintage(), vintage("b", LATER)],
            False,
            [SAME, SAME],
        ),
        # Another dataset's vintage is none of ours.
        ([attrs.evolve(held(), dataset="green")], [vintage()], False, [NEW]),
    ],
)
def test_each_case_has_a_decision_and_a_reason_to_fetch(known, offered, full, expected):
    decisions = decide(State(known), TEA, offered, full=full)
    assert [d.vintage for d in decisions] == offered
    for decision, reason in zip(decisions, expected, strict=True):
        assert decision.reason.startswith(reason)
        assert decision.fetch == (reason != SAME)


def test_a_future_date_is_refused():
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    later = Vintage(released=tomorrow + timedelta(days=1), note="2 March")
    with pytest.raises(ContentError) as refused:
        decide(State(), TEA, [later], full=False)
    assert str(refused.value) == (
        f"dataset {TEA.name}: the release date {later.released} is in the future; check how the "
        "source reads it from '2 March'"
    )


@pytest.mark.parametrize(
    ("one", "present", "reason"),
    [
        (held(), {"f"}, None),
        (held(code="old"), {"f"}, "made by old, now c"),
        (held(fingerprint=""), set(), "only in Bronze so far"),
        (held(), set(), "its Silver partition is missing"),
        (held(), {"g"}, "its Silver partition differs from the recorded one"),
        (held(code="old", made_from=()), {"f"}, None),
        (attrs.evolve(held(code="old"), dataset="green"), {"f"}, None),
    ],
)
def test_each_case_has_a_decision_and_a_reason_to_rebuild(one, present, reason):
    there = {silver_key("tea", one).path: fingerprint for fingerprint in present}
    found = outdated(State([one]), TEA, "c", there, "tea")
    assert [o.reason for o in found] == ([reason] if reason else [])
    assert all(o.dataset.selection == one.selection for o in found)
