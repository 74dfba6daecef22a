"""A client for BEA's Data API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from statpipe.api import Payload, Secret
from statpipe.api.http import Client, Credential, Limits, checked_address
from statpipe_bea.api.replies import judged
from statpipe_bea.key import checked_key

MEBIBYTE = 1024 * 1024
LARGEST_ANSWER = 64 * MEBIBYTE
"""A hundred times the largest answer for one line of a table."""

REMEMBERED = 64 * MEBIBYTE

REQUESTS, BYTES, ERRORS = 90, 90_000_000, 20
"""BEA allows 100 requests, 100 MB and 30 errors in a minute. A key that exceeds a limit is locked
out for an hour. These lower limits allow for the difference between BEA's clock and ours, and for
other programs that use the same key."""


def limits(requests: int | None = None) -> Sequence[Limits]:
    """
    Return BEA's limits per minute for a key with this number of requests.

    A key that is allowed more requests is allowed more bytes in proportion.
    """
    allowed = requests or REQUESTS
    volume = BYTES * max(allowed, REQUESTS) // REQUESTS
    return [Limits(requests=allowed, bytes=volume, errors=ERRORS)]


class BeaClient(Client):
    """
    One key's connection to the API; *options* are those of the client.

    :raises ConfigError: The key is not valid, or *url* is not an address that a key may be sent to.
    """

    def __init__(self, *, key: Secret, url: str, **options: Any) -> None:
        checked_key(key)
        checked_address(url, what="the url of the BEA source", keyed=True)
        told: dict[str, Any] = {
            "agent": "statpipe-bea",
            "credential": Credential(name="UserID", secret=key, variable="BEA_API_KEY"),
            "accept": "application/json",
            "limits": limits(),
            "judge": judged,
            "largest": LARGEST_ANSWER,
            "memory": REMEMBERED,
        }
        super().__init__(url, **(told | options))

    def ask(self, name: str, parameters: Mapping[str, str]) -> Payload:
        """
        Return the answer to *parameters* as a payload of this name.

        A repeated request is answered from memory. Raises what :meth:`Client.get` raises.
        """
        return self.get("", parameters, name=name).payload(name, media_type="application/json")
