"""A credential on its way to an agency."""

from __future__ import annotations

import re
from typing import Literal

from attrs import field, frozen

from statpipe.domain.errors import ConfigError
from statpipe.domain.secret import Secret, is_quoted

SHORTEST = 8
"""A shorter credential would occur in figures and names, and be taken out of answers with them."""

_SENDABLE = re.compile(r"[!-~]+(?: [!-~]+)*")


@frozen(kw_only=True)
class Credential:
    """
    What a transport adds to each request as it leaves: a parameter of the query, or a header.

    :raises ConfigError: The secret has quotes or white space around it, is shorter than 8
        characters, or holds characters that no credential has. It is never sent.
    """

    name: str
    secret: Secret = field(repr=False)
    place: Literal["query", "header"] = "query"

    def __attrs_post_init__(self) -> None:
        value = self.secret.reveal()
        if len(value) < SHORTEST or is_quoted(value) or not _SENDABLE.fullmatch(value):
            raise ConfigError(
                f"the credential that is sent as {self.name} is not valid: expected {SHORTEST} or more "
                "characters without quotes or white space around them; correct the variable that "
                "holds it"
            )
