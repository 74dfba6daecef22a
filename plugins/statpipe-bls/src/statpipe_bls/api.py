"""BLS's API, which limits series and years per query, and queries per day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from statpipe.api import ConfigError, ContentError, Payload, Rejected, Unavailable
from statpipe.api.http import Answer, Client, Credential, Limits, one_line
from statpipe_bls.allowed import WITH_KEY, WITHOUT_KEY
from statpipe_bls.settings import SIGN_UP_URL, BlsSettings

DAY = 86_400.0
REMEMBERED = 256 * 1024 * 1024
"""Bytes of answers to remember, so that what the probe has read is not requested again."""

_PATH = "timeseries/data/"
_SUCCEEDED = "REQUEST_SUCCEEDED"
_REDUCED = "reduced to the system-allowed limit"
_LATER = ("capacity", "busy", "10 seconds", "try again", "temporarily")
_USED_UP = ("threshold", "daily", "exceeded the number of requests")
"""Words in messages of a service that is at work, and of one that has answered enough for a day. BLS documents no
codes."""

_BURST = Limits(requests=50, seconds=10)


class Api:
    """
    Requests series from BLS's API.
    """

    def __init__(self, settings: BlsSettings) -> None:
        self._key = settings.key
        self.allowed = WITHOUT_KEY if settings.key is None else WITH_KEY
        self._where = f"sources.{settings.instance or 'bls'}"
        self._client = Client(
            settings.api_url,
            agent="statpipe-bls",
            credential=None
            if settings.key is None
            else Credential(
                name="registrationkey",
                secret=settings.key,
                place="document",
                variable="BLS_API_KEY",
            ),
            contact=settings.contact,
            limits=[_BURST, Limits(requests=self.allowed.queries, seconds=DAY)],
            remembered=settings.environment.home / ".statpipe" / "limits",
            judge=judged,
            seconds=settings.timeout,
            memory=REMEMBERED,
        )

    def queries(self, series: Sequence[str], first: int, last: int) -> int:
        """
        Return how many queries these series and years take.

        :raises ConfigError: They take more queries than BLS allows per day.
        """
        count = sum(1 for _ in self._queries(series, first, last))
        if count > self.allowed.queries:
            key = "" if self._key else f", or 500 with a free key from {SIGN_UP_URL}"
            msg = (
                f"{self._where}: {len(series):,} series from {first} to {last} need {count:,} queries; BLS allows "
                f"{self.allowed.queries} a day{key}: name fewer `areas` or `codes`, set a later `start`, or "
                'channel = "bulk"'
            )
            raise ConfigError(msg)
        return count

    def answers(self, name: str, series: Sequence[str], first: int, last: int) -> Iterator[Payload]:
        """
        Fetch the figures of these series and years, in as many answers as needed.
        """
        self.queries(series, first, last)
        for number, document in enumerate(self._queries(series, first, last), 1):
            years = f"{document['startyear']}-{document['endyear']}"
            answer = self._client.post(_PATH, document, name=f"{name}-{years}-{number}")
            yield answer.payload(media_type="application/json")

    def close(self) -> None:
        """
        Release the connections.
        """
        self._client.close()

    def _queries(self, series: Sequence[str], first: int, last: int) -> Iterator[dict[str, Any]]:
        averages = {} if self._key is None else {"annualaverage": True}
        for start in range(first, last + 1, self.allowed.years):
            end = min(start + self.allowed.years - 1, last)
            for some in _batches(series, self.allowed.series):
                years = {"startyear": str(start), "endyear": str(end)}
                yield {"seriesid": some, **years, **averages}


def judged(answer: Answer) -> Exception | None:
    """
    Return the error in an answer: BLS refuses with status 200 and gives the reason in a message.
    """
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or "status" not in document:
        return None
    status, said = str(document["status"]), _messages(document)
    reduced = [text for text in said if _REDUCED in text]
    if status == _SUCCEEDED and not reduced:
        return None
    shown = ". ".join((reduced or said)[:3])
    told = f"{answer.name}: BLS answers {one_line(status)}" + (
        f": {one_line(shown)}." if shown else ""
    )
    if reduced:
        msg = f"{told} So the answer is incomplete; check whether BLS still accepts the key"
        return ContentError(msg, payload=answer.payload())
    return _refusal(status, " ".join(said), told)


def _refusal(status: str, said: str, told: str) -> Exception:
    lower = f"{status} {said}".lower()
    if any(words in lower for words in _LATER):
        return Unavailable(f"{told} Run again later")
    if any(words in lower for words in _USED_UP):
        return Unavailable(f"{told} Run again tomorrow", retry_after=DAY)
    if "key" in said and "invalid" in said:
        return Rejected(f"{told} Correct BLS_API_KEY; get a free key at {SIGN_UP_URL}")
    return Rejected(f"{told} Correct the request, or check whether BLS has changed its API")


def _messages(document: dict[str, Any]) -> list[str]:
    listed = document.get("message")
    texts = [str(one).strip().rstrip(".") for one in listed] if isinstance(listed, list) else []
    return [text for text in texts if text]


def _batches(series: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(series), size):
        yield list(series[start : start + size])
