"""What the lines of the price tables mean: a crosswalk from release, number, title and unit.

BEA has changed the meaning of the line numbers of these tables between releases: line 1 of SARPP
was an index in December 2022, millions of dollars in February 2025, and an index again in February
2026. So title and unit determine the category of a line, and its number does not.
``data/price_lines.csv`` records how BEA numbered them; ``from`` is the first release known to do
so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files

from attrs import frozen

from statpipe.api import ContentError
from statpipe_bea.tables import category_code
from statpipe_bea.wording import may_be_same, plain, tails, without_table

Layout = Mapping[str, str]
"""Categories by their line number in one release."""

_DATA = "statpipe_bea/data/price_lines.csv"


class UnknownLine(ContentError):
    """
    A line whose title and unit are not on record: a new line, or a new title.
    """


@frozen(kw_only=True)
class Recorded:
    """
    A line of a table, as releases since ``since`` print it.
    """

    table: str
    since: date
    line: str
    title: str
    unit: str
    category: str


@frozen(kw_only=True)
class PrintedLine:
    """
    A line as printed in a payload, and its place. The API prints no unit with a title, and may put
    broader titles before the line's own title (``led``).
    """

    line: str
    title: str
    where: str
    unit: str | None = None
    led: bool = False


@cache
def recorded(table: str) -> tuple[Recorded, ...]:
    """
    Return all recorded lines of a table, in order of release and line.
    """
    text = (files(__package__) / "data" / "price_lines.csv").read_text(encoding="utf-8")
    rows = (
        Recorded(
            table=row["table"],
            since=date.fromisoformat(row["from"]),
            line=row["line"],
            title=row["title"],
            unit=row["unit"],
            category=row["category"],
        )
        for row in csv.DictReader(text.splitlines())
        if row["table"] == table
    )
    return tuple(sorted(rows, key=lambda row: (row.since, int(row.line))))


def is_renumbered(table: str) -> bool:
    """
    Return whether a table's lines are identified by title and unit, and not by number.
    """
    return bool(recorded(table))


def known_layout(table: str, released: date) -> Layout:
    """
    Return the recorded layout of a release. It is empty for a release before the first recorded
    one.
    """
    dates = [row.since for row in recorded(table) if row.since <= released]
    return _layouts(table).get(max(dates), {}) if dates else {}


def layout_of(
    table: str, printed: Iterable[PrintedLine], released: date, accepted: Mapping[str, str]
) -> Layout:
    """
    Return the category of each line of a release, identified by titles and units.

    *accepted* maps categories to titles that are accepted besides the recorded ones. If all lines
    of a recorded release are found, any other line is new and is left out: it cannot be a known
    line under a new title.

    :raises ContentError: Two lines are the same category, or the lines do not match any recorded
        release, in any order.
    """
    unknown: list[UnknownLine] = []
    found: dict[str, str] = {}
    places: dict[str, PrintedLine] = {}
    for one in printed:
        try:
            category = identified(table, one, released, accepted)
        except UnknownLine as error:
            unknown.append(error)
            continue
        first = places.setdefault(category, one)
        if first.line != one.line or found.get(one.line, category) != category:
            _refuse_two(table, one, category, found.get(one.line), first)
        found[one.line] = category
    held = set(found.values())
    complete = [set(layout.values()) for layout in _layouts(table).values()]
    complete = [layout for layout in complete if layout <= held]
    if complete:
        kept = max(complete, key=len)
        return {line: category for line, category in found.items() if category in kept}
    if unknown:
        raise unknown[0]
    raise ContentError(_other_lines(table, found, next(iter(places.values()), None)))


def new_category(table: str, title: str, unit: str) -> str:
    """
    Return the code of a line that is not on record: its title and its unit, as words.

    So the code does not depend on the release or the number, and another unit gives another code.
    No recorded category begins with ``new_``.
    """
    words = [*plain(without_table(title)).split(), *plain(unit).split()]
    return category_code(table, "_".join(["new", *words]))


def layout_or_known(
    table: str, printed: Iterable[PrintedLine], released: date
) -> tuple[Layout, bool]:
    """
    Return the layout that a release prints and ``True``, or the recorded layout and ``False``.

    Channels use it, because only the normalizer may refuse a payload.
    """
    try:
        return layout_of(table, printed, released, {}), True
    except ContentError:
        return known_layout(table, released), False


@cache
def _layouts(table: str) -> dict[date, Layout]:
    found: dict[date, dict[str, str]] = {}
    for row in recorded(table):
        found.setdefault(row.since, {})[row.line] = row.category
    return dict(found)


def identified(
    table: str, printed: PrintedLine, released: date, accepted: Mapping[str, str]
) -> str:
    """
    Return the category of one line.

    The same title in the same unit is the same category. If a title and unit match two categories
    (the deflator prints no base year), the result is the one recorded at the time of the release.

    :raises UnknownLine: The line matches no recorded category.
    :raises ContentError: The line matches two categories.
    """
    if not printed.line.isdecimal():
        raise ContentError(f"{printed.where}: line {printed.line!r} of {table}; expected a number")
    names = tails(printed.title)
    matching = [
        row
        for row in recorded(table)
        if printed.unit in {None, row.unit}
        and not names.isdisjoint({plain(row.title), plain(accepted.get(row.category, ""))} - {""})
    ]
    standing = [row for row in matching if row.since <= released]
    if standing:
        return max(standing, key=lambda row: row.since).category
    categories = {row.category for row in matching}
    if len(categories) == 1:
        return categories.pop()
    if categories:
        raise ContentError(_undated(table, printed, released, categories))
    raise UnknownLine(_unknown(table, printed, released))


def _undated(table: str, printed: PrintedLine, released: date, categories: set[str]) -> str:
    return (
        f"{printed.where}: {printed.title.strip()!r} may be {' or '.join(sorted(categories))}, "
        f"and no recorded release up to {released} decides it; expected a release of {table} "
        f"from {recorded(table)[0].since} on. Record it in {_DATA}"
    )


def _unknown(table: str, printed: PrintedLine, released: date) -> str:
    unit = "" if printed.unit is None else f" in {printed.unit!r}"
    head = (
        f"{printed.where}: line {printed.line} of {table} is titled {printed.title.strip()!r}{unit}"
    )
    names = tails(printed.title)
    known = next((row for row in reversed(recorded(table)) if plain(row.title) in names), None)
    if known is not None and printed.unit is not None:
        return f"{head}; {known.category} is in {known.unit!r}. {_other_unit(printed.unit, known)}"
    before = known_layout(table, released).get(printed.line)
    row = next((r for r in reversed(recorded(table)) if r.category == before), None)
    was = (
        f"line {printed.line} was {row.title!r} in {row.unit!r}"
        if row
        else ("the line number is new")
    )
    return (
        f"{head}, which no recorded release has ({was}); expected a known title in its unit. If it is a known "
        "category under a new title, accept it in statpipe.toml: [normalizers.bea_regional.titles] "
        f'"{before or table + ":<category>"}" = "<the new title>"; if it is a new one, record it in '
        f"{_DATA}"
    )


def _other_unit(printed: str, known: Recorded) -> str:
    if may_be_same(printed, known.unit):
        return (
            "If it is the same unit with another spelling, accept it in statpipe.toml: "
            f'[normalizers.bea_regional.units] "{printed}" = "{known.unit}"'
        )
    return f"It is a different category: record it in {_DATA}"


def _refuse_two(
    table: str, one: PrintedLine, category: str, before: str | None, first: PrintedLine
) -> None:
    if first.line != one.line:
        msg = (
            f"{one.where}: line {one.line} of {table} is {category} ({one.title.strip()!r}), and so is "
            f"line {first.line} at {first.where}; expected each category once"
        )
    else:
        msg = (
            f"{one.where}: line {one.line} of {table} is {category} ({one.title.strip()!r}) and "
            f"elsewhere {before}; expected one title a line"
        )
    raise ContentError(msg)


def _other_lines(table: str, found: Layout, first: PrintedLine | None) -> str:
    wanted = set(known_layout(table, date.max).values())
    held = set(found.values())
    missing, more = sorted(wanted - held), sorted(held - wanted)
    what = "; ".join(
        f"{words} {', '.join(codes)}"
        for words, codes in (("without", missing), ("with", more))
        if codes
    )
    return (
        f"{first.where if first else table}: {table} holds {len(held)} categories ({what or 'none'}); "
        "expected those of a recorded release. BEA has added or dropped lines: record the new list in "
        f"{_DATA}"
    )
