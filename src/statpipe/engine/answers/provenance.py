"""Where a number comes from: its history, Silver, Bronze, runs and checks, each verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from statpipe.api import CheckResult, ConfigError, Held, Lake, Manifest, Model
from statpipe.domain.canonical import canonical
from statpipe.domain.observation import CELL
from statpipe.domain.period import FOREVER
from statpipe.engine.answers.as_of import latest_rows, table_as_of
from statpipe.engine.answers.cell_history import Cell, CellHistory, Stand, cell_histories
from statpipe.engine.answers.evidence import Evidence, Reader, evidence_of
from statpipe.engine.answers.printed_rows import printed_rows
from statpipe.engine.answers.rows import chosen_rows
from statpipe.engine.answers.words import OPTIONS, Words
from statpipe.engine.gold.dimensions import with_dimensions
from statpipe.engine.record.records import held_of, manifest_of
from statpipe.engine.record.state import silver_key
from statpipe.engine.site.model_order import models_under, sources_of
from statpipe.engine.site.site import Site
from statpipe.engine.stages.task import fingerprint_of

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class SilverProof:
    """
    The Silver partition of a figure. ``damage`` says how it differs from its record; it is empty if
    they match.
    """

    path: str
    fingerprint: str
    code: str
    damage: str = ""


@frozen(kw_only=True)
class RunMade:
    """
    A run that fetched a figure's payloads, or made its Silver, and the code it ran.
    """

    run_id: str
    command: str
    finished: str
    did: str
    versions: Mapping[str, str]


@frozen(kw_only=True)
class Provenance:
    """
    The complete provenance of a number. ``rows`` are the model's own, ``current`` is the figure
    behind them. ``structure`` is the hash of the structure that its codes are described by; empty
    if not recorded.
    """

    model: Model
    rows: tuple[Mapping[str, Any], ...]
    history: CellHistory
    current: Stand
    silver: SilverProof
    structure: str
    evidence: tuple[Evidence, ...]
    runs: tuple[RunMade, ...]
    checks: tuple[tuple[str, CheckResult], ...] = field(repr=False)

    @property
    def structures(self) -> tuple[Evidence, ...]:
        """
        Return the objects that describe codes; none if the plugin's own lists do.
        """
        return tuple(one for one in self.evidence if one.kept.structure)

    @property
    def payloads(self) -> tuple[Evidence, ...]:
        """
        Return the objects that hold figures.
        """
        return tuple(one for one in self.evidence if not one.kept.structure)

    @property
    def differing(self) -> tuple[Evidence, ...]:
        """
        Return the objects that now give a figure that differs from Silver.
        """
        value = self.current.value
        return tuple(one for one in self.evidence if one.holds and one.value != value)

    @property
    def problems(self) -> tuple[str, ...]:
        """
        Return the differences from the record; none if everything verified matches.
        """
        differing = (
            f"{one.kept.key} gives a figure that differs from Silver; run `statpipe transform "
            f"{self.history.source}` if the normalizer is newer, otherwise report it"
            for one in self.differing
        )
        damages = [self.silver.damage, *(one.damage for one in self.evidence), *differing]
        return tuple(text for text in damages if text)


def explain(
    site: Site, model: Model, wanted: Cell, day: date | None = None, words: Words = OPTIONS
) -> Provenance:
    """
    Trace a figure of a model back to the bytes it was read from.

    :raises ConfigError: The model, or the source on that *day*, has no such figure.
    :raises ContentError: Gold, Silver or a manifest is missing or damaged.
    """
    _refuse_without_key(site, model)
    models, held_by = site.registry.models(), cache(partial(held_of, site.lake))
    model = with_dimensions(models, model, held_by)
    latest = _latest(site, model, wanted, words)
    history = _history(model, _histories(site, model, latest, wanted, held_by), wanted, words)
    stand = _stand_on(history, model, day, words)
    table = latest if day is None else table_as_of(site.lake, models, model, day, words)
    rows = _rows(table, model, history.cell)
    stand = _set_by(history, rows) or stand
    held = next(
        one
        for one in held_by(history.source)
        if (one.dataset, one.vintage.id) == (history.cell.dataset, stand.vintage)
    )
    manifest = cache(partial(manifest_of, site.lake, history.source))
    manifests = list(_manifests(site.lake, history.source, held, manifest))
    return Provenance(
        model=model,
        rows=rows,
        history=history,
        current=stand,
        silver=_silver_proof(site.lake, history.source, held),
        structure=held.structure,
        evidence=evidence_of(
            site.lake, held, history.cell, _reader(site, history.source, held), manifest
        ),
        runs=tuple(_run_made(manifest, held) for manifest in manifests),
        checks=tuple(
            (manifest.run_id, result)
            for manifest in manifests
            for result in manifest.checks
            if (result.dataset, result.vintage) == (held.dataset, held.vintage.id)
        ),
    )


def _refuse_without_key(site: Site, model: Model) -> None:
    lacking = [name for name in CELL if name not in _columns(model)]
    if lacking:
        models = site.registry.models()
        under = [one for one in models_under(models, model) if set(CELL) <= _columns(one)]
        those = under or [one for one in models if set(CELL) <= _columns(one)]
        msg = (
            f"model {model.name} has no column {lacking[0]}, so its rows do not describe one "
            f"figure each; explain one of {', '.join(one.name for one in those) or 'none'}"
        )
        raise ConfigError(msg)


def _columns(model: Model) -> set[str]:
    return {column.name for column in model.columns}


def _latest(site: Site, model: Model, wanted: Cell, words: Words) -> pa.Table | ConfigError:
    """Return the model's own rows, or the error if they do not exist now: they may have existed."""
    models = site.registry.models()
    try:
        return latest_rows(site.lake, models, model, _each_alone(wanted), words)
    except ConfigError as error:
        return error


