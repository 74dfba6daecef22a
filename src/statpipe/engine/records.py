"""Manifests read back from the lake."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from typing import Any

import cattrs
import structlog

from statpipe.api import ContentError, Lake, Manifest, Sink, VintageRecord
from statpipe.domain.manifest import Held, Origin
from statpipe.domain.payload import Payload

log = structlog.get_logger("statpipe")


def manifest_of(lake: Lake, source: str, run_id: str) -> Manifest:
    """
    Read a manifest.

    :raises ContentError: It is damaged, or of a newer version of statpipe.
    """
    body = lake.manifest(source, run_id)
    try:
        return _converter().structure(json.loads(body), Manifest)
    except (ValueError, KeyError, TypeError, ExceptionGroup) as error:
        msg = (
            f"the manifest of run {run_id} of {source} cannot be read ({type(error).__name__}); "
            "restore it from a backup, or upgrade statpipe if a newer version wrote it"
        )
        raise ContentError(msg) from error


def match_records(lake: Lake, sink: Sink, source: str) -> None:
    """
    Have a sink hold the records of just those runs that the lake knows.

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
    Return the newest manifest of a source: the one that says what the lake holds.
    """
    runs = lake.run_ids(source)
    return manifest_of(lake, source, runs[-1][1]) if runs else None


def held_of(lake: Lake, source: str) -> tuple[Held, ...]:
    """
    Return what the lake holds of a source.
    """
    manifest = latest_manifest(lake, source)
    return manifest.holds if manifest else ()


def record_of(lake: Lake, source: str, dataset: str, origin: Origin) -> VintageRecord:
    """
    Return the record that names the Bronze objects of a vintage.

    :raises ContentError: The manifest has no such record.
    """
    for record in manifest_of(lake, source, origin.run_id).vintages:
        if (record.dataset, record.vintage) == (dataset, origin.vintage) and record.bronze:
            return record
    msg = f"run {origin.run_id} of {source} has no record of {dataset} {origin.vintage}"
    raise ContentError(msg)


def payloads_of(lake: Lake, record: VintageRecord) -> tuple[Payload, ...]:
    """
    Read a record's payloads back from Bronze, each verified by its SHA-256.
    """
    return tuple(lake.payload(kept) for kept in record.bronze)


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_structure_hook(Any, lambda value, _: value)
    return converter
