"""``statpipe status``."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from statpipe.cli.common_options import DataOptions
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.engine.answers.exact_value import exact
from statpipe.engine.answers.freshness import Freshness, freshness

_COLUMNS = (
    "source",
    "standing",
    "last success",
    "newest release",
    "age",
    "usually every",
    "next release",
)


def status(*, options: DataOptions | None = None) -> int:
    """
    Show the state of each source: last success, newest release and its age, and whether the next
    one is late.

    A source is late if a release of its calendar (`[sources.NAME.calendar]`) has not appeared in
    time. Without a calendar, it is late if more time has passed since the newest release than ever
    passed between two releases in the lake.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        names = [
            name
            for name, offer in session.registry.named("source").items()
            if not offer.item.needs_instance
        ]
        with session.lake() as site:
            found = freshness(site, names, datetime.now(UTC).date())
        if options.json:
            write_json([_document(one) for one in found])
        else:
            print_table(
                f"Sources in {options.env}",
                _COLUMNS,
                [_row(one) for one in sorted(found, key=_urgent)],
                right=("age", "usually every"),
                less=("next release", "last success", "usually every"),
                whole=("source",),
            )
            if not any(map(_next, found)):
                say("no source has a release calendar, so the next releases are not known")
        return 0

    return in_session(options, work)


def _urgent(one: Freshness) -> int:
    """Put late sources first, and those that never ran last."""
    return 0 if one.late else 1 if one.last_success else 2


def _row(one: Freshness) -> tuple[str, ...]:
    return (
        one.source,
        one.standing,
        f"{one.last_success:%Y-%m-%d %H:%M}" if one.last_success else "",
        one.vintage,
        _days(one.age),
        _days(one.usual),
        _next(one),
    )


def _next(one: Freshness) -> str:
    if one.overdue:
        return f"was due {one.overdue}"
    return str(one.next_release or "")


def _days(number: int | None) -> str:
    return "" if number is None else f"{number:,} day{'' if number == 1 else 's'}"


def _document(one: Freshness) -> dict[str, object]:
    told = {name: exact(value) for name, value in attrs.asdict(one).items()}
    return {**told, "standing": one.standing, "late": one.late}
