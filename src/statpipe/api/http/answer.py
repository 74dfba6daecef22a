"""What a server answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from attrs import field, frozen

from statpipe.api.http.retry_after import retry_after
from statpipe.domain.errors import ContentError
from statpipe.domain.payload import Payload

_CLOCKS_DIFFER = timedelta(hours=1)


@frozen(kw_only=True)
class Answer:
    """
    One answer, complete and decompressed. Credentials are ``REDACTED`` everywhere in it.

    ``name`` says what was asked, ``request`` holds the address and the parameters without a
    credential, and ``retrieved`` is the time in UTC. ``url`` is the address that answered, without
    the credential. ``headers`` have names in lower case; bytes that are neither ASCII nor UTF-8 are
    read as Latin-1. ``redirect`` is the target of a redirect that was not followed.
    """

    name: str = ""
    url: str
    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = field(repr=lambda body: f"<{len(body):,} bytes>")
    redirect: str = ""
    request: Mapping[str, str] = field(factory=dict)
    retrieved: datetime | None = None

    @property
    def phrase(self) -> str:
        """
        The status with its text, such as ``404 Not Found``.
        """
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    @property
    def media_type(self) -> str:
        """
        The media type that the server names, in lower case and without parameters.
        """
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def last_modified(self) -> datetime | None:
        """
        The time in ``Last-Modified``, in UTC; ``None`` if there is none that can be read, or if it lies
        more than an hour ahead: no server can know when it will change a file.
        """
        try:
            at = parsedate_to_datetime(self.headers["last-modified"])
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (KeyError, ValueError, TypeError, OverflowError):
            return None
        return at if at - (self.retrieved or datetime.now(UTC)) < _CLOCKS_DIFFER else None

    @property
    def retry_after(self) -> float | None:
        """
        How many seconds the server asks to wait; ``None`` if it does not say.
        """
        asked = self.headers.get("retry-after", "")
        return retry_after(asked, self.retrieved or datetime.now(UTC))

    def json(self) -> Any:
        """
        Return the JSON document in the body.

        :raises ContentError: It is not valid JSON; the answer goes to Bronze.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            msg = f"{self.name}: the response is not valid JSON ({error}); look at it in Bronze"
            raise ContentError(msg, payload=self.payload()) from None

    def payload(self, name: str = "", *, media_type: str = "", structure: bool = False) -> Payload:
        """
        Return the answer as a payload, by default under the name of the request.

        A web page keeps its own media type, whatever *media_type* says.
        """
        from statpipe.api.http.page import page_title

        kind = media_type or self.media_type or "application/octet-stream"
        return Payload(
            name=name or self.name,
            body=self.body,
            media_type=kind if page_title(self) is None else "text/html",
            request=self.request,
            retrieved=self.retrieved,
            structure=structure,
        )