def _histories(
    site: Site,
    model: Model,
    latest: pa.Table | ConfigError,
    wanted: Cell,
    held: Callable[[str], Sequence[Held]],
) -> list[CellHistory]:
    """Find the cells of the model's sources that may match."""
    narrowed = wanted if isinstance(latest, ConfigError) else _with_dataset(latest, wanted)
    found = [
        history
        for source in sources_of(site.registry.models(), model)
        for history in cell_histories(site.lake, source, held(source), narrowed)
    ]
    if not found and isinstance(latest, ConfigError):
        raise latest
    return found


def _history(model: Model, found: Sequence[CellHistory], wanted: Cell, words: Words) -> CellHistory:
    """Return the only history that matches."""
    if not found:
        msg = f"no dataset that {model.name} reads has a figure for {in_words(wanted)}"
        raise ConfigError(msg)
    if len(found) > 1:
        raise ConfigError(_several(found, wanted, words))
    return found[0]


def _each_alone(cell: Cell) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in cell.key.items()}


def _with_dataset(rows: pa.Table, wanted: Cell) -> Cell:
    """Return the dataset if the rows name it, so that Silver of the others need not be read."""
    if "dataset" not in rows.column_names:
        return wanted
    datasets = set(rows["dataset"].to_pylist())
    return attrs.evolve(wanted, dataset=datasets.pop()) if len(datasets) == 1 else wanted


def _several(found: Sequence[CellHistory], wanted: Cell, words: Words) -> str:
    datasets = sorted({str(one.cell.dataset) for one in found})
    what = f"{len(found)} figures are for {in_words(wanted)}"
    if len(datasets) > 1:
        return (
            f"{what}, in {' and '.join(datasets)}; add {words.choice('dataset', datasets[:1])}, "
            "for example"
        )
    first = found[0].cell.where
    example = words.choices({name: (value,) for name, value in first.items()})
    return f"{what}; say which, for example {example}"


def in_words(cell: Cell) -> str:
    """
    Name a cell in a sentence.
    """
    return ", ".join(cell.key.values())


