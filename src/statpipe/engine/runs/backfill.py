"""Older vintages from an archive: one run per release, and Gold once at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from datetime import date

import attrs
from attrs import frozen

from statpipe.api import (
    ConfigError,
    ContentError,
    Dataset,
    Lake,
    Manifest,
    Payload,
    Source,
    Vintage,
)
from statpipe.domain.errors import REFUSED_BY_CHECKS
from statpipe.engine.runs.ahead import Ahead
from statpipe.engine.runs.run import close_source, run_source
from statpipe.engine.site.executors import executor_for, workers_in
from statpipe.engine.site.site import Site
from statpipe.engine.stages.ingest import chosen_datasets
from statpipe.engine.stages.kept import keeping_what_arrived
from statpipe.engine.stages.options import INGEST, LOAD, TRANSFORM, Options
from statpipe.engine.stages.workers import workers_of

_GOES_ON = (0, REFUSED_BY_CHECKS, ContentError.exit_code)
"""Exit codes of failures of one release. Any other failure would stop the next ones too."""


_AHEAD = 3
"""Releases for each worker that other processes prepare before their runs begin."""


@frozen(kw_only=True)
class Step:
    """
    The progress of a backfill: the release whose run begins now, and its number, counted from 1.
    """

    number: int
    of: int
    released: date


def backfill(  # noqa: PLR0917 - what run_sources takes, and where the archive lies
    site: Site,
    name: str,
    places: Sequence[str],
    options: Options,
    executor: Executor | None = None,
    tell: Callable[[Step], None] | None = None,
) -> list[Manifest]:
    """
    Load the releases in *places*, or those that the agency itself keeps, oldest first, each by a
    run with a manifest of its own.

    If it is killed, only the current release is lost; releases already loaded are skipped. A
    release that checks refuse, or that cannot be read, does not stop the others. The last run
    brings Gold and the other sinks up to date. *tell* is called with each release before its run.

    :raises ConfigError: The source cannot read archives, or a place does not exist or is empty.
    :raises Unavailable: A place cannot be reached now.
    """
    with ExitStack() as stack:
        source = site.source(name)
        stack.callback(close_source, source, name)
        if not places and not source.keeps_history:
            msg = (
                "--from-archive is required: give folders, files or URLs of the agency's "
                "older releases, such as --from-archive SAEXP1.zip SAPCE.zip"
            )
            raise ConfigError(msg)
        archive = _Archive(source.archive(places))
        stack.callback(close_source, archive, name)
        days = _releases(site.lake, name, archive, places, options)
        pool = stack.enter_context(executor_for(site.configuration, executor))
        workers = workers_of(site, pool)
        ahead = None
        if workers.elsewhere:
            ahead = Ahead(
                site=site,
                name=name,
                archive=archive,
                days=days,
                options=_silver(options),
                workers=workers,
                window=_AHEAD * workers_in(site.configuration),
            )
        manifests = []
        for wanted, ready in _runs(archive, days, options, tell):
            manifests.append(run_source(site, name, wanted, workers, ready, ahead))
            if manifests[-1].exit_code not in _GOES_ON:
                break
        return manifests


def _releases(
    lake: Lake, name: str, archive: Source, places: Sequence[str], options: Options
) -> list[date]:
    """Read the archive's table of contents, before any run."""
    datasets = chosen_datasets(name, archive, options)
    found: set[date] = set()
    for dataset in datasets:
        with keeping_what_arrived(lake, name, dataset):
            found |= {vintage.released for vintage in archive.vintages(dataset)}
    if not found and not archive.unreadable():
        where = ", ".join(places) or "the agency's archive"
        msg = (
            f"{name}: {where} has no release of {', '.join(d.name for d in datasets)}; "
            "give folders, files or URLs of the agency's older releases"
        )
        raise ConfigError(msg)
    return sorted(found)


def _runs(
    archive: Source,
    days: Sequence[date],
    options: Options,
    tell: Callable[[Step], None] | None,
) -> Iterator[tuple[Options, Source]]:
    """Yield the options and the source of each run in turn."""
    silver = _silver(options)
    for number, day in enumerate(days, 1):
        if tell is not None:
            tell(Step(number=number, of=len(days), released=day))
        yield attrs.evolve(silver, releases=(day,)), archive
    for error in archive.unreadable():
        yield silver, _Unreadable(archive, error)
    yield attrs.evolve(options, stages=frozenset({TRANSFORM, LOAD})), archive


def _silver(options: Options) -> Options:
    return attrs.evolve(options, stages=frozenset({INGEST, TRANSFORM}), gold=False)


class _Archive(Source):
    """
    A source's archive, whose table of contents is read only once.
    """

    def __init__(self, archive: Source) -> None:
        self._archive = archive
        self._offered: dict[Dataset, Sequence[Vintage]] = {}

    @property
    def notice(self) -> str:
        return self._archive.notice

    @property
    def attribution(self) -> str:
        return self._archive.attribution

    @property
    def agency(self) -> str:
        return self._archive.agency

    def datasets(self) -> Sequence[Dataset]:
        return self._archive.datasets()

    def probe(self, dataset: Dataset) -> Vintage:
        return self._archive.probe(dataset)

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        if dataset not in self._offered:
            self._offered[dataset] = self._archive.vintages(dataset)
        return self._offered[dataset]

    def unreadable(self) -> Sequence[ContentError]:
        return self._archive.unreadable()

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:
        return self._archive.requests(dataset, vintage)

    def smallest(self, dataset: Dataset) -> Dataset:
        return self._archive.smallest(dataset)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        return self._archive.fetch(dataset, vintage)

    def close(self) -> None:
        self._archive.close()


class _Unreadable(_Archive):
    """
    An unreadable file of an archive: its run fails with the reason, and Bronze keeps the file.
    """

    def __init__(self, archive: Source, error: ContentError) -> None:
        super().__init__(archive)
        self._error = error

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:  # noqa: ARG002
        raise self._error

    def probe(self, dataset: Dataset) -> Vintage:  # noqa: ARG002
        raise self._error

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:  # noqa: ARG002
        raise self._error
