"""What a server answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from attrs import field, frozen

from statpipe.api.http.retry_after import retry_after


@frozen(kw_only=True)
class Answer:
    """
    One answer, read to its end and unpacked. Credentials are ``REDACTED`` in all of it.

    ``url`` is the address that answered, less the credential. ``headers`` have names in lower case;
    bytes that are neither ASCII nor UTF-8 are read as Latin-1. ``redirect`` is where a redirect that
    was not followed leads to.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = field(repr=lambda body: f"<{len(body):,} bytes>")
    redirect: str = ""

    @property
    def phrase(self) -> str:
        """
        The status in words, such as ``404 Not Found``.
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

    def retry_after(self, now: datetime) -> float | None:
        """
        Return for how many seconds the server wants to be left alone; ``None`` if it does not say.
        """
        return retry_after(self.headers.get("retry-after", ""), now)