def _stand_on(history: CellHistory, model: Model, day: date | None, words: Words) -> Stand:
    stand = history.on(day or FOREVER)
    if stand is not None:
        return stand
    cell, first = in_words(history.cell), history.stands[0]
    if day is not None and day < first.realtime_start:
        msg = (
            f"{words.day(day)}: {model.name} has no figure for {cell} on {day}: it was first "
            f"released on {first.realtime_start}; use {words.day(first.realtime_start)} or later"
        )
        raise ConfigError(msg)
    stood = [one for one in history.stands if one.realtime_end >= one.realtime_start]
    until = max(
        (one.realtime_end for one in stood if one.realtime_end < (day or FOREVER)), default=None
    )
    msg = (
        f"{model.name} has no figure for {cell} {f'on {day}' if day else 'now'}: the agency dropped it"
        + (f" after {until}; use {words.day(until)} for the last one" if until else "")
    )
    raise ConfigError(msg)


def _rows(table: pa.Table | ConfigError, model: Model, cell: Cell) -> tuple[Mapping[str, Any], ...]:
    if isinstance(table, ConfigError):
        raise table
    columns = _columns(model)
    key = {name: value for name, value in _each_alone(cell).items() if name in columns}
    return tuple(printed_rows(chosen_rows(table, model, key), model))


def _set_by(history: CellHistory, rows: Sequence[Mapping[str, Any]]) -> Stand | None:
    """Return the figure of the row's vintage, which need not be the latest."""
    vintage = rows[0].get("vintage") if len(rows) == 1 else None
    return next((one for one in history.stands if one.vintage == vintage), None)


def _silver_proof(lake: Lake, source: str, held: Held) -> SilverProof:
    """Compare the recorded fingerprint with the partition's, and with one computed from its rows."""
    key = silver_key(source, held)
    again = fingerprint_of(canonical(lake.read(key)), held.code)
    same = lake.fingerprint(key) == again == held.fingerprint
    return SilverProof(
        path=key.path,
        fingerprint=held.fingerprint,
        code=held.code,
        damage=""
        if same
        else f"{key.path} differs from its record; delete it and run `statpipe transform "
        f"{source}` to rebuild it from Bronze",
    )


def _reader(site: Site, source: str, held: Held) -> Reader | None:
    made = site.source(source)
    try:
        found = [one for one in made.datasets() if one.name == held.dataset]
    finally:
        made.close()
    if not found:
        return None
    return Reader(dataset=found[0], normalizer=site.normalizer(found[0]))


def _manifests(
    lake: Lake, source: str, held: Held, manifest_of: Callable[[str], Manifest]
) -> Iterator[Manifest]:
    """Yield the runs that fetched a vintage, and the run that made its Silver if it is a different
    one.
    """
    fetched = dict.fromkeys(origin.run_id for origin in held.made_from)
    made = False
    for run_id in fetched:
        manifest = manifest_of(run_id)
        made = made or _made_silver(manifest, held)
        yield manifest
    later = [run for _, run in lake.run_ids(source) if run > max(fetched, default="")]
    for run_id in later if not made else ():
        manifest = manifest_of(run_id)
        if _made_silver(manifest, held):
            yield manifest
            return


def _made_silver(manifest: Manifest, held: Held) -> bool:
    wanted = (held.dataset, held.vintage.id, held.fingerprint)
    return any((one.dataset, one.vintage, one.fingerprint) == wanted for one in manifest.vintages)


def _run_made(manifest: Manifest, held: Held) -> RunMade:
    fetched = manifest.run_id in {origin.run_id for origin in held.made_from}
    did = [
        word
        for word, true in (("fetched", fetched), ("made Silver", _made_silver(manifest, held)))
        if true
    ]
    return RunMade(
        run_id=manifest.run_id,
        command=manifest.command,
        finished=manifest.finished.isoformat(timespec="seconds"),
        did=" and ".join(did),
        versions=manifest.versions,
    )
