"""Verifies byte for byte that the lake holds what its manifests say, and repairs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial
from typing import Literal, TypeVar

import attrs
from attrs import define, field, frozen

from statpipe.api import (
    BronzeObject,
    ContentError,
    Fault,
    Held,
    Model,
    PartitionKey,
    StatpipeError,
)
from statpipe.domain.canonical import content_hash
from statpipe.engine.gold.changes import changes_of, years_of
from statpipe.engine.gold.maker import Gold, gold_key, opened_gold
from statpipe.engine.gold.standing import folded_key, folded_print
from statpipe.engine.record.advice import in_environment
from statpipe.engine.record.records import held_of, manifest_of
from statpipe.engine.record.run_id import new_run_id
from statpipe.engine.record.state import silver_key
from statpipe.engine.runs.lost_manifests import without_manifest
from statpipe.engine.runs.repair import Recorded, Repair
from statpipe.engine.site.site import Site
from statpipe.engine.stages.task import fingerprint_of

State = Literal["damaged", "repaired", "note"]

_READERS = 4
"""Threads that read; each holds one object, or one table, at a time."""
_GOLD_WAIT = 600.0
_LATER = "the next run will rebuild it"

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


@frozen(kw_only=True)
class Finding:
    """
    The finding about one object. ``damaged``: it is damaged and was not repaired. ``note``: it is
    only information.
    """

    state: State
    path: str
    finding: str


@frozen(kw_only=True)
class Verified:
    """
    How many objects of each kind were read, and what was found.
    """

    counts: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def damaged(self) -> int:
        """
        The number of objects that are still damaged.
        """
        return sum(finding.state == "damaged" for finding in self.findings)


@define(kw_only=True)
class Known:
    """
    What the manifests of a source list. ``written`` are all partitions that it ever wrote.
    """

    holds: tuple[Held, ...] = ()
    bronze: dict[str, Recorded] = field(factory=dict)
    written: set[str] = field(factory=set)


def verify(
    site: Site,
    name: str | None = None,
    *,
    repair: bool = False,
    places: Sequence[str] = (),
    wait: float = 0.0,
    tell: Callable[[str, int, int], None] = lambda _kind, _done, _all: None,
) -> Verified:
    """
    Read everything that the lake holds of a source, or of all, and compare it with what was recorded.

    With *repair*, damaged or missing objects are restored if that gives exactly what was recorded:
    manifests from their copies, Bronze from the same payload elsewhere in the lake or from the
    source (or the archive in *places*), Silver from Bronze, Gold from Silver. Otherwise nothing is
    written. *tell* is called with the number of objects of a kind that have been read, and their
    total.

    :raises ConfigError: The source does not exist.
    :raises Locked: Another run of a source is active, and repair was requested.
    :raises Unavailable: The lake cannot be reached now.
    """
    work = _Verification(site=site, repair=repair, places=places, wait=wait, tell=tell)
    recorded = sorted({source for source, _ in site.lake.run_ids(name)})
    if name is not None and not recorded:
        site.registry.find("source", name)
    installed = [name] if name else site.registry.sources()
    known = {source: work.source(source) for source in sorted({*recorded, *installed})}
    work.gold(known)
    work.unnamed(name, known)
    findings = (
        attrs.evolve(one, finding=in_environment(one.finding, site.environment.name))
        for one in work.findings
    )
    return Verified(counts=work.counts, findings=tuple(findings))


@define(kw_only=True)
class _Verification:
    site: Site
    repair: bool
    places: Sequence[str]
    wait: float
    tell: Callable[[str, int, int], None]
    findings: list[Finding] = field(factory=list)
    counts: dict[str, int] = field(factory=dict)

    def source(self, name: str) -> Known:
        """Verify the manifests, Bronze and Silver of a source."""
        with ExitStack() as stack:
            if self.repair:
                stack.enter_context(self.site.lake.lock(name, self.wait, new_run_id))
            known = self._manifests(name)
            repair = Repair(site=self.site, name=name, places=self.places)
            self._bronze(known, repair)
            self._silver(name, known, repair)
        return known

    def gold(self, known: Mapping[str, Known]) -> None:
        """Verify the changes of sources' vintages, and the models that read these sources."""
        written = {path for one in known.values() for path in one.written}
        models = list({m.name: m for name in known for m in self.site.models_of(name)}.values())
        with ExitStack() as stack:
            if self.repair:
                stack.enter_context(self.site.lake.lock("gold", _GOLD_WAIT, new_run_id))
            gold = stack.enter_context(
                opened_gold(
                    self.site.lake,
                    self.site.registry.models(),
                    lambda source: held_of(self.site.lake, source),
                    (lambda _: None) if self.repair else None,
                    memory=self.site.memory,
                )
            )
            for name, one in known.items():
                self._changes(gold, name, one.holds, written)
            models = [m for m in models if gold.fingerprint(m) or gold_key(m).path in written]
            found = self._read("gold", lambda model: self._of_model(gold, model), models)
            for model, finding in zip(models, found, strict=True):
                self._model(gold, model, finding, written)

    def unnamed(self, name: str | None, known: dict[str, Known]) -> None:
        """Report leftovers of killed runs, and objects that were set aside."""
        kept = [one.kept for each in known.values() for one in each.bronze.values()]
        keys = [silver_key(source, held) for source, each in known.items() for held in each.holds]
        keys += [key for source, each in known.items() for key in _of_changes(source, each.holds)]
        keys += [gold_key(model) for model in self.site.registry.models()]
        for path in self.site.lake.unnamed(name, kept, keys):
            self._found(
                "note", path, ("no manifest lists it: it was set aside, or a run was killed")
            )

    def _manifests(self, source: str) -> Known:
        lake, known = self.site.lake, Known()
        ids = [run_id for _, run_id in lake.run_ids(source)]

        def look(run_id: str) -> tuple[Sequence[Fault], bool]:
            faults = lake.manifest_faults(source, run_id)
            # Even if nothing is wrong: older versions made no copies.
            return faults, self.repair and lake.restore_manifest(source, run_id)

        whole: dict[str, bool] = {}
        for run_id, (faults, restored) in zip(ids, self._read("manifests", look, ids), strict=True):
            for fault in faults:
                if restored:
                    self._found(
                        "repaired",
                        fault.path,
                        f"{fault.reason}; restored from {_twin(fault.path)}",
                    )
                else:
                    aside = "; set aside, since no intact copy exists" if self.repair else ""
                    self._found("damaged", fault.path, fault.reason + aside)
            try:
                manifest = manifest_of(lake, source, run_id)
            except ContentError as error:
                if not faults:
                    self._found("damaged", f"runs/{source}/{run_id}.json", str(error))
                whole[run_id] = False
                continue
            whole[run_id] = True
            known.holds = manifest.holds
            known.written |= {receipt.path for receipt in manifest.receipts}
            for record in manifest.vintages:
                for kept in record.bronze:
                    known.bronze[kept.key] = Recorded(kept=kept, record=record)
        self._origins(source, known, whole)
        return known

    def _origins(self, source: str, known: Known, whole: Mapping[str, bool]) -> None:
        """Report missing manifests that others need."""
        lost = None if any(whole.values()) else without_manifest(self.site, source)
        if lost:
            self._found(lost[0], f"runs/{source}", lost[1])
        made_from: dict[str, list[str]] = {}
        for held in known.holds:
            for origin in held.made_from:
                if not whole.get(origin.run_id):
                    made_from.setdefault(origin.run_id, []).append(
                        f"{held.dataset} {held.vintage.id}"
                    )
        for run_id, vintages in made_from.items():
            text = (
                f"is needed to rebuild {', '.join(vintages)} from Bronze, but it "
                f"{'is damaged' if run_id in whole else 'is gone'}; restore it from a backup"
            )
            self._found("damaged", f"runs/{source}/{run_id}.json", text)

    def _bronze(self, known: Known, repair: Repair) -> None:
        objects = list(known.bronze.values())
        lake = self.site.lake

        def look(one: Recorded) -> Sequence[Fault]:
            return lake.faults(one.kept)

        found = list(zip(objects, self._read("bronze", look, objects), strict=True))
        damaged = {one.kept.key: (one, faults) for one, faults in found if faults}
        if not (damaged and self.repair):
            for _, faults in damaged.values():
                for fault in faults:
                    self._found("damaged", fault.path, fault.reason)
            return
        whole: dict[str, BronzeObject] = {
            one.kept.sha256: one.kept for one, faults in found if not faults
        }
        reasons = repair.bronze([one for one, _ in damaged.values()], whole)
        for key, (one, faults) in damaged.items():
            left = {fault.path for fault in look(one)}
            for fault in faults:
                if fault.path in left:
                    why = reasons.get(key, "it could not be rebuilt")
                    self._found("damaged", fault.path, f"{fault.reason}; {why}")
                else:
                    self._found("repaired", fault.path, f"{fault.reason}; rebuilt")

    def _silver(self, source: str, known: Known, repair: Repair) -> None:
        held = [one for one in known.holds if one.fingerprint]
        look = self._read("silver", lambda one: self._of_vintage(source, one), held)
        for one, finding in zip(held, look, strict=True):
            if finding is None:
                continue
            if not self.repair:
                self.findings.append(finding)
                continue
            try:
                repair.silver(one, known.holds)
            except StatpipeError as error:
                self._kept(finding, error)
            else:
                self._found("repaired", finding.path, f"{finding.finding}; rebuilt from Bronze")

    def _of_vintage(self, source: str, held: Held) -> Finding | None:
        lake, key = self.site.lake, silver_key(source, held)
        try:
            table = lake.read(key)
        except ContentError as error:
            return _finding("damaged", key.path, _less_remedy(error))
        if lake.fingerprint(key) == held.fingerprint:
            if fingerprint_of(table, held.code) == held.fingerprint:
                return None
            return _finding("damaged", key.path, "its rows differ from the recorded ones")
        if lake.vouches_for(key):
            text = f"it differs from its record but is intact: a run was killed; {_LATER}"
            return _finding("note", key.path, text)
        return _finding("damaged", key.path, "it differs from its record")

    def _changes(self, gold: Gold, source: str, holds: Sequence[Held], written: set[str]) -> None:
        lake = self.site.lake
        prints = _of_changes(source, holds)
        keys = [key for key in prints if lake.fingerprint(key) or key.path in written]
        found = self._read("changes", lambda key: self._of_made(key, prints[key]), keys)
        for key, finding in zip(keys, found, strict=True):
            if finding is not None:
                own = [h for h in holds if h.dataset == key.dataset and h.fingerprint]
                changes = partial(changes_of, lake, source, own, lambda _: None)
                fold = partial(gold.standing, source, "verify")
                self._made_again(key, finding, written, changes if key.year else fold)

    def _of_model(self, gold: Gold, model: Model) -> Finding | None:
        """
        Compare a model's partition with its fingerprint. If that proves nothing, see
        :meth:`_model`.
        """
        return self._of_made(gold_key(model), gold.fingerprint(model))

    def _of_made(self, key: PartitionKey, fingerprint: str | None) -> Finding | None:
        try:
            self.site.lake.read(key)
        except ContentError as error:
            return _finding("damaged", key.path, _less_remedy(error))
        if self.site.lake.fingerprint(key) != fingerprint:
            text = (
                "it was made from other inputs, or by another version of statpipe or the model; "
                f"{_LATER}"
            )
            return _finding("note", key.path, text)
        return None

    def _model(self, gold: Gold, model: Model, finding: Finding | None, written: set[str]) -> None:
        key = gold_key(model)
        if finding is None and not self.site.lake.vouches_for(key):
            finding = self._recomputed(gold, model)
        if finding is not None:
            self._made_again(
                key, finding, written, lambda: self.site.lake.write(gold.remade(model))
            )

    def _made_again(
        self, key: PartitionKey, finding: Finding, written: set[str], make: Callable[[], object]
    ) -> None:
        if finding.state == "damaged" and key.path not in written:
            finding = attrs.evolve(finding, state="note", finding=f"{finding.finding}; {_LATER}")
        if not self.repair:
            self.findings.append(finding)
            return
        try:
            make()
        except StatpipeError as error:
            self._kept(finding, error)
        else:
            self._found("repaired", finding.path, f"{finding.finding}; rebuilt from Silver")

    def _recomputed(self, gold: Gold, model: Model) -> Finding | None:
        """Compute a model again, because partitions of older versions contain no hash."""
        key = gold_key(model)
        try:
            made = gold.remade(model).table
        except StatpipeError as error:
            return _finding("damaged", key.path, f"it cannot be compared: {error}")
        if content_hash(made) == content_hash(self.site.lake.read(key)):
            return None
        return _finding("damaged", key.path, "its rows differ from those that Silver yields")

    def _read(
        self, kind: str, look: Callable[[_Item], _Found], items: Sequence[_Item]
    ) -> list[_Found]:
        """Check items in several threads; yield the findings in their order."""
        self.counts[kind] = self.counts.get(kind, 0) + len(items)
        pool = ThreadPoolExecutor(_READERS, thread_name_prefix="statpipe-verify")
        try:
            waiting = [pool.submit(look, item) for item in items]
            for done, future in enumerate(as_completed(waiting), 1):
                future.result()  # an unreachable lake ends this at once
                self.tell(kind, done, len(items))
            return [future.result() for future in waiting]
        finally:
            pool.shutdown(cancel_futures=True)

    def _kept(self, finding: Finding, error: StatpipeError) -> None:
        """Report an object that cannot be rebuilt; it stays unchanged."""
        self.findings.append(attrs.evolve(finding, finding=f"{finding.finding}; {error}"))

    def _found(self, state: State, path: str, text: str) -> None:
        self.findings.append(_finding(state, path, text))


def _of_changes(source: str, holds: Sequence[Held]) -> dict[PartitionKey, str]:
    """Return the tables of changes of these vintages, with their fingerprints."""
    found: dict[PartitionKey, str] = {}
    for name in dict.fromkeys(held.dataset for held in holds):
        years = years_of(source, [h for h in holds if h.dataset == name and h.fingerprint])
        found |= {year.key: year.fingerprint for year in years}
        found |= {folded_key(years[0].key): folded_print(years)} if years[1:] else {}
    return found


def _finding(state: State, path: str, text: str) -> Finding:
    return Finding(state=state, path=path, finding=text)


def _twin(path: str) -> str:
    """Return the other copy of a manifest, from which this one can be restored."""
    return "the manifest" if path.startswith("copies/") else "its copy"


def _less_remedy(error: ContentError) -> str:
    """Remove the remedy from a message, because the verification offers its own."""
    return str(error).split("; run `", 1)[0]
