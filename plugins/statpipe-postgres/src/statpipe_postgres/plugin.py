"""This plugin offers the database."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api import Component, ConfigError, Database, hookimpl
from statpipe_postgres.settings import NOBODY_LOGS_IN_AS, PostgresSettings


def make_postgres(settings: PostgresSettings) -> Database:
    """
    Make the configured sink. It connects when it is first used.

    :raises ConfigError: The address is missing, and the environment is not embedded.
    """
    name = settings.environment.name
    if settings.dsn is None and not settings.environment.embedded:
        msg = (
            f"environment {name} has no address of a PostgreSQL database; write "
            f'[environments.{name}.sinks.postgres] dsn = "${{STATPIPE_PG}}" in statpipe.toml and '
            "set the variable STATPIPE_PG in the process environment or in .env"
        )
        raise ConfigError(msg)
    if settings.gold_schema == settings.operations_schema:
        msg = (
            f"environment {name}: gold_schema and operations_schema are both "
            f"{settings.gold_schema!r}; give the sink postgres two different schemas"
        )
        raise ConfigError(msg)
    if settings.iam_login in NOBODY_LOGS_IN_AS:
        msg = (
            f"environment {name}: {settings.iam_login} is a group role, not a login; give "
            "iam_login of the sink postgres another name"
        )
        raise ConfigError(msg)
    from statpipe_postgres.sink import PostgresSink

    return PostgresSink(settings)


@hookimpl
def statpipe_sinks() -> Iterable[Component]:
    """
    Offer the sink ``postgres``.
    """
    return [
        Component(
            name="postgres",
            summary="Gold tables and the record of runs in PostgreSQL, embedded or on a server",
            settings=PostgresSettings,
            factory=make_postgres,
        )
    ]
