"""The source: what to request from a service, and when."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock

import attrs

from statpipe.api import (
    ConfigError,
    ContentError,
    Dataset,
    Diagnosis,
    NoData,
    Payload,
    Source,
    Unavailable,
    Vintage,
    undated,
)
from statpipe_sdmx.answers import Message, NothingNew, hash_of
from statpipe_sdmx.asking import Asking, service_of
from statpipe_sdmx.data import read_data
from statpipe_sdmx.fingerprint import fingerprint
from statpipe_sdmx.normalizer import structure_in
from statpipe_sdmx.observations import together
from statpipe_sdmx.remembered import Remembered, Seen
from statpipe_sdmx.selection import periods_in, refuse_other_frequencies, selection_of
from statpipe_sdmx.service import Question
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.structure import safe_name
from statpipe_sdmx.updated import updated_at

NORMALIZER = "sdmx"
_AT_ONCE = 4
"""Flows requested at once from a service without published limits."""
_MARGIN = timedelta(hours=1)
"""How much earlier than by our clock a service is asked for changes since the last look."""


class SdmxSource(Source):
    """
    Data flows of one service.

    If the service says when a flow was updated, only this time is requested. For other flows, the
    figures are read and compared by a hash. They are dated by ``Last-Modified``, or by the day on
    which they were first seen. The answer "not modified" is trusted for some days.
    """

    def __init__(self, settings: SdmxSettings, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._service = service_of(settings)
        # A client is for one thread, and a fetch reuses what it has read for the probe.
        self._askings = [(Asking(settings, self._service), Lock()) for _ in range(self.at_once)]
        folder = settings.environment.home / ".statpipe" / "sdmx" / (settings.instance or "sdmx")
        self._remembered = Remembered(folder, now)

    @property
    def url(self) -> str:
        """
        The beginning of all URLs of the service.
        """
        return self._service.url

    @property
    def agency(self) -> str:
        return self._service.name

    @property
    def at_once(self) -> int:
        if self._service.requests:
            return 1  # limits are counted per client
        return max(1, min(_AT_ONCE, len(self._flows)))

    @property
    def attribution(self) -> str:
        return f"Source: {self._service.name}."

    def datasets(self) -> Sequence[Dataset]:
        if not self._flows:
            msg = f"{self._where}.flow is not set; give the identifier of a data flow, such as EXR"
            raise ConfigError(msg)
        named: dict[str, str] = {}
        for one in self._flows:
            name = safe_name(one)
            if name in named:
                msg = (
                    f"{self._where}.flows: {named[name]} and {one} would both be the dataset "
                    f"{name}; configure each as its own source"
                )
                raise ConfigError(msg)
            named[name] = one
        return [Dataset(name=name, title=one, normalizer=NORMALIZER) for name, one in named.items()]

    def probe(self, dataset: Dataset) -> Vintage:
        seen = self._remembered.recall(dataset.name, self._asked(dataset))
        with self._one_asking(dataset) as asking:
            believed = seen is not None and self._remembered.believes(seen)
            if seen is not None and believed and self._is_still(asking, dataset, seen):
                return _today(seen.vintage)
            return self._look(asking, dataset, before=seen).vintage

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        flow = self._flow(dataset)
        with self._one_asking(dataset) as asking:
            structure = asking.structure(flow, dataset.name)
            described, _ = structure_in(dataset, structure)
            messages = asking.messages(flow, dataset.name, described)
            # Figures that change in the meantime must not be stored under the earlier date.
            before = self._remembered.recall(dataset.name, self._asked(dataset))
            brought = hash_of(messages)
            now = self._look(asking, dataset, before=before, again=True, brought=brought).vintage
        if now.token != vintage.token:
            msg = f"{dataset.name} was updated while it was fetched; run again"
            raise Unavailable(msg)
        yield structure
        for message in messages:
            yield message.payload

    @property
    def keeps_history(self) -> bool:
        return self._service.history

    def archive(self, places: Sequence[str]) -> Source:
        if places:
            msg = (
                f"{self._where}: cannot read older vintages from {places[0]}; leave out "
                "--from-archive to load those that the service keeps"
            )
            raise ConfigError(msg)
        from statpipe_sdmx.archive import SdmxArchive

        flows = {dataset.name: dataset for dataset in self.datasets()}
        return SdmxArchive(self._settings, self._askings[0][0], flows)

    def diagnose(self) -> Iterable[Diagnosis]:
        flows = ", ".join(self._flows) or "no flow"
        place = f"{self._service.name} ({self._service.url})"
        yield Diagnosis(self._settings.instance or "sdmx", "ok", f"asks {place} for {flows}")

    def close(self) -> None:
        for asking, _ in self._askings:
            asking.close()

    def all_flows(self) -> Payload:
        """
        Request the names of all flows of the service.
        """
        return self._askings[0][0].all_flows()

    def structure_of(self, flow: str) -> Payload:
        """
        Request everything that describes a flow.
        """
        return self._askings[0][0].structure(flow, safe_name(flow))

    def _is_still(self, asking: Asking, dataset: Dataset, seen: Seen) -> bool:
        """Ask the service with one request whether a flow is unchanged."""
        flow = self._flow(dataset)
        if seen.updated:
            alone = asking.flow_alone(flow, dataset.name)
            return str(updated_at(alone, self._service.updated, flow)) == seen.updated
        if seen.question is None or not (seen.headers or self._service.deltas):
            return False
        question = seen.question if seen.headers else _newer(seen.question, seen.read)
        try:
            answer = asking.ask(question, dataset.name, headers=seen.headers, anew=True)
            return not seen.headers and len(read_data(answer.payload())) == 0
        except NothingNew:
            return True
        except NoData:
            # A request for changes may return nothing; a request for the figures must return some.
            return not seen.headers
        except ContentError:
            return False

    def _look(
        self,
        asking: Asking,
        dataset: Dataset,
        *,
        before: Seen | None,
        again: bool = False,
        brought: str = "",
    ) -> Seen:
        """
        Read the date of a flow and its contents. With *again*, request the date once more;
        *brought* is the hash of the messages that were fetched.
        """
        flow, told = self._flow(dataset), self._settings
        payload = asking.structure(flow, dataset.name)
        structure, area = structure_in(dataset, payload)
        asked = selection_of(structure, area, told.key)
        refuse_other_frequencies(structure, told.key, told.freq, self._where)
        at = updated_at(payload, self._service.updated, flow)
        if at is not None and again:
            alone = asking.flow_alone(flow, dataset.name)
            at = updated_at(alone, self._service.updated, flow)
        described = structure.digest(area)
        bounded = bool(told.start or told.end)
        if at is not None and not bounded:
            token = of_date = f"{at} {told.key} {described}"
            if before is not None and before.vintage.token.startswith(of_date):
                token = before.vintage.token
                if not brought and before.brought and not self._remembered.believes(before):
                    # The date is unchanged, but the figures may have changed: compare them.
                    brought = hash_of(asking.messages(flow, dataset.name, structure))
                    token = token if brought == before.brought else f"{of_date} {brought}"
                brought = brought or before.brought
            vintage = Vintage(
                released=at.date(), released_at=at, basis="service", token=token, selection=asked
            )
            seen = Seen(asked="", read=0, vintage=vintage, updated=str(at), brought=brought)
            return self._kept(dataset, seen)
        messages = asking.messages(flow, dataset.name, structure)
        table = together([read_data(one.payload) for one in messages])
        if not len(table):
            msg = f"{dataset.name}: the answer has no observations; check `flow` and `key`, and whether figures exist between `start` and `end`"
            raise NoData(msg)
        if bounded:
            # Periods outside were not requested, so a later `start` deletes nothing.
            asked = attrs.evolve(asked, periods=periods_in(table))
        figures = hashlib.sha256(f"{fingerprint(table)} {described}".encode()).hexdigest()
        token = figures if at is None else f"{at} {told.key} {told.start} {told.end} {described}"
        times = [one.answer.last_modified for one in messages if one.answer.last_modified]
        updated, at = at, at or max(times, default=None)
        vintage = undated(token, selection=asked)
        if at is not None:
            vintage = attrs.evolve(vintage, released=at.date(), released_at=at, basis="service")
        seen = _seen(vintage, messages, before)
        return self._kept(dataset, attrs.evolve(seen, updated=str(updated or "")))

    def _kept(self, dataset: Dataset, seen: Seen) -> Seen:
        seen = attrs.evolve(seen, asked=self._asked(dataset))
        self._remembered.keep(dataset.name, seen)
        return seen

    def _asked(self, dataset: Dataset) -> str:
        """Return all settings that determine the request for a flow."""
        told = self._settings
        parts = (self._service, self._flow(dataset), told.key, told.start, told.end, told.agency)
        text = repr((*parts, told.version, told.area, told.language))
        return hashlib.sha256(text.encode()).hexdigest()

    @contextmanager
    def _one_asking(self, dataset: Dataset) -> Iterator[Asking]:
        """Yield the client of a flow, always the same one, for exclusive use."""
        place = self._flows.index(self._flow(dataset)) % len(self._askings)
        asking, lock = self._askings[place]
        with lock:
            yield asking

    def _flow(self, dataset: Dataset) -> str:
        return next(one for one in self._flows if safe_name(one) == dataset.name)

    @property
    def _flows(self) -> tuple[str, ...]:
        return self._settings.flows or ((self._settings.flow,) if self._settings.flow else ())

    @property
    def _where(self) -> str:
        return f"sources.{self._settings.instance or 'sdmx'}"


def _seen(vintage: Vintage, messages: Sequence[Message], before: Seen | None) -> Seen:
    """Return how to request these figures again. Unchanged figures keep their date."""
    if before is not None and before.vintage.token == vintage.token:
        vintage = _today(before.vintage)
    seen = Seen(asked="", read=0, vintage=vintage)
    if len(messages) > 1:
        return seen
    answer = messages[0].answer
    headers = {"If-None-Match": answer.headers["etag"]} if "etag" in answer.headers else {}
    if answer.last_modified is not None:  # else it is no date, or one that is to come
        headers["If-Modified-Since"] = answer.headers["last-modified"]
    return attrs.evolve(seen, question=messages[0].question, headers=headers)


def _today(vintage: Vintage) -> Vintage:
    """Return today's vintage, for figures without a date."""
    if vintage.basis != "observed":
        return vintage
    return undated(vintage.token, selection=vintage.selection)


def _newer(question: Question, read: float) -> Question:
    since = (datetime.fromtimestamp(read, UTC) - _MARGIN).isoformat(timespec="seconds")
    return attrs.evolve(question, parameters={**question.parameters, "updatedAfter": since})
