"""The values that the next steps need: for ``.env``, and for GitHub."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from attrs import frozen

from provisioning.failures import Misconfigured
from provisioning.names import ADMINISTRATOR, DATABASE, LOGIN, PORT, Names
from provisioning.provision import Provisioned
from provisioning.settings import NO_SERVER, OWN, Settings

TUNNEL_PORT = int(os.environ.get("STATPIPE_TUNNEL_PORT") or 15432)
"""Where the tunnel of ``make ingest`` begins on this machine."""


@frozen(kw_only=True)
class Section:
    """
    Values that go to one place.
    """

    title: str
    values: dict[str, str]


def sections(settings: Settings, made: Provisioned) -> list[Section]:
    """
    Return all values by where they go. None of them is a secret by itself; the connection string is
    kept with the secrets since others write a password into theirs.
    """
    stem = f"STATPIPE_{settings.environment.upper()}"
    lake = {f"{stem}_LAKE": f"s3://{settings.bucket}"}
    telling = {
        f"{stem}_TOPIC": made.topic,
        f"{stem}_LOG_GROUP": Names(settings.environment).log_group,
    }
    address = {f"{stem}_PG": connection(made, LOGIN)} if settings.on_rds else {}
    role = {"AWS_ROLE_ARN": made.role, "AWS_REGION": settings.region}
    parts = [
        Section(title=".env", values={**lake, **address, **telling}),
        Section(
            title=f"GitHub, environment {settings.environment}, variables",
            values={**role, **lake, **telling},
        ),
        Section(title=f"GitHub, environment {settings.environment}, secrets", values=address),
    ]
    return [part for part in parts if part.values]


def connection(made: Provisioned, user: str) -> str:
    """
    Return the connection string, without a password. Through a bastion, it begins at the tunnel.
    """
    host = made.host or "(known when the database is there)"
    port = f"hostaddr=127.0.0.1 port={TUNNEL_PORT}" if made.bastion else f"port={PORT}"
    return f"host={host} {port} user={user} dbname={DATABASE}"


def remarks(settings: Settings, made: Provisioned) -> list[str]:
    """
    Return what is left to be done by hand.
    """
    lines = [
        f"Confirm the mail from AWS to {settings.email}: until then no alarm arrives.",
        f"Set the secret BEA_API_KEY in GitHub's environment {settings.environment}.",
    ]
    stem = f"STATPIPE_{settings.environment.upper()}"
    if settings.server == OWN:
        lines.append(
            f"Set the secret {stem}_PG in GitHub's environment {settings.environment}, and in .env: the "
            "connection string of your PostgreSQL."
        )
    if settings.server == NO_SERVER:
        table = f"[environments.{settings.environment}.sinks.postgres]"
        lines.append(f"Take the table {table} out of statpipe.toml.")
    if made.secret:
        lines.append(
            f"Copy the block .env into .env and run `make database ENV={settings.environment}`: it logs in "
            f"once as {ADMINISTRATOR}, with the password that RDS keeps in {made.secret}."
        )
    return lines


def as_text(parts: list[Section]) -> str:
    """
    Write the values as lines that ``.env`` and ``gh variable set --env-file`` read.
    """
    lines: list[str] = []
    for part in parts:
        lines += [
            f"# {part.title}",
            *(f"{name}={_quoted(v)}" for name, v in part.values.items()),
            "",
        ]
    return "\n".join(lines)


def write_outputs(file: Path, text: str) -> None:
    """
    Write *text* whole or not at all, readable for its owner only.

    :raises Misconfigured: The file cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as made:  # mkstemp makes it 0600
                made.write(text)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        msg = f"{file} cannot be written ({error.strerror}); name another file for --outputs"
        raise Misconfigured(msg) from None


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
