"""Restores what the lake has lost: Bronze from a copy or from the agency, Silver from Bronze."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import attrs
from attrs import field, frozen

from statpipe.api import (
    BronzeObject,
    ContentError,
    Dataset,
    Held,
    Partition,
    Payload,
    Source,
    StatpipeError,
    VintageRecord,
)
from statpipe.engine.record.decide import Outdated
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State, code_of, silver_key
from statpipe.engine.site.observers import Observers
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site
from statpipe.engine.stages.next_step import commands
from statpipe.engine.stages.options import Options
from statpipe.engine.stages.transform import Transform
from statpipe.engine.stages.workers import Workers

_ELSEWHERE = "restore it from a backup, or give its archive with --from-archive"


@frozen(kw_only=True)
class Recorded:
    """
    A Bronze object, and the record of a manifest that lists it.
    """

    kept: BronzeObject
    record: VintageRecord = field(repr=False)


@attrs.define(kw_only=True)
class Repair:
    """
    Repairs one source; the caller holds its lock. *places* are of an archive to fetch from.
    """

    site: Site
    name: str
    places: Sequence[str] = ()

    def bronze(
        self, damaged: Sequence[Recorded], whole: Mapping[str, BronzeObject]
    ) -> dict[str, str]:
        """
        Restore payloads; return the reason for each key that could not be restored.

        *whole* maps the SHA-256 of payloads to undamaged objects with the same payload.
        """
        lacking: list[Recorded] = []
        for one in damaged:
            # If only its note is damaged, the object itself is intact.
            try:
                self._put(one, self.site.lake.payload(whole.get(one.kept.sha256, one.kept)).body)
            except ContentError:
                lacking.append(one)
        if not lacking:
            return {}
        try:
            with self._source() as source:
                return self._fetched(source, lacking)
        except StatpipeError as error:
            return {one.kept.key: f"{error}; {_ELSEWHERE}" for one in lacking}

    def silver(self, held: Held, holds: Sequence[Held]) -> None:
        """
        Rebuild a vintage's Silver from Bronze, exactly as recorded.

        :raises StatpipeError: That is not possible; the message says why.
        """
        with self._source(archive=False) as source, ThreadPoolExecutor(1) as executor:
            dataset = _dataset(source, held.dataset)
            normalizer = self.site.normalizer(dataset)
            code = code_of(dataset, normalizer)
            if code != held.code:
                msg = (
                    f"it was made by {held.code}, but {code} is installed; rebuild it with "
                    f"`statpipe transform {self.name}`"
                )
                raise ContentError(msg)
            transform = Transform(
                lake=self.site.lake,
                state=State(holds),
                journal=Journal(run_id="verify", source=self.name, observers=Observers(Registry())),
                workers=Workers(lake=self.site.lake, checks={}, executor=executor),
                commands=commands(self.name, self.site.environment.name, Options()),
            )
            whole = attrs.evolve(dataset, selection=held.selection)
            item = Outdated(held=held, dataset=whole, reason="its Silver is damaged")
            silver = transform.remade(item, normalizer, code)
        if silver.fingerprint != held.fingerprint:
            msg = (
                "Bronze now yields a table that differs from the recorded one; see the "
                f"differences with `statpipe run {self.name} --full`"
            )
            raise ContentError(msg)
        key = silver_key(self.name, held)
        self.site.lake.write(Partition(key=key, table=silver.table, fingerprint=silver.fingerprint))

    def _fetched(self, source: Source, lacking: Sequence[Recorded]) -> dict[str, str]:
        reasons: dict[str, str] = {}
        for group in _releases(lacking):
            try:
                found = self._of_release(source, group)
                reason = "the source now offers different bytes for that release"
            except StatpipeError as error:
                found, reason = set(), str(error)
            for one in group:
                if one.kept.sha256 not in found:
                    reasons[one.kept.key] = f"{reason}; {_ELSEWHERE}"
        return reasons

    def _of_release(self, source: Source, group: Sequence[Recorded]) -> set[str]:
        """Fetch one release of a dataset until all wanted payloads have arrived; return them."""
        record = group[0].record
        dataset = attrs.evolve(_dataset(source, record.dataset), selection=record.selection)
        offered = source.vintages(dataset)
        day = record.vintage[:10]
        same = [vintage for vintage in offered if vintage.released.isoformat() == day]
        if not same:
            latest = max((v.released.isoformat() for v in offered), default="nothing")
            msg = f"the source now offers {latest} of {record.dataset}, not {day}"
            raise ContentError(msg)
        wanted = {one.kept.sha256 for one in group}
        found: set[str] = set()
        for vintage in same:  # an archive may hold several
            chosen = attrs.evolve(vintage, selection=record.selection)
            for payload in source.fetch(dataset, chosen):
                for one in group:
                    if one.kept.sha256 == payload.sha256:
                        self._put(one, payload.body)
                        found.add(payload.sha256)
                if found == wanted:
                    return found
        return found

    def _put(self, one: Recorded, body: bytes) -> None:
        kept = one.kept
        payload = Payload(
            name=kept.name,
            body=body,
            media_type=kept.media_type,
            request=kept.request,
            retrieved=kept.retrieved,
            structure=kept.structure,
        )
        self.site.lake.keep(self.name, one.record.dataset, payload)

    @contextmanager
    def _source(self, *, archive: bool = True) -> Iterator[Source]:
        source = self.site.source(self.name)
        try:
            if not (archive and self.places):
                yield source
                return
            opened = source.archive(self.places)
            try:
                yield opened
            finally:
                opened.close()
        finally:
            source.close()


def _releases(lacking: Sequence[Recorded]) -> list[list[Recorded]]:
    """Group objects by the fetch that returns them."""
    groups: dict[str, list[Recorded]] = {}
    for one in lacking:
        record = one.record
        groups.setdefault(repr((record.dataset, record.vintage[:10], record.selection)), []).append(
            one
        )
    return list(groups.values())


def _dataset(source: Source, name: str) -> Dataset:
    for dataset in source.datasets():
        if dataset.name == name:
            return dataset
    raise ContentError(f"dataset {name} is no longer configured")
