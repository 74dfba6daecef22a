"""A request, before the credential is added."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import httpx
from attrs import field, frozen

from statpipe.api.http.credential import Credential

_JSON = "application/json"


@frozen(kw_only=True)
class Request:
    """
    A request: an address with parameters, or a JSON object to send there.
    """

    method: Literal["GET", "HEAD", "POST"] = "GET"
    address: str
    parameters: Mapping[str, str] = field(factory=dict)
    document: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(factory=dict)

    @property
    def recorded(self) -> dict[str, str]:
        """
        What is recorded of it.
        """
        sent = {} if self.document is None else {"document": json.dumps(dict(self.document))}
        accepted = {name: text for name, text in self.headers.items() if name.lower() == "accept"}
        return {"url": self.address, **self.parameters, **sent, **accepted}

    def leaving(
        self, url: httpx.URL, headers: dict[str, str], credential: Credential | None
    ) -> tuple[bytes, dict[str, str], bytes | None]:
        """
        Return path and query, headers and body as they are sent, with the credential in its place.
        """
        target = url.raw_path
        document = None if self.document is None else dict(self.document)
        if credential is not None:
            text = credential.prefix + credential.value.reveal()
            if credential.place == "header":
                headers = {**headers, credential.name: text}
            elif credential.place == "query" or document is None:
                # Not by httpx, which would examine each letter of the whole URL again.
                more = urlencode({credential.name: text}).encode()
                target += (b"&" if b"?" in target else b"?") + more
            else:
                document[credential.name] = text
        if document is None:
            return target, headers, None
        body = json.dumps(document).encode()
        return target, {**headers, "Content-Type": _JSON, "Content-Length": str(len(body))}, body
