"""The contents of a report on one series: its figures, vintages and revisions, the other states,
checks and origins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import field, frozen

from statpipe.api import BronzeObject, CheckResult, ConfigError, ContentError, Held, Model
from statpipe.domain.key_order import key_codes
from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.answers.pictures.lines import Series
from statpipe.engine.answers.pictures.tiles import PLACES
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.answers.revisions.analysis import history_of, releases, revision_statistics
from statpipe.engine.answers.revisions.triangle import triangle
from statpipe.engine.answers.wide import PERIOD, Wide
from statpipe.engine.record.records import held_of, manifest_of, record_of
from statpipe.engine.site.model_order import sources_of
from statpipe.engine.site.site import Site

_SERIES = ("ref_area", "category", "dataset", "freq")
_NATION = "US"

Row = Mapping[str, Any]


@frozen(kw_only=True)
class Origin:
    """
    A vintage of the series, with the payloads of its dataset.
    """

    held: Held
    source: str
    payloads: tuple[BronzeObject, ...] = field(repr=False)


@frozen(kw_only=True)
class Story:
    """
    The contents of a report. ``moves`` are revisions in per cent, by vintage and period; ``None``
    means unchanged.
    """

    model: str
    title: str
    environment: str
    key: Mapping[str, str]
    area_name: str
    category_name: str
    unit: str
    latest: Sequence[Row] = field(repr=False)
    names: Mapping[date, str] = field(repr=False)
    vintages: Sequence[Series] = field(repr=False)
    triangle: Wide = field(repr=False)
    moves: Mapping[tuple[str, str], float | None] = field(repr=False)
    statistics: Sequence[Row] = field(repr=False)
    states: Mapping[str, float] = field(repr=False)
    state_period: str = ""
    checks: Sequence[CheckResult] = field(repr=False)
    origins: Sequence[Origin] = field(repr=False)


def story_of(site: Site, name: str, wanted: Mapping[str, Sequence[str]]) -> Story:
    """
    Describe the chosen series of a model; if several match, the first one: the nation's, in the
    first category.

    :raises ConfigError: The model has no history, or no row matches.
    """
    base, history = history_of(site, name)
    model = whole_model(site, base)
    key = _first_series(site, model, wanted)
    one = {column: (value,) for column, value in key.items()}
    periods = {PERIOD: wanted[PERIOD]} if PERIOD in wanted else {}
    latest = list(printed_rows(figures(site, model, {**one, **periods}), model))
    latest.sort(key=lambda row: row["period_start"])
    declared, table = releases(site, base, {**one, **periods})
    rows = sorted(
        table.to_pylist(), key=lambda row: (row["released"], row["vintage"], row["period_start"])
    )
    period, states = _states(site, model, key, latest[-1][PERIOD])
    sources = sources_of(list(site.registry.models()), history)
    return Story(
        model=base,
        title=model.title,
        environment=site.environment.name,
        key=key,
        area_name=latest[-1].get("area_name") or key["ref_area"],
        category_name=latest[-1].get("category_name") or key["category"],
        unit=latest[-1]["unit"],
        latest=latest,
        names={row["period_start"]: row[PERIOD] for row in (*rows, *latest)},
        vintages=_vintages(rows),
        triangle=triangle(declared, table),
        moves=_moves(rows),
        statistics=_statistics(site, base, {**one, **periods}),
        states=states,
        state_period=period,
        checks=_checks(site, sources, key["dataset"]),
        origins=[o for source in sources for o in _origins(site, source, key["dataset"])],
    )


def series_of(rows: Sequence[Row], measure: str, varying: Sequence[str]) -> list[Series]:
    """
    Return the series in some rows, each with the names or codes that distinguish it.
    """
    found: dict[str, dict[date, float]] = {}
    for row in rows:
        name = " ".join(str(row[code]) for code in varying)
        own = found.setdefault(name, {})
        if row[measure] is not None:
            own[row["period_start"]] = float(row[measure])
    return [Series(name=name, figures=own) for name, own in found.items()]


def _first_series(site: Site, model: Model, wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    import pyarrow.compute as pc

    table = figures(site, model, wanted)
    if "ref_area" not in wanted and (
        nation := table.filter(pc.equal(table["ref_area"].cast("string"), _NATION))
    ):
        table = nation
    order = pc.sort_indices(key_codes(table, [*_SERIES]))
    (row,) = table.take(order[:1]).select([*_SERIES]).to_pylist()
    return {name: str(row[name]) for name in _SERIES}


def _vintages(rows: Sequence[Row]) -> list[Series]:
    found: dict[str, dict[date, float]] = {}
    for row in rows:
        found.setdefault(row["vintage"], {})[row["period_start"]] = float(row["value"])
    return [Series(name=name, figures=own) for name, own in found.items()]


def _moves(rows: Sequence[Row]) -> dict[tuple[str, str], float | None]:
    """Return how much each release changed the previous figures, in per cent. First figures are not
    changes.
    """
    last: dict[str, Row] = {}
    moves: dict[tuple[str, str], float | None] = {}
    for row in rows:
        before = last.get(row[PERIOD])
        last[row[PERIOD]] = row
        if before is None:
            continue
        comparable = before["value"] and all(
            before[one] == row[one] for one in ("unit", "unit_mult")
        )
        moved = float(row["value"] - before["value"])
        move = moved / abs(float(before["value"])) * 100 if comparable else None
        moves[row["vintage"], row[PERIOD]] = move or None
    return moves


def _statistics(site: Site, base: str, wanted: Mapping[str, Sequence[str]]) -> list[Row]:
    try:
        _, table = revision_statistics(site, base, wanted)
    except ConfigError:  # released once: nothing to compare
        return []
    rows: list[Row] = table.to_pylist()
    return rows


def _states(
    site: Site, model: Model, key: Mapping[str, str], newest: str
) -> tuple[str, dict[str, float]]:
    """Return the figures of all states for a category in the newest period of the series."""
    wanted = {name: (value,) for name, value in key.items() if name != "ref_area"}
    rows = figures(site, model, {**wanted, PERIOD: (newest,)}).to_pylist()
    found = {
        row["ref_area"]: float(row["value"])
        for row in rows
        if row["ref_area"] in PLACES and row["value"] is not None
    }
    return newest, found


def _checks(site: Site, sources: Sequence[str], dataset: str) -> list[CheckResult]:
    """Return the check results of the newest loaded vintage."""
    for source in sources:
        for _, run_id in reversed(site.lake.run_ids(source)):
            try:
                manifest = manifest_of(site.lake, source, run_id)
            except ContentError:
                continue
            found = [one for one in manifest.checks if one.dataset == dataset]
            if found:
                newest = max(one.vintage for one in found)
                return [one for one in found if one.vintage == newest]
    return []


def _origins(site: Site, source: str, dataset: str) -> list[Origin]:
    held = [one for one in held_of(site.lake, source) if one.fingerprint and one.dataset == dataset]
    found = []
    for one in sorted(held, key=lambda one: (one.released, one.sequence)):
        payloads: dict[str, BronzeObject] = {}
        for origin in one.made_from:
            try:
                record = record_of(site.lake, source, dataset, origin)
            except ContentError:
                continue
            payloads |= {kept.key: kept for kept in record.bronze}
        found.append(Origin(held=one, source=source, payloads=tuple(payloads.values())))
    return found
