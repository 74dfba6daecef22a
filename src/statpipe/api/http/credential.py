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
    What joins each request as it leaves: a parameter of the address, a header, or a member of the
    JSON object that is sent.

    ``prefix`` stands before the secret, as in ``Bearer``. ``variable`` is the name of the variable
    that holds the secret, for messages. Without a secret nothing can be asked.
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
            msg = f"the agency wants a key; put {wanted} into the environment or into .env"
            raise ConfigError(msg)
        return self.secret

    def checked(self) -> None:
        """
        Refuse a secret that must not be sent.

        :raises ConfigError: There is none, or it has quotes or white space around it, is shorter
            than 8 characters, or holds characters that no credential has.
        """
        value = self.value.reveal()
        if len(value) < SHORTEST or is_quoted(value) or not _SENDABLE.fullmatch(value):
            holder = self.variable or "the variable that holds it"
            raise ConfigError(
                f"the credential that is sent as {self.name} is not valid: expected {SHORTEST} or more "
                f"characters without quotes or white space around them; correct {holder}"
            )
