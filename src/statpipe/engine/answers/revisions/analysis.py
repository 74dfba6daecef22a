"""Releases and statistics of revisions of the figures that a reader chose, for the command line and for Python."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, Model
from statpipe.domain.gold_schema import gold_schema
from statpipe.engine.answers.as_of import latest_table
from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.answers.revisions.declared import releases_model, statistics_model
from statpipe.engine.answers.revisions.releases import releases_of
from statpipe.engine.answers.revisions.statistics import first_efficient, statistics_of
from statpipe.engine.answers.words import OPTIONS, Words
from statpipe.engine.record.records import held_of
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.site import Site

if TYPE_CHECKING:
    import pyarrow as pa

_HISTORY = "_history"
_SERIES = ("ref_area", "category", "dataset", "freq")
_PERIOD = "time_period"

Wanted = Mapping[str, Sequence[str]]
Row = Mapping[str, Any]


def releases(
    site: Site, name: str, wanted: Wanted, *, nth: Collection[int] = (), words: Words = OPTIONS
) -> tuple[Model, pa.Table]:
    """
    Return each release of the chosen figures of a model, or only the *nth* releases.

    :raises ConfigError: The model has no history, or no row matches.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    base, history = history_of(site, name)
    models = list(site.registry.models())
    # Growth needs the period before the first chosen one.
    series = {column: values for column, values in wanted.items() if column != _PERIOD}
    table = figures(site, history, series, words=words)
    held = [one for source in sources_of(models, history) for one in held_of(site.lake, source)]
    by_name = {one.name: one for one in models}
    names = {
        relation: latest_table(site.lake, models, by_name[f"{base}_{kind}"])
        for relation, kind in (("areas", "area"), ("categories", "category"))
        if f"{base}_{kind}" in by_name
    }
    model = releases_model(history, base)
    found = releases_of(table, held, model, names)
    if _PERIOD in wanted:
        from statpipe.engine.answers.rows import chosen_rows

        found = chosen_rows(found, model, {_PERIOD: wanted[_PERIOD]}, words)
    if nth:
        found = found.filter(
            pc.is_in(found["release"], value_set=pa.array(sorted(nth), pa.int64()))
        )
    return model, found


def revision_statistics(
    site: Site,
    name: str,
    wanted: Wanted,
    *,
    nth: Collection[int] = (),
    final: int | None = None,
    growth: bool = False,
    words: Words = OPTIONS,
) -> tuple[Model, pa.Table]:
    """
    Return statistics of the revisions of each series: from each release, or only from the *nth*, to
    the *final* one.

    The final release is the latest one, or the one with this number. With *growth*, growth rates
    are compared instead of figures.

    :raises ConfigError: The model has no history, no row matches, or no figure was released twice.
    """
    import pyarrow as pa

    base, history = history_of(site, name)
    _, table = releases(site, name, wanted, words=words)
    model = statistics_model(history, base)
    measure = "growth" if growth else "value"
    needed = ["ref_area", "area_name", "category", "category_name", "dataset", "freq", _PERIOD, "period_start", "release"]  # fmt: skip
    rows = table.select([*needed, measure, "unit", "unit_mult"]).to_pylist()
    rows.sort(key=itemgetter(*_SERIES, "period_start", "release"))
    found = [
        row
        for _, series in groupby(rows, key=itemgetter(*_SERIES))
        for row in _of_series(list(series), measure, final)
        if not nth or row["release"] in nth
    ]
    if not found:
        msg = (
            f"{name}: no figure has been released twice yet, so there are no revisions; "
            "`statpipe runs list` shows what was loaded"
        )
        raise ConfigError(msg)
    return model, pa.Table.from_pylist(found, gold_schema(model))


def history_of(site: Site, name: str) -> tuple[str, Model]:
    """
    Return the family that a model belongs to, and the model of its history.

    :raises ConfigError: The model has no history.
    """
    whole_model(site, name)  # an unknown name is reported with the known ones
    names = {one.name for one in site.registry.models()}
    base = name
    while base:
        if f"{base}{_HISTORY}" in names:
            return base, whole_model(site, f"{base}{_HISTORY}")
        base = base.rpartition("_")[0]
    those = ", ".join(sorted(one.removesuffix(_HISTORY) for one in names if one.endswith(_HISTORY)))
    raise ConfigError(f"model {name} has no history of releases; name one of {those}")


def _of_series(rows: Sequence[Row], measure: str, final: int | None) -> Iterator[dict[str, Any]]:
    pairs: dict[int, list[tuple[str, float, float]]] = {}
    for period, of_period in groupby(rows, key=itemgetter(_PERIOD)):
        shown = [row for row in of_period if row[measure] is not None]
        last = _final(shown, final)
        if last is None:
            continue
        for row in shown:
            same_unit = all(row[unit] == last[unit] for unit in ("unit", "unit_mult"))
            if row["release"] < last["release"] and same_unit:
                one = (period, float(row[measure]), float(last[measure]))
                pairs.setdefault(row["release"], []).append(one)
    found = [
        {
            **{name: rows[0][name] for name in (*_SERIES, "area_name", "category_name")},
            "release": release,
            "first_period": compared[0][0],
            "last_period": compared[-1][0],
            **statistics_of([one[1] for one in compared], [one[2] for one in compared]),
        }
        for release, compared in sorted(pairs.items())
    ]
    efficient = first_efficient([(one["release"], one["news_p"]) for one in found])
    yield from ({**one, "first_efficient": efficient} for one in found)


def _final(shown: Sequence[Row], final: int | None) -> Row | None:
    if final is None:
        return shown[-1] if shown else None
    return next((row for row in shown if row["release"] == final), None)
