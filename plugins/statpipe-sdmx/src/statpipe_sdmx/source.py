"""How a service is asked. The only file that reads the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from http import HTTPStatus

import attrs
import structlog

from statpipe.api import (
    ConfigError,
    Dataset,
    Diagnosis,
    NoData,
    Payload,
    Rejected,
    Selection,
    Source,
    Unavailable,
    Vintage,
    undated,
)
from statpipe.api.http import Answer, Client, Limits
from statpipe_sdmx.data import read_data
from statpipe_sdmx.fingerprint import fingerprint
from statpipe_sdmx.normalizer import structure_in
from statpipe_sdmx.observations import together
from statpipe_sdmx.parts import TooMuch, halves
from statpipe_sdmx.selection import periods_in, selection_of
from statpipe_sdmx.service import Format, Service, service_named
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.structure import Structure, safe_name
from statpipe_sdmx.updated import updated_at

MEBIBYTE = 1024 * 1024
LARGEST = 512 * MEBIBYTE
REMEMBERED = 256 * MEBIBYTE
"""Bytes of answers: what the probe has read is not asked for again."""

NORMALIZER = "sdmx"
_FOOTER, _END = b":Footer", 1 << 16
_MEDIA_TYPES = {"csv": "text/csv", "ml": "application/xml", "json": "application/json"}
_OTHER_FORMATS = (HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


log = structlog.get_logger("statpipe")


class OtherFormat(Rejected):
    """
    The service does not serve the format that was asked for.
    """


def judged(answer: Answer) -> Exception | None:
    """
    Say what an answer means: 404 is also how services say that a key has no data.
    """
    if answer.status in _OTHER_FORMATS:
        return OtherFormat(f"{answer.name}: HTTP {answer.phrase}; ask for another format")
    if answer.status == HTTPStatus.NOT_FOUND:
        return NoData(
            f"{answer.name}: the service has nothing at {answer.url} (HTTP 404); look whether `flow` and "
            "`key` are right, and whether there are figures between `start` and `end`"
        )
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooMuch(
            f"{answer.name}: the service says that this is too much (HTTP 413); narrow `key`, or set `start`"
        )
    return None


class SdmxSource(Source):
    """
    Data flows of one service.

    A flow whose service says when it was updated is asked for that alone. Of others the figures are read,
    and compared by a hash; they are dated by ``Last-Modified``, or by the day on which they are first seen.
    """

    def __init__(self, settings: SdmxSettings) -> None:
        self._settings = settings
        self._service = _service(settings)

    @cached_property
    def _client(self) -> Client:
        return Client(
            self._service.url,
            agent="statpipe-sdmx",
            limits=[Limits(requests=most, seconds=span) for most, span in self._service.requests],
            remembered=self._settings.environment.home / ".statpipe" / "limits",
            judge=judged,
            largest=LARGEST,
            seconds=self._settings.timeout,
            memory=REMEMBERED,
        )

    @property
    def url(self) -> str:
        """
        The beginning of all addresses of the service.
        """
        return self._service.url

    @property
    def attribution(self) -> str:
        return f"Source: {self._service.name}."

    def datasets(self) -> Sequence[Dataset]:
        if not self._flows:
            msg = f"{self._where}.flow: no data flow is named; give its identifier, such as EXR"
            raise ConfigError(msg)
        named: dict[str, str] = {}
        for one in self._flows:
            other = named.setdefault(safe_name(one), one)
            if other is not one:
                msg = (
                    f"{self._where}.flows: {other} and {one} would both be the dataset {safe_name(one)}; make "
                    "each a source of its own"
                )
                raise ConfigError(msg)
        return [Dataset(name=name, title=one, normalizer=NORMALIZER) for name, one in named.items()]

    def probe(self, dataset: Dataset) -> Vintage:
        return self._probe(dataset)

    def _probe(self, dataset: Dataset, *, anew: bool = False) -> Vintage:
        structure = self._structure(dataset, anew=anew)
        found, area = structure_in(dataset, structure)
        asked = selection_of(found, area, self._settings.key)
        at = updated_at(structure, self._service.updated, self._flow(dataset))
        told = self._settings
        token = f"{at} {told.key} {told.start} {told.end}"
        if at is not None and not (told.start or told.end):
            return _by_service(at, token, asked)
        messages = self._messages(dataset, found)
        table = together([read_data(payload) for _, payload in messages])
        if told.start or told.end:
            # What lies outside was not asked for: a later `start` deletes nothing.
            asked = attrs.evolve(asked, periods=periods_in(table))
        if at is not None:
            return _by_service(at, token, asked)
        token = fingerprint(table)
        times = [answer.last_modified for answer, _ in messages if answer.last_modified]
        if times:
            return _by_service(max(times), token, asked)
        return undated(token, selection=asked)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        structure = self._structure(dataset)
        messages = self._messages(dataset, structure_in(dataset, structure)[0])
        # Figures that are updated meanwhile must not be stored under the date of those before.
        if self._probe(dataset, anew=bool(self._service.updated)).token != vintage.token:
            msg = f"{dataset.name} was updated while it was fetched; run again"
            raise Unavailable(msg)
        yield structure
        for _, payload in messages:
            yield payload

    def diagnose(self) -> Iterable[Diagnosis]:
        flows = ", ".join(self._flows) or "no flow"
        place = f"{self._service.name} ({self._service.url})"
        yield Diagnosis(self._settings.instance or "sdmx", "ok", f"asks {place} for {flows}")

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def all_flows(self) -> Payload:
        """
        Ask for the names of all flows of the service.
        """
        path, parameters, accept = self._service.flows()
        return self._client.get(path, parameters, name="flows", accept=accept).payload()

    def structure_of(self, flow: str) -> Payload:
        """
        Ask for all that describes a flow.
        """
        return self._structure(Dataset(name=safe_name(flow), title=flow, normalizer=NORMALIZER))

    def _structure(self, dataset: Dataset, *, anew: bool = False) -> Payload:
        told, flow = self._settings, self._flow(dataset)
        path, parameters, accept = self._service.structure(told.agency, flow, told.version)
        name = f"{dataset.name}-structure"
        answer = self._client.get(path, parameters, name=name, accept=accept, anew=anew)
        payload = answer.payload(media_type="application/xml", structure=True)
        added = {"flow": flow, "language": told.language, "area": told.area}
        return attrs.evolve(payload, request={**payload.request, **_given(added)})

    def _messages(self, dataset: Dataset, structure: Structure) -> list[tuple[Answer, Payload]]:
        """Ask for the figures, in as many parts as the service wants."""
        key, name = self._settings.key, dataset.name
        found = list(self._split(dataset, structure, key, name))
        if not found:
            msg = f"{name}: the service has nothing for any part of the key {key!r}; ask for other series"
            raise NoData(msg)
        return found

    def _split(
        self, dataset: Dataset, structure: Structure, key: str, name: str
    ) -> Iterator[tuple[Answer, Payload]]:
        try:
            yield self._data(dataset, structure, key, name)
        except TooMuch:
            both = halves(structure, key)
            if both is None:
                raise
            log.info("asking in parts", flow=dataset.name, key=key or "all")
            for number, part in enumerate(both, 1):
                with suppress(NoData):
                    yield from self._split(dataset, structure, part, f"{name}-{number}")

    def _data(
        self, dataset: Dataset, structure: Structure, key: str, name: str
    ) -> tuple[Answer, Payload]:
        """Ask for figures, in the best format that the service has."""
        refused: OtherFormat | None = None
        for form in self._service.formats:
            try:
                answer = self._data_as(form, dataset, structure, key, name)
            except OtherFormat as error:
                refused = error
                continue
            payload = answer.payload(media_type=_MEDIA_TYPES[form])
            if _FOOTER in payload.body[-_END:]:
                read_data(payload)  # raises what the footer says
            return answer, payload
        raise refused or ConfigError(f"{self._where}: the service has no format that is read here")

    def _data_as(
        self, form: Format, dataset: Dataset, structure: Structure, key: str, name: str
    ) -> Answer:
        told = self._settings
        # Where units of a house own the flows, data are asked for under the owner's name.
        owner = structure.owner if self._service.structures_of else ""
        path, parameters, accept = self._service.data(
            told.agency or owner,
            self._flow(dataset),
            told.version,
            key,
            start=told.start,
            end=told.end,
            form=form,
        )
        return self._client.get(path, parameters, name=name, accept=accept)

    def _flow(self, dataset: Dataset) -> str:
        return next(one for one in self._flows if safe_name(one) == dataset.name)

    @property
    def _flows(self) -> tuple[str, ...]:
        return self._settings.flows or ((self._settings.flow,) if self._settings.flow else ())

    @property
    def _where(self) -> str:
        return f"sources.{self._settings.instance or 'sdmx'}"


def _by_service(at: datetime, token: str, asked: Selection) -> Vintage:
    return Vintage(
        released=at.date(), released_at=at, basis="service", token=token, selection=asked
    )


def _service(settings: SdmxSettings) -> Service:
    where = f"sources.{settings.instance or 'sdmx'}"
    if settings.service:
        found = service_named(settings.service, f"{where}.service")
        return attrs.evolve(found, url=settings.url) if settings.url else found
    if not settings.url:
        msg = f"{where}: neither `service` nor `url` is set; name a house, such as ECB, or give its address"
        raise ConfigError(msg)
    return Service(name=settings.url, url=settings.url, version=settings.rest)


def _given(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in parameters.items() if text}
