"""Requests to a service. Only this file uses the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus

import attrs
import structlog

from statpipe.api import ConfigError, NoData, Payload, StatpipeError, Unavailable
from statpipe.api.http import Answer, Client, Limits, Patience
from statpipe_sdmx.answers import Message, OtherFormat, judged, message_of
from statpipe_sdmx.csv_data import cut_off
from statpipe_sdmx.key import WHOLE, codes_in
from statpipe_sdmx.later import place_of
from statpipe_sdmx.parts import TooMuch, halves
from statpipe_sdmx.service import Format, Question, Service, service_named
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.structure import Structure
from statpipe_sdmx.wrong_flow import named_wrongly
from statpipe_sdmx.zipped import LARGEST

MEBIBYTE = 1024 * 1024
REMEMBERED = 128 * MEBIBYTE
"""Bytes of answers to remember, so that what the probe has read is not requested again."""
LATER = Patience(tries=200, seconds=1800.0, first_wait=2.0, longest_wait=30.0)
"""How long to wait for a delayed answer."""

_SHOWN = 40
"""How many characters of the beginning and end of a long key are logged."""

log = structlog.get_logger("statpipe")


def service_of(settings: SdmxSettings) -> Service:
    """
    Return the configured service, by its name or its URL.

    :raises ConfigError: No service has this name, or neither name nor URL is given.
    """
    where = f"sources.{settings.instance or 'sdmx'}"
    if settings.service:
        found = service_named(settings.service, f"{where}.service")
        return attrs.evolve(found, url=settings.url) if settings.url else found
    if not settings.url:
        msg = (
            f"{where}: neither `service` nor `url` is set; name a service, such as ECB, or give "
            "its URL"
        )
        raise ConfigError(msg)
    return Service(name=settings.url, url=settings.url, version=settings.rest)


class Asking:
    """
    Sends requests to one service, within its limits. *settings* say which part of a flow to
    request.
    """

    def __init__(self, settings: SdmxSettings, service: Service) -> None:
        self._settings = settings
        self.service = service
        self._not_served: set[Format] = set()

    @cached_property
    def _client(self) -> Client:
        return Client(
            self.service.url,
            agent="statpipe-sdmx",
            limits=[Limits(requests=most, seconds=span) for most, span in self.service.requests],
            remembered=self._settings.environment.home / ".statpipe" / "limits",
            judge=judged,
            largest=LARGEST,
            seconds=self._settings.timeout,
            memory=REMEMBERED,
        )

    @property
    def _where(self) -> str:
        return f"sources.{self._settings.instance or 'sdmx'}"

    def close(self) -> None:
        """
        Release the connections.
        """
        if "_client" in self.__dict__:
            self._client.close()

    def all_flows(self) -> Payload:
        """
        Request the names of all flows of the service.
        """
        return self._structure(self.service.flows(), "flows").payload()

    def structure(self, flow: str, name: str) -> Payload:
        """
        Ask for all that describes a flow.

        :raises ConfigError: The service does not have this flow, but has others.
        """
        try:
            return self._described(flow, name, self.service.references)
        except NoData as error:
            raise (
                named_wrongly(flow, self._where, self.service.name, self.all_flows) or error
            ) from None

    def flow_alone(self, flow: str, name: str) -> Payload:
        """
        Request a flow without its structure, even if an answer is remembered.
        """
        return self._described(flow, name, "none", anew=True)

    def ask(
        self,
        question: Question,
        name: str,
        *,
        headers: Mapping[str, str] | None = None,
        anew: bool = False,
    ) -> Answer:
        """
        Send any request. Raises what :meth:`statpipe.api.http.Client.get` raises.

        :raises NothingNew: *headers* ask for changes, and there are none.
        """
        return self._client.get(
            question.path,
            question.parameters,
            name=name,
            accept=question.accept,
            headers=headers,
            anew=anew,
        )

    def messages(
        self, flow: str, name: str, structure: Structure, *, history: bool = False
    ) -> list[Message]:
        """
        Request the figures of a flow, in as many parts as the service needs. With *history*,
        request all releases, in XML, which has a standard for them.

        :raises NoData: The flow has no figures.
        """
        key = self._settings.key
        found = list(self._split(flow, structure, key, name, history))
        if not found:
            msg = (
                f"{name}: the service has no data for any part of the key {key!r}; ask for other "
                "series"
            )
            raise NoData(msg)
        return found

    def question(self, form: Format, flow: str, structure: Structure, key: str) -> Question:
        """
        Return the request for the figures of a key in a format.
        """
        told, dimensions = self._settings, [one.id for one in structure.dimensions]
        # If departments of an agency own the flows, data is requested under the owner's name.
        owner = structure.owner if self.service.structures_of else ""
        return self.service.data(
            told.agency or owner,
            flow,
            told.version,
            [[] for _ in dimensions] if key in WHOLE else codes_in(key),
            dimensions,
            start=told.start,
            end=told.end,
            form=form,
        )

    def _structure(self, question: Question, name: str, *, anew: bool = False) -> Answer:
        """Ask for structures; some services only know the plain name of their format."""
        try:
            return self.ask(question, name, anew=anew)
        except OtherFormat:
            return self.ask(attrs.evolve(question, accept="application/xml"), name, anew=anew)

    def _described(self, flow: str, name: str, references: str, *, anew: bool = False) -> Payload:
        told = self._settings
        question = self.service.structure(told.agency, flow, told.version, references)
        answer = self._structure(question, f"{name}-structure", anew=anew)
        payload = answer.payload(media_type="application/xml", structure=True)
        added = {"flow": flow, "language": told.language, "area": told.area}
        given = {name: text for name, text in added.items() if text}
        return attrs.evolve(payload, request={**payload.request, **given})

    def _split(
        self, flow: str, structure: Structure, key: str, name: str, history: bool
    ) -> Iterator[Message]:
        both = halves(structure, key)
        if len(key) <= self.service.longest_key or both is None:
            try:
                yield self._message(flow, structure, key, name, history)
            except TooMuch:
                if both is None:
                    raise
            else:
                return
        log.info("splitting the request", flow=flow, key=_shortened(key) or "all")
        for number, part in enumerate(both or (), 1):
            with suppress(NoData):
                yield from self._split(flow, structure, part, f"{name}-{number}", history)

    def _message(
        self, flow: str, structure: Structure, key: str, name: str, history: bool
    ) -> Message:
        """Ask for figures, in the best format that the service has; at last for any."""
        refused: StatpipeError | None = None
        formats: Sequence[Format] = ("ml",) if history else (*self.service.formats, "any")
        for form in (one for one in formats if one not in self._not_served):
            question = self.question(form, flow, structure, key)
            if history:
                told = {**question.parameters, "includeHistory": "true"}
                question = attrs.evolve(question, parameters=told)
            try:
                answer = self.ask(question, name)
            except OtherFormat as error:
                self._not_served.add(form)
                refused = refused or error
                continue
            message = message_of(question, self._when_ready(answer))
            refused = cut_off(message.payload)
            if refused is None:
                return message
            # Another format says by itself where it ends.
            log.info("the CSV ends in the middle of a line; asking for another format", name=name)
        raise refused or ConfigError(
            f"{self._where}: the service offers no format that statpipe can read"
        )

    def _when_ready(self, answer: Answer) -> Answer:
        """Wait for an answer that the service is still preparing."""
        place = place_of(answer.body, self.service.url) if self.service.delayed else ""
        if not place:
            return answer

        def ready(later: Answer) -> Exception | None:
            if later.status != HTTPStatus.NOT_FOUND and not place_of(later.body, self.service.url):
                return judged(later)
            return Unavailable(
                f"{answer.name}: the service has not prepared the answer yet; run again later"
            )

        log.info("waiting for an answer that the service is preparing", name=answer.name)
        client = Client(
            place,
            agent="statpipe-sdmx",
            judge=ready,
            patience=LATER,
            largest=LARGEST,
            seconds=self._settings.timeout,
        )
        try:
            return client.get(name=answer.name)
        finally:
            client.close()


def _shortened(key: str) -> str:
    return key if len(key) <= 2 * _SHOWN else f"{key[:_SHOWN]}...{key[-_SHOWN:]}"
