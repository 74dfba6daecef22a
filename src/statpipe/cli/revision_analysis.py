"""``statpipe revisions``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from statpipe.api import ConfigError, Model
from statpipe.cli.common_options import TableOptions
from statpipe.cli.figures import readable
from statpipe.cli.option_types import Conditions, Flag, Name, Names, split
from statpipe.cli.output import Answer
from statpipe.cli.session import Session, in_session
from statpipe.cli.show import columns_wanted
from statpipe.cli.terminal import say, say_wrapped
from statpipe.engine.answers.revisions.analysis import releases, revision_statistics
from statpipe.engine.answers.revisions.triangle import triangle

if TYPE_CHECKING:
    import pyarrow as pa

_SERIES = ("ref_area", "category", "dataset", "freq")
_NAMES = (("area_name", "ref_area"), ("category_name", "category"))
_TOLD = frozenset({*_SERIES, *(name for name, _ in _NAMES), "release", "first_efficient"})
"""Columns shown above or below the statistics."""


def revisions(
    model: Name,
    *,
    area: Names = (),
    category: Names = (),
    dataset: Names = (),
    where: Conditions = (),
    period: Names = (),
    release: Names = (),
    final: int | None = None,
    growth: Flag = False,
    triangle_: Annotated[bool, Parameter(name="--triangle", negative="")] = False,
    options: TableOptions | None = None,
) -> int:
    """
    Show how the figures of a model were revised: size, bias, news or noise.

    A revision is the final figure minus an earlier one.

    Parameters
    ----------
    model
        Its name, such as `pce_state`.
    area
        Areas by code, such as `CA` or `CA TX`.
    category
        Categories by code, such as `SAPCE1:1`.
    dataset
        Datasets, such as `SAPCE1`.
    where
        Any other column of the model's history, such as `freq=Q`.
    period
        Periods, such as `2021`, or a range such as `2019:2021`.
    release
        Only these releases by number; `0` is the first release of each figure.
    final
        Number of the release that counts as final; default: the latest.
    growth
        Compare growth over the previous period in per cent instead of the figures.
    triangle_
        Show every release of every figure; with `--wide`, a row for each period and a column for
        each vintage.
    """
    options = options or TableOptions()

    def work(session: Session) -> int:
        options.refuse_impossible()
        rows = columns_wanted(area, category, dataset, where, period)
        nth = _numbers(release)
        with session.lake() as site:
            if triangle_:
                declared, table = releases(site, model, rows, nth=nth)
            else:
                if options.wide:
                    raise ConfigError("--wide only works with --triangle here; add --triangle")
                declared, table = revision_statistics(
                    site, model, rows, nth=nth, final=final, growth=growth
                )
        if triangle_ or options.asks or options.json:
            turned = triangle(declared, table, growth=growth) if options.wide else None
            Answer(model=declared, table=table, turned=turned).write(options)
        else:
            _print_statistics(declared, table, options.limit)
        return 0

    return in_session(options, work)


def _numbers(given: Sequence[str]) -> tuple[int, ...]:
    texts = split(given)
    for text in texts:
        if not text.isdecimal():
            raise ConfigError(f"--release {text} is not a number; 0 is the first release")
    return tuple(map(int, texts))


def _print_statistics(model: Model, table: pa.Table, limit: int) -> None:
    """Print each series as a table: one row per statistic, one column per release."""
    say(model.title, style="bold")
    rows = sorted(table.to_pylist(), key=itemgetter(*_SERIES, "release"))
    series = [list(ones) for _, ones in groupby(rows, key=itemgetter(*_SERIES))]
    for ones in series[:limit]:
        first = ones[0]
        say()
        names = [
            f"{first[name]} ({first[code]})" if first[name] else first[code]
            for name, code in _NAMES
        ]
        say_wrapped(f"{', '.join(names)}, dataset {first['dataset']}")
        _print_columns(ones)
        efficient = first["first_efficient"]
        if any(one["news_p"] is not None for one in ones):
            told = "none" if efficient is None else f"release {efficient}"
            say(f"first efficient release, at 5 %: {told}")
    if len(series) > limit:
        say()
        say(f"{len(series) - limit:,} more series: choose fewer, or use --limit or --csv")


def _print_columns(ones: Sequence[Mapping[str, Any]]) -> None:
    from statpipe.cli.tables import print_table

    columns = ["", *(f"release {one['release']}" for one in ones)]
    told = [
        name for name in ones[0] if name not in _TOLD and any(one[name] is not None for one in ones)
    ]
    print_table(
        "",
        columns,
        [(_words(name), *(readable(one[name]) for one in ones)) for name in told],
        right=columns[1:],
        less=columns[2:],
    )


def _words(name: str) -> str:
    return re.sub(r"\b_?p$", "p-value", name.replace("_", " "))
