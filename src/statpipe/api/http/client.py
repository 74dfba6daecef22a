"""The client of an agency: an author describes the agency, and does not deal with HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import attrs

from statpipe.api.http.address import checked_address
from statpipe.api.http.answer import Answer
from statpipe.api.http.credential import Credential
from statpipe.api.http.judging import Judge, verdict
from statpipe.api.http.limits import Budgets, Limits
from statpipe.api.http.memo import Memo
from statpipe.api.http.request import Request
from statpipe.api.http.retries import Passing, Patience, persist
from statpipe.api.http.spending import Spending
from statpipe.api.http.transport import MEBIBYTE, Transport
from statpipe.domain.errors import ContentError, StatpipeError, Unavailable

MOST_PAGES = 10_000


# The clock is looked up at each call, because a contract test replaces it.
def _now() -> datetime:
    return datetime.now(UTC)


def _clock() -> float:
    return time.monotonic()


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


class Client:
    """
    Sends requests to one agency. For one thread.

    *url* is the beginning of all addresses, *agent* the distribution that sends the requests,
    *contact* an address of its user, for agencies that require one. The *credential* is added to
    each request as it is sent and removed from each answer: nothing else holds it, and no redirect
    carries it. Requests wait for the agency's *limits*; the folder *remembered* stores what earlier
    runs used of them. Temporary failures are retried with *patience*.

    *judge* interprets the agency's answers: it returns ``Rejected`` or ``NoData`` for a refusal,
    ``Unavailable`` for a temporary failure (which is retried), ``ContentError`` for a changed
    format, or ``None`` to let the status decide. It sees answers of every status; if it cannot read
    one, it raises ``ContentError``, which counts if the status is one of data.

    *largest* bounds an answer in bytes, *seconds* the time for the whole of it, *silence* each wait
    in it. *memory* is how many bytes of answers are remembered, so that the same request is not
    sent twice. *now* gives the time in UTC, *clock* seconds for measuring, *sleep* waits. Such as::

        client = Client(
            settings.url,
            agent="statpipe-harbour",
            credential=Credential(name="key", secret=settings.key, variable="HARBOUR_KEY"),
            limits=[Limits(requests=60)],
        )
        payload = client.get("figures", {"table": "cargo"}, name="cargo").payload()
    """

    def __init__(
        self,
        url: str,
        *,
        agent: str,
        credential: Credential | None = None,
        contact: str = "",
        accept: str = "*/*",
        limits: Sequence[Limits] = (),
        longest_wait: float = 120.0,
        remembered: Path | None = None,
        judge: Judge = lambda _: None,
        patience: Patience | None = None,
        largest: int = 64 * MEBIBYTE,
        seconds: float = 300.0,
        silence: float = 60.0,
        memory: int = 0,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = _clock,
        sleep: Callable[[float], None] = _sleep,
    ) -> None:
        self._url = url
        self._agent = agent
        self._contact = f" ({contact})" if contact else ""
        self._credential = credential
        self._judge = judge
        self._patience = patience or Patience(longest_lock_out=longest_wait)
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._limits, self._longest_wait, self._remembered = limits, longest_wait, remembered
        self._options: dict[str, Any] = {
            "accept": accept,
            "largest": largest,
            "seconds": seconds,
            "silence": silence,
            "clock": self._clock,
            "now": self._now,
        }
        self._memo = Memo(memory)
        self._requests = 0
        self._way: tuple[Transport, Budgets] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self._url!r}, requests={self._requests})"

    @property
    def requests(self) -> int:
        """
        How many requests were sent, including retries.
        """
        return self._requests

    def get(
        self,
        path: str = "",
        parameters: Mapping[str, str] | None = None,
        *,
        name: str = "",
        accept: str = "",
        headers: Mapping[str, str] | None = None,
        anew: bool = False,
    ) -> Answer:
        """
        Return the answer of *path*, which follows the client's url; *name* says what it is.

        *anew* sends the request even if its answer is remembered. *headers* are further ones, such
        as ``If-None-Match``; the judge then says what an answer without content means.

        :raises Rejected: The agency refuses the credential or the request.
        :raises NoData: It has no data for the request, and the judge says so.
        :raises ContentError: The answer is not in the agency's format; ``payload`` is what arrived.
        :raises Unavailable: The agency cannot be reached, has a failure, or its limits are used up.
        :raises ConfigError: The credential is missing or not valid, or the address cannot be used.
        """
        asked = self._request("GET", path, parameters, accept)
        asked = attrs.evolve(asked, headers={**asked.headers, **(headers or {})})
        return self._answered(asked, name, anew=anew)

    def head(
        self, path: str = "", parameters: Mapping[str, str] | None = None, *, name: str = ""
    ) -> Answer:
        """
        Return only the headers of what :meth:`get` would return, such as a date. Always sends a
        request.
        """
        return self._answered(self._request("HEAD", path, parameters, ""), name, anew=True)

    def post(
        self, path: str, document: Mapping[str, Any], *, name: str = "", accept: str = ""
    ) -> Answer:
        """
        Send a JSON object and return the answer. Raises what :meth:`get` raises.
        """
        self._refuse_key_among(document)
        asked = attrs.evolve(self._request("POST", path, None, accept), document=document)
        return self._answered(asked, name)

    def pages(
        self,
        path: str,
        parameters: Mapping[str, str],
        following: Callable[[Answer], Mapping[str, str] | None],
        *,
        name: str,
    ) -> Iterator[Answer]:
        """
        Yield one page after the other, named ``name-1``, ``name-2``.

        *following* returns the parameters of the page after this one, and ``None`` after the last.
        Raises what :meth:`get` raises.
        """
        seen: set[frozenset[tuple[str, str]]] = set()
        asked: Mapping[str, str] | None = parameters
        while asked is not None:
            if frozenset(asked.items()) in seen or len(seen) >= MOST_PAGES:
                msg = (
                    f"{name}: page {len(seen)} leads to a page already read, or there are more "
                    f"than {MOST_PAGES:,} pages; check how the agency numbers its pages"
                )
                raise ContentError(msg)
            seen.add(frozenset(asked.items()))
            answer = self.get(path, asked, name=f"{name}-{len(seen)}")
            yield answer
            asked = following(answer)

    def close(self) -> None:
        """
        Release the connections.
        """
        if self._way is not None:
            self._way[0].close()
            self._way = None

    def _request(
        self,
        method: Literal["GET", "HEAD", "POST"],
        path: str,
        parameters: Mapping[str, str] | None,
        accept: str,
    ) -> Request:
        self._refuse_key_among(parameters or {})
        return Request(
            method=method,
            address=f"{self._url.rstrip('/')}/{path.lstrip('/')}" if path else self._url,
            parameters=parameters or {},
            headers={"Accept": accept} if accept else {},
        )

    def _answered(self, asked: Request, name: str, *, anew: bool = False) -> Answer:
        name = name or asked.address.rstrip("/").rpartition("/")[2]
        question = asked.method, frozenset(asked.recorded.items())
        known = None if anew else self._memo.recall(question)
        if known is not None:
            return attrs.evolve(known, name=name)
        answer = persist(
            lambda: self._try(asked, name),
            patience=self._patience,
            clock=self._clock,
            sleep=self._sleep,
        )
        self._memo.remember(question, answer)
        return answer

    def _try(self, asked: Request, name: str) -> Answer:
        transport, budgets = self._opened()
        budgets.wait_for_room()
        try:
            self._requests += 1
            answer = transport.ask(asked, name=name)
            budgets.received(len(answer.body))
            if (failure := verdict(self._judge, answer)) is not None:
                raise _passing(failure)
        except Passing as passing:
            budgets.failed()
            budgets.lock_out(passing.wait)
            raise
        except StatpipeError:
            budgets.failed()
            raise
        return answer

    def _opened(self) -> tuple[Transport, Budgets]:
        if self._way is None:
            who = checked_address(self._url, what=f"the url of {self._agent}").host
            transport = Transport(
                agent=f"{self._agent}/{_version(self._agent)}{self._contact}",
                credential=self._credential,
                **self._options,
            )
            budgets = Budgets(
                self._limits,
                who=who,
                longest_wait=self._longest_wait,
                clock=self._clock,
                sleep=self._sleep,
                spending=self._spending(who),
            )
            self._way = transport, budgets
        return self._way

    def _spending(self, who: str) -> Spending | None:
        if self._remembered is None or not self._limits:
            return None
        return Spending(self._remembered / f"{who}.jsonl", lambda: self._now().timestamp())

    def _refuse_key_among(self, names: Mapping[str, object]) -> None:
        key = self._credential.name.lower() if self._credential else None
        if any(name.lower() == key for name in names):
            raise ValueError("the key must not be part of a request: the client adds it")


def _passing(failure: Exception) -> Exception:
    """Unavailability may be temporary, so it is worth retrying."""
    if isinstance(failure, Unavailable):
        return Passing(failure, wait=failure.retry_after or 0)
    return failure


def _version(agent: str) -> str:
    try:
        return version(agent)
    except PackageNotFoundError:
        return "0"
