"""The settings of the sink."""

from __future__ import annotations

import re

from attrs import field, frozen, validators

from statpipe.api import Environment, Secret, secret

_NAME = validators.matches_re(r"[a-z_][a-z0-9_]{0,62}")
_LIMIT = validators.and_(validators.ge(1), validators.le(2_000_000))
"""PostgreSQL stores the limit of a statement in milliseconds in 31 bits."""
_PORT = validators.and_(validators.ge(1), validators.le(65535))
NOBODY_LOGS_IN_AS = ("statpipe_loader", "statpipe_reader")
"""The two roles that get the grants; logins are members of them."""

_LONGEST_NAME = 63
"""PostgreSQL silently truncates longer identifiers."""


@frozen(kw_only=True)
class PostgresSettings:
    """
    ``dsn`` is the libpq address (``postgresql://...`` or ``host=... dbname=...``) of a database on
    a server. Without it, an embedded environment runs its own server in the folder ``embedded``; a
    relative path starts at the folder of the configuration file. Time limits are in seconds:
    ``connect_timeout`` for connecting, ``lock_timeout`` for a lock that somebody else holds, and
    ``reply_timeout`` for one statement, or for a server that stops answering.

    ``ca`` is the PEM file of the CA that verifies a database on a server, or ``rds`` for Amazon
    RDS. ``allow_insecure`` allows a weaker ``sslmode`` in the dsn. With ``iam``, a dsn without
    password logs in with AWS tokens, signed for ``iam_port`` in ``iam_region``; ``iam_login`` is
    the role that ``db init`` creates for that.
    """

    dsn: Secret | None = secret()
    embedded: str = ".statpipe/postgres"
    gold_schema: str = field(default="gold", validator=_NAME)
    operations_schema: str = field(default="statpipe", validator=_NAME)
    connect_timeout: int = field(default=10, validator=validators.ge(1))
    lock_timeout: int = field(default=60, validator=validators.ge(1))
    reply_timeout: int = field(default=600, validator=_LIMIT)
    ca: str | None = None
    allow_insecure: bool = False
    iam: bool = False
    iam_port: int | None = field(default=None, validator=validators.optional(_PORT))
    iam_region: str | None = None
    iam_login: str = field(default="statpipe_ingest", validator=_NAME)
    environment: Environment

    @property
    def gold(self) -> str:
        """
        The schema of the analysts' tables, or of the scratch corner.
        """
        return self._in_corner(self.gold_schema)

    @property
    def operations(self) -> str:
        """
        The operations schema, or that of the scratch corner.
        """
        return self._in_corner(self.operations_schema)

    def _in_corner(self, schema: str) -> str:
        scratch = self.environment.scratch
        if scratch is None:
            return schema
        corner = re.sub(r"[^a-z0-9_]", "_", scratch.lower())
        # The names of corners differ at the end, so the beginning is shortened.
        kept = f"_{corner}"[-_LONGEST_NAME // 2 :]
        return schema[: _LONGEST_NAME - len(kept)] + kept
