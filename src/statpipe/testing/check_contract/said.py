"""What a verdict says: its severity, its message, and what was judged."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date

import attrs

from statpipe.api import Check, Snapshot, Vintage
from statpipe.testing.check_contract.fixtures import CheckFixtures
from statpipe.testing.check_contract.judging import judged
from statpipe.testing.snapshots import renamed
from statpipe.testing.wording import agree, broken, not_tested

_FATE = re.compile(
    r"\brefus(?:e|es|ed|al)\b|--accept-revision|kept as published|nothing [\w ]*published",
    re.IGNORECASE,
)
"""Words about what happens to a vintage. Only the engine knows that, from the severity and all
results."""


class Said(CheckFixtures):
    """
    What a verdict says: its severity, its message, and what was judged.
    """

    def test_the_check_uses_the_configured_severity(
        self, lenient: Check | None, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """The operator decides which checks refuse a vintage."""
        if lenient is None:
            not_tested(
                "whether it warns if it is told to",
                "the fixture `lenient`: the same check, set to warn",
            )
        result = judged(lenient, bad, previous)
        agree(
            (result.passed, result.severity),
            (False, "warning"),
            "(passed, severity) of the check that is set to warn",
            "take the severity of the settings, and nothing else",
        )

    def test_the_message_does_not_depend_on_the_severity(
        self, check: Check, lenient: Check | None, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Whether a vintage is published depends on settings and on other checks."""
        message = judged(check, bad, previous).message
        if found := _FATE.search(message):
            broken(
                f"the message says {found.group()!r}: {message!r}",
                "say how many of what were found, and where; statpipe adds what becomes of the "
                "vintage and what the operator can do",
            )
        if lenient is not None:
            agree(
                judged(lenient, bad, previous).message,
                message,
                "the message of the check that is set to warn",
                "say the same whatever the severity",
            )

    def test_the_verdict_names_what_was_judged(
        self, check: Check, good: Snapshot, bad: Snapshot, previous: Snapshot | None
    ) -> None:
        """Dataset, vintage, one line, and cells with JSON values."""
        earlier = attrs.evolve(good, vintage=Vintage(released=date(1999, 12, 31)))
        again = [
            attrs.evolve(one, vintage=attrs.evolve(one.vintage, sequence=2)) for one in (good, bad)
        ]
        others = [renamed(one) for one in (good, bad) if check.applies_to(renamed(one).dataset)]
        for snapshot, before in itertools.product(
            (good, bad, *again, *others), (previous, earlier)
        ):
            result = judged(check, snapshot, before)
            agree(
                (result.dataset, result.vintage),
                (snapshot.dataset.name, snapshot.vintage.id),
                "(dataset, vintage) of the verdict",
                "take current.dataset.name and current.vintage.id",
            )
            if not result.check or result.severity not in {"error", "warning"}:
                broken(
                    f"check is {result.check!r}, severity is {result.severity!r}",
                    "give the component's name, and `error` or `warning`",
                )
            if not result.message.strip() or "\n" in result.message:
                broken(
                    f"the message is {result.message!r}",
                    "say in one line what was found, with numbers, and what to do about it",
                )
            try:
                json.dumps([dict(cell) for cell in result.cells])
            except TypeError as error:
                broken(
                    f"JSON cannot hold the cells: {error}",
                    "write figures as str(value) and dates as value.isoformat()",
                )
            if any(isinstance(cell.get("obs_value"), float) for cell in result.cells):
                broken(
                    "a cell shows its obs_value as a binary float",
                    "write figures as str(value): they are exact",
                )
