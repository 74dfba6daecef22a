"""How a service is asked. The only file that reads the network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus

import attrs
import structlog
from attrs import frozen

from statpipe.api import ConfigError, NoData, Payload, Rejected, Unavailable
from statpipe.api.http import Answer, Client, Limits, Patience
from statpipe_sdmx.data import read_data
from statpipe_sdmx.key import WHOLE, codes_in
from statpipe_sdmx.later import place_of
from statpipe_sdmx.parts import TooMuch, halves
from statpipe_sdmx.service import Format, Question, Service, service_named
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.structure import Structure
from statpipe_sdmx.wrong_flow import named_wrongly

MEBIBYTE = 1024 * 1024
LARGEST = 512 * MEBIBYTE
REMEMBERED = 128 * MEBIBYTE
"""Bytes of answers to remember, so that what the probe has read is not requested again."""
LATER = Patience(tries=200, seconds=1800.0, first_wait=2.0, longest_wait=30.0)
"""How long to wait for a delayed answer."""

_SHOWN = 40
"""Characters of the beginning and end of a long key that are logged."""
_FOOTER, _END = b":Footer", 1 << 16
_MEDIA_TYPES = {"csv": "text/csv", "ml": "application/xml", "json": "application/json"}
_ZIP = "application/zip"
_OTHER_FORMATS = (HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_TOO_MUCH = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG)
_NOTHING = (HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT)

log = structlog.get_logger("statpipe")


class OtherFormat(Rejected):
    """
    The service does not serve the format that was asked for.
    """


class NothingNew(NoData):
    """
    What was asked about has not been modified.
    """


@frozen(kw_only=True)
class Message:
    """
    An answer with figures, and what was asked for it.
    """

    question: Question
    answer: Answer
    payload: Payload


def service_of(settings: SdmxSettings) -> Service:
    """
    Return the service that is configured, by its name or its address.

    :raises ConfigError: There is none of that name, or neither is given.
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


def hash_of(messages: Sequence[Message]) -> str:
    """
    Hash what a service sent, byte for byte: other bytes are reason enough to look at the figures.
    """
    bodies = "".join(one.payload.sha256 for one in messages)
    return hashlib.sha256(bodies.encode()).hexdigest()


def judged(answer: Answer) -> Exception | None:
    """
    Say what an answer means: 404 is also how services say that a key has no data.
    """
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return NothingNew(f"{answer.name}: HTTP {answer.phrase}; run again later")
    if answer.status in _OTHER_FORMATS:
        return OtherFormat(f"{answer.name}: HTTP {answer.phrase}; ask for another format")
    if answer.status in _NOTHING:
        return NoData(
            f"{answer.name}: the service has no data at {answer.url} (HTTP {answer.status}); "
            "check `flow` and `key`, and whether figures exist between `start` and `end`"
        )
    if answer.status in _TOO_MUCH:
        return TooMuch(
            f"{answer.name}: the service says that the request is too large (HTTP "
            f"{answer.status}); narrow `key`, or set `start`"
        )
    return None


class Asking:
    """
    Questions to one service, within its limits. *settings* say what of a flow is asked for.
    """

    def __init__(self, settings: SdmxSettings, service: Service) -> None:
        self._settings = settings
        self.service = service

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
        Ask for the names of all flows of the service.
        """
        return self.ask(self.service.flows(), "flows").payload()

    def structure(self, flow: str, name: str) -> Payload:
        """
        Ask for all that describes a flow.

        :raises ConfigError: The service has no such flow, but others.
        """
        try:
            return self._described(flow, name, self.service.references)
        except NoData as error:
            raise (
                named_wrongly(flow, self._where, self.service.name, self.all_flows) or error
            ) from None

    def flow_alone(self, flow: str, name: str) -> Payload:
        """
        Ask for a flow without its structure, also if it is remembered.
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
        Ask anything. Raises what :meth:`statpipe.api.http.Client.get` raises.

        :raises NothingNew: *headers* ask for what is newer, and nothing is.
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
        Ask for the figures of a flow, in as many parts as the service wants; with all its *history*, in XML, where it is
        a standard.

        :raises NoData: It has none.
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
        Return the question for the figures of a key in a format.
        """
        told, dimensions = self._settings, [one.id for one in structure.dimensions]
        # Where units of a house own the flows, data are asked for under the owner's name.
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

    def _described(self, flow: str, name: str, references: str, *, anew: bool = False) -> Payload:
        told = self._settings
        question = self.service.structure(told.agency, flow, told.version, references)
        answer = self.ask(question, f"{name}-structure", anew=anew)
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
        """Ask for figures, in the best format that the service has."""
        refused: OtherFormat | None = None
        for form in ("ml",) if history else self.service.formats:
            question = self.question(form, flow, structure, key)
            if history:
                told = {**question.parameters, "includeHistory": "true"}
                question = attrs.evolve(question, parameters=told)
            try:
                answer = self.ask(question, name)
            except OtherFormat as error:
                refused = error
                continue
            answer = self._when_ready(answer)
            is_zip = answer.body.startswith(b"PK\x03\x04")
            payload = answer.payload(media_type=_ZIP if is_zip else _MEDIA_TYPES[form])
            if _FOOTER in payload.body[-_END:]:
                read_data(payload)  # raises what the footer says
            return Message(question=question, answer=answer, payload=payload)
        raise refused or ConfigError(
            f"{self._where}: the service offers no format that statpipe can read"
        )

    def _when_ready(self, answer: Answer) -> Answer:
        """Wait for an answer that the service will have later."""
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
