"""Reads manifests from the lake."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

import cattrs
import structlog

from statpipe.api import ContentError, Lake, Manifest, Sink, VintageRecord
from statpipe.domain.manifest import Held, Origin, manifest_fault
from statpipe.domain.self_hash import NAME, is_hashed

log = structlog.get_logger("statpipe")

_T = TypeVar("_T")


class Damaged(ContentError):
    """
    A manifest whose bytes differ from those that a run recorded.
    """


def manifest_of(lake: Lake, source: str, run_id: str) -> Manifest:
    """
    Read a manifest.

    :raises Damaged: Its bytes have changed, and no intact copy exists.
    :raises ContentError: It does not exist, or a newer version of statpipe wrote it.
    """
    return _read(lake, source, run_id, _whole)


def _read(lake: Lake, source: str, run_id: str, structured: Callable[[Any], _T]) -> _T:
    body = lake.manifest(source, run_id)
    what = f"the manifest of run {run_id} of {source} cannot be read"
    fault = manifest_fault(body, source, run_id)
    if fault:
        msg = f"{what}: {fault}; restore it from a backup, or {_verify(source)}"
        raise Damaged(msg)
    try:
        return structured(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, ExceptionGroup) as error:
        reason = type(error).__name__
        if is_hashed(body):
            msg = f"{what} ({reason}): a newer version of statpipe wrote it; upgrade statpipe"
            raise ContentError(msg) from error
        msg = f"{what} ({reason}); restore it from a backup, or {_verify(source)}"
        raise Damaged(msg) from error


def match_records(lake: Lake, sink: Sink, source: str) -> None:
    """
    Make a sink hold the records of exactly the runs in the lake.

    :raises Unavailable: One of them cannot be reached.
    """

    def readable(run_id: str) -> Manifest | None:
        try:
            return manifest_of(lake, source, run_id)
        except ContentError as error:
            log.warning("run not recorded", sink=type(sink).__name__, error=str(error))
            return None

    sink.match_records(source, [run_id for _, run_id in lake.run_ids(source)], readable)


def latest_manifest(lake: Lake, source: str) -> Manifest | None:
    """
    Return the newest intact manifest of a source, which lists what the lake holds.
    """
    return _newest(lake, source, _whole)


def _newest(lake: Lake, source: str, structured: Callable[[Any], _T]) -> _T | None:
    for _, run_id in reversed(lake.run_ids(source)):
        try:
            return _read(lake, source, run_id, structured)
        except Damaged as error:
            _pass_over(lake, source, run_id, error)
    return None


def mended_manifest(lake: Lake, source: str) -> Manifest | None:
    """
    Return the newest manifest of a source, as :func:`latest_manifest` does, for the holder of its lock.

    A damaged one is set aside and restored from a copy if possible. So a run continues from what
    the lake holds, or from the previous run.
    """
    for _, run_id in reversed(lake.run_ids(source)):
        faults = lake.manifest_faults(source, run_id)
        restored = not faults or lake.restore_manifest(source, run_id)
        if faults and _is_news(lake, source, run_id):
            what = (
                "restored from a copy"
                if restored
                else ("set aside; continuing from the previous run")
            )
            log.warning("a damaged manifest", fault="; ".join(map(str, faults)), what=what)
        if restored:
            try:
                return manifest_of(lake, source, run_id)
            except Damaged as error:
                _pass_over(lake, source, run_id, error)
    return None


def whole_manifests(lake: Lake, source: str | None = None) -> Iterator[Manifest]:
    """
    Read all readable manifests, oldest first; warn about the others.
    """
    for run in lake.run_ids(source):
        try:
            yield manifest_of(lake, *run)
        except Damaged as error:
            _pass_over(lake, *run, error)


def _pass_over(lake: Lake, source: str, run_id: str, error: Damaged) -> None:
    if _is_news(lake, source, run_id):
        log.warning("a damaged manifest is passed over", error=str(error))


_told: dict[int, set[tuple[str, str]]] = {}
"""The damaged manifests already reported, by the identity of the opened lake."""


def _is_news(lake: Lake, source: str, run_id: str) -> bool:
    """Warn only once for each damaged manifest in an opened lake, because it is read often."""
    if id(lake) not in _told:
        _told[id(lake)] = set()
        weakref.finalize(lake, _told.pop, id(lake), None).atexit = False
    told = _told[id(lake)]
    if (source, run_id) in told:
        return False
    told.add((source, run_id))
    return True


def held_of(lake: Lake, source: str) -> tuple[Held, ...]:
    """
    Return what the lake holds of a source.
    """
    return _newest(lake, source, _holds) or ()


def _whole(document: Any) -> Manifest:
    return _converter().structure(document, Manifest)


def _holds(document: Any) -> tuple[Held, ...]:
    """
    Parse only this part, a tenth of a large manifest, if its hash proves that the manifest is
    intact.
    """
    if NAME not in document:
        return _whole(document).holds
    return _converter().structure(document.get("holds", ()), tuple[Held, ...])


def record_of(lake: Lake, source: str, dataset: str, origin: Origin) -> VintageRecord:
    """
    Return the record that lists the Bronze objects of a vintage.

    :raises ContentError: The manifest has no such record.
    """
    return record_in(manifest_of(lake, source, origin.run_id), dataset, origin)


def record_in(manifest: Manifest, dataset: str, origin: Origin) -> VintageRecord:
    """
    Return the record of a manifest that lists the Bronze objects of a vintage.

    :raises ContentError: It has no such record.
    """
    for record in manifest.vintages:
        if (record.dataset, record.vintage) == (dataset, origin.vintage) and record.bronze:
            return record
    msg = f"run {origin.run_id} of {manifest.source} has no record of {dataset} {origin.vintage}"
    raise ContentError(msg)


def accepted_in_runs(lake: Lake, source: str, held: Held) -> Mapping[str, int]:
    """
    Return the checks that were overruled by the run that last loaded a vintage, with their failures.
    """
    of_it = (held.dataset, held.vintage.id)
    for _, run_id in reversed(lake.run_ids(source)):
        try:
            run = manifest_of(lake, source, run_id)
        except Damaged:
            continue
        if any((v.dataset, v.vintage, v.outcome) == (*of_it, "loaded") for v in run.vintages):
            return {
                result.check: result.failures
                for result in run.checks
                if result.accepted and (result.dataset, result.vintage) == of_it
            }
    return {}


def _verify(source: str) -> str:
    return f"set it aside with `statpipe lake verify {source} --repair`"


@cache
def _converter() -> cattrs.Converter:
    # The hash of the bytes shows damage; finding the exact place would double the time.
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_structure_hook(Any, lambda value, _: value)
    return converter
