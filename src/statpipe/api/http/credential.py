"""The credential in a request to an agency."""

from __future__ import annotations

import re
from typing import Literal

from attrs import field, frozen

from statpipe.domain.errors import ConfigError
from statpipe.domain.secret import Secret, is_quoted

SHORTEST = 8
"""A shorter credential might also occur in figures and names, and would be removed from them."""

_SENDABLE = re.compile(r"[!-~]+(?: [!-~]+)*")


@frozen(kw_only=True)
class Credential:
    """
    A credential that is added to each request as it is sent: as a URL parameter, a header, or a
    member of the JSON object.

    ``prefix`` precedes the secret, as in ``Bearer``. ``variable`` is the name of the variable with
    the secret, for messages. Without a secret, no request can be sent.
    """

    name: str
    secret: Secret | None = field(repr=False)
    place: Literal["query", "header", "document"] = "query"
    prefix: str = ""
    variable: str = ""

    @property
    def value(self) -> Secret:
        """
        The secret.

        :raises ConfigError: There is none.
        """
        if self.secret is None:
            wanted = self.variable or "its variable"
            msg = f"the agency requires a key; set {wanted} in the environment or in .env"
            raise ConfigError(msg)
        return self.secret

    def checked(self) -> None:
        """
        Refuse an invalid secret before it is sent.

        :raises ConfigError: There is none, or it has quotes or white space around it, is shorter
            than 8 characters, or holds characters that no credential has.
        """
        value = self.value.reveal()
        if len(value) < SHORTEST or is_quoted(value) or not _SENDABLE.fullmatch(value):
            holder = self.variable or "its variable"
            raise ConfigError(
                f"the credential that is sent as {self.name} is not valid: expected at least "
                f"{SHORTEST} characters without surrounding quotes or white space; correct "
                f"{holder}"
            )
