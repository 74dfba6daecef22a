"""The source: fetches a survey from BLS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property

import attrs

from statpipe.api import (
    ConfigError,
    Dataset,
    Diagnosis,
    NoData,
    Payload,
    Source,
    Unavailable,
    Vintage,
    undated,
)
from statpipe_bls.api import Api
from statpipe_bls.asked import refuse_unknown, selection_of, series_of
from statpipe_bls.files import Files, changed_at
from statpipe_bls.records import read_records
from statpipe_bls.settings import SIGN_UP_URL, SURVEYS, BlsSettings
from statpipe_bls.structure import list_files, read_lists
from statpipe_bls.survey import survey_named

NORMALIZER = "bls"


# The clock is looked up at each call, because a contract test replaces it.
def _this_year() -> int:
    return datetime.now(UTC).year


class BlsSource(Source):
    """
    One survey.

    BLS's API does not say when figures changed. So they are fetched and compared by a hash, and
    dated by the day on which they were first seen. Flat files are dated by ``Last-Modified``.
    """

    def __init__(self, settings: BlsSettings) -> None:
        if not settings.survey:
            msg = (
                f"sources.{settings.instance or 'bls'}.survey is not set; choose one of "
                f"{', '.join(SURVEYS)}"
            )
            raise ConfigError(msg)
        self._settings = settings
        self._survey = survey_named(settings.survey)

    @cached_property
    def _api(self) -> Api:
        return Api(self._settings)

    @cached_property
    def _files(self) -> Files:
        return Files(self._settings, self._survey)

    @property
    def attribution(self) -> str:
        return "Source: U.S. Bureau of Labor Statistics."

    @property
    def notice(self) -> str:
        if not self._settings.has_few_queries:
            return ""
        return (
            "No BLS_API_KEY: only the last ten years unless `start` is set, fewer series, and "
            f"no annual averages; get a free key at {SIGN_UP_URL}."
        )

    def datasets(self) -> Sequence[Dataset]:
        return [
            Dataset(
                name=self._survey.code,
                title=self._survey.title,
                normalizer=NORMALIZER,
                selection=selection_of(self._settings, self._survey, _this_year()),
            )
        ]

    def probe(self, dataset: Dataset) -> Vintage:
        if self._settings.channel == "bulk":
            changed = {name: self._files.modified(name) for name in self._files.holding(dataset)}
            return _by_files(dataset, changed)
        token = _fingerprint(self._answers(dataset), dataset)
        return undated(token, selection=dataset.selection)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        self._refuse_unknown(dataset)
        yield from self._lists
        if self._settings.channel == "bulk":
            yield from self._whole_files(dataset, vintage)
        else:
            yield from self._answers(dataset)

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:  # noqa: ARG002
        lists = len(list_files(self._survey)) if self._settings.contact else 0
        if self._settings.channel == "bulk":
            return lists + len(self._files.holding(dataset))
        return lists + self._api.queries(series_of(dataset, self._survey), *self._years(dataset))

    def smallest(self, dataset: Dataset) -> Dataset:
        chosen = dataset.selection
        least = attrs.evolve(
            chosen,
            areas=(chosen.areas or ())[:1],
            where={name: codes[:1] for name, codes in chosen.where.items()},
        )
        return attrs.evolve(dataset, selection=least)

    def diagnose(self) -> Iterable[Diagnosis]:
        name = self._settings.instance or "bls"
        where = "its flat files" if self._settings.channel == "bulk" else "its API"
        (dataset,) = self.datasets()
        count = self.requests(dataset, undated(""))
        yield Diagnosis(
            name, "ok", f"asks BLS for {self._survey.title} by {where}: {count} requests"
        )

    def close(self) -> None:
        for name in ("_api", "_files"):
            if name in self.__dict__:
                self.__dict__[name].close()

    @cached_property
    def _lists(self) -> list[Payload]:
        if not self._settings.contact:
            return []
        return self._files.lists(list_files(self._survey))

    def _refuse_unknown(self, dataset: Dataset) -> None:
        where = f"sources.{self._settings.instance or 'bls'}"
        refuse_unknown(dataset, self._survey, read_lists(self._survey, self._lists), where)

    def _answers(self, dataset: Dataset) -> list[Payload]:
        self._refuse_unknown(dataset)
        series = series_of(dataset, self._survey)
        return list(self._api.answers(dataset.name, series, *self._years(dataset)))

    def _whole_files(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        changed = {}
        for name in self._files.holding(dataset):
            answer = self._files.get(name)
            changed[name] = changed_at(answer)
            yield answer.payload(media_type="text/tab-separated-values")
        # Files that change in the meantime must not be stored under the earlier date.
        if _by_files(dataset, changed).token != vintage.token:
            msg = f"{dataset.name} was updated while it was fetched; run again"
            raise Unavailable(msg)

    def _years(self, dataset: Dataset) -> tuple[int, int]:
        periods = dataset.selection.periods
        if periods is None:
            return self._survey.first_year, _this_year()
        return int(periods[0][:4]), int(periods[-1][:4])


def _by_files(dataset: Dataset, changed: Mapping[str, datetime]) -> Vintage:
    at = max(changed.values())
    told = [f"{name} {when.isoformat()}" for name, when in sorted(changed.items())]
    return Vintage(
        released=at.date(),
        released_at=at,
        basis="service",
        token=hashlib.sha256("\n".join(told).encode()).hexdigest(),
        selection=dataset.selection,
    )


def _fingerprint(payloads: Iterable[Payload], dataset: Dataset) -> str:
    """
    Return a hash of all figures that does not depend on their order or on times in the answers.
    """
    rows: list[str] = []
    for payload in payloads:
        columns = read_records(payload).to_pydict()
        rows += ["\t".join(row) for row in zip(*columns.values(), strict=True)]
    if not rows:
        msg = (
            f"{dataset.name}: BLS has no figures for any of the series; check `areas`, `codes`, "
            "`start` and `end`"
        )
        raise NoData(msg)
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()
