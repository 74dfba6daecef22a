"""The settings of the sink."""

from __future__ import annotations

import re

from attrs import field, frozen, validators

from statpipe.api import Environment, Secret, secret

_SCHEMA = validators.matches_re(r"[a-z_][a-z0-9_]{0,62}")
_LONGEST_NAME = 63
"""PostgreSQL cuts longer identifiers off without saying so."""


@frozen(kw_only=True)
class PostgresSettings:
    """
    ``dsn`` is a libpq address (``postgresql://...`` or ``host=... dbname=...``) of a served
    database. Without one, an embedded environment runs a server of its own in the folder
    ``embedded``; a relative path starts at the configuration's folder. Times are in seconds.
    """

    dsn: Secret | None = secret()
    embedded: str = ".statpipe/postgres"
    gold_schema: str = field(default="gold", validator=_SCHEMA)
    operations_schema: str = field(default="statpipe", validator=_SCHEMA)
    connect_timeout: int = field(default=10, validator=validators.ge(1))
    lock_timeout: int = field(default=60, validator=validators.ge(1))
    environment: Environment

    @property
    def gold(self) -> str:
        """
        The schema of the analysts' tables, or that of the scratch corner.
        """
        return self._in_corner(self.gold_schema)

    @property
    def operations(self) -> str:
        """
        The schema of the records of operation, or that of the scratch corner.
        """
        return self._in_corner(self.operations_schema)

    def _in_corner(self, schema: str) -> str:
        scratch = self.environment.scratch
        if scratch is None:
            return schema
        corner = re.sub(r"[^a-z0-9_]", "_", scratch.lower())
        # What tells corners apart stands at the end of their names, so the front gives way.
        kept = f"_{corner}"[-_LONGEST_NAME // 2 :]
        return schema[: _LONGEST_NAME - len(kept)] + kept
