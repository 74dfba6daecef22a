"""``statpipe diff``."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from statpipe.api import ConfigError, Model
from statpipe.cli.common_options import TableOptions
from statpipe.cli.option_types import Conditions, Name, Names
from statpipe.cli.output import Answer
from statpipe.cli.session import Session, in_session
from statpipe.cli.show import columns_wanted
from statpipe.engine.answers.as_of import day_of
from statpipe.engine.answers.diff import differences
from statpipe.engine.answers.words import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import pyarrow as pa

_GROUPS = 5
"""How many areas and categories the terminal shows; files have all rows."""


def diff(
    model: Name,
    *,
    from_: Annotated[str, Parameter(name="--from")],
    to: str | None = None,
    area: Names = (),
    category: Names = (),
    dataset: Names = (),
    where: Conditions = (),
    period: Names = (),
    options: TableOptions | None = None,
) -> int:
    """
    Show what changed between two dates: revised, added and dropped figures.

    Parameters
    ----------
    model
        Its name, such as `pce_state`.
    from_
        The first date, such as `2021-01-01`: the figures that were current then.
    to
        The second date; default: the latest figures.
    area
        Areas by code, such as `CA` or `CA TX`.
    category
        Categories by code, such as `SAPCE1:1`.
    dataset
        Datasets, such as `SAPCE1`.
    where
        Any other column, such as `geo_level=state`.
    period
        Periods, such as `2021`, or a range such as `2019:2021`.
    """
    options = options or TableOptions()

    def work(session: Session) -> int:
        options.refuse_impossible()
        if options.wide:
            raise ConfigError("--wide does not apply to differences; leave it out")
        of_first, of_last = OPTIONS.of_two_days()
        first, last = day_of(from_, of_first), None if to is None else day_of(to, of_last)
        wanted = columns_wanted(area, category, dataset, where, period)
        with session.lake() as site:
            declared, table = differences(site, model, wanted, first, last)
        if options.asks or options.json:
            Answer(model=declared, table=table).write(options)
        else:
            _print(declared, table, f"from {first} to {last or 'now'}", options.limit)
        return 0

    return in_session(options, work)


def _print(model: Model, table: pa.Table, days: str, limit: int) -> None:
    from statpipe.cli.figures import at_the_point, readable
    from statpipe.cli.tables import print_table
    from statpipe.cli.terminal import say
    from statpipe.domain.revision import counted, percent
    from statpipe.engine.answers.printed_rows import printed_rows

    counts = Counter(table["what"].cast("string").to_pylist())
    told = ", ".join(f"{counts[what]:,} {what}" for what in ("changed", "new", "gone"))
    say(f"{model.title}, {days}: {counted(len(table), 'figure')} ({told})", style="bold")
    rows = list(printed_rows(table, model))
    for column, name in (("ref_area", "area_name"), ("category", "category_name")):
        groups = _groups([row for row in rows if row["what"] == "changed"], column, name)
        if len(groups) > 1:
            say()
            print_table(
                "",
                (column, name, "changed", "median", "largest"),
                [(*code, count, percent(middle), percent(most)) for code, count, middle, most in groups[:_GROUPS]],
                right=("changed", "median", "largest"),
                less=(name,),
            )  # fmt: skip
            if len(groups) > _GROUPS:
                say(f"and {len(groups) - _GROUPS:,} more")
    rows.sort(key=lambda row: -abs(row["percent"] or 0.0))
    shown = rows[:limit]
    if not shown:
        return
    keys = [name for name in model.grain if len({row[name] for row in rows}) > 1 or len(rows) == 1]
    values = {name: at_the_point([readable(row[name]) for row in shown]) for name in ("old_value", "new_value", "difference")}  # fmt: skip
    say()
    print_table(
        "",
        (*keys, "what", "old", "new", "difference", "percent"),
        [
            (*(row[name] for name in keys), row["what"], *(values[name][place] for name in values), percent(row["percent"]))
            for place, row in enumerate(shown)
        ],
        right=("old", "new", "difference", "percent"),
        less=("what", "dataset", "difference"),
    )  # fmt: skip
    if len(rows) > len(shown):
        say(f"{len(rows) - len(shown):,} more: choose fewer, or use --limit or --csv")


def _groups(
    rows: Sequence[Mapping[str, Any]], column: str, name: str
) -> list[tuple[tuple[str, str], int, float | None, float | None]]:
    """
    Return for each code how many figures changed, and the median and largest change, sorted by
    number.
    """
    found: dict[tuple[str, str], list[float | None]] = {}
    for row in rows:
        if column in row:
            found.setdefault((row[column], row.get(name) or ""), []).append(row["percent"])
    groups = []
    for code, moves in found.items():
        sizes = [abs(one) for one in moves if one is not None]
        groups.append(
            (code, len(moves), median(sizes) if sizes else None, max(sizes, default=None))
        )
    return sorted(groups, key=lambda one: (-one[1], -(one[3] or 0.0), one[0]))
