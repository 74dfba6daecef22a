"""By which way a run reaches its database: directly, or through which bastion."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from attrs import frozen  # noqa: E402
from tunnel import CONFIGURATION, DOWN, LOCAL_PORT, CannotRun, is_open  # noqa: E402


@frozen(kw_only=True)
class Bastion:
    """
    The instance that forwards a port, and the database that it forwards to.
    """

    instance: str
    host: str


def way_to_database(environment: str, variables: Mapping[str, str]) -> Bastion | None:
    """
    Return the bastion in front of an environment's database; ``None`` if the connection string does not
    begin at the tunnel's port, or if somebody has opened the tunnel already.

    The database is the host of that string. AWS is asked for the bastion, so a new one needs no edit.

    :raises CannotRun: The host is not named, AWS does not answer, or it has no such bastion.
    """
    name = f"STATPIPE_{environment.upper()}_PG"
    host, through_tunnel = _of_connection_string(variables.get(name, ""))
    if not through_tunnel or is_open():
        return None
    if not host:
        msg = (
            f"{name} begins at the tunnel's port {LOCAL_PORT} and names no database; write "
            "host=<the database's name> into it"
        )
        raise CannotRun(msg, CONFIGURATION)
    return Bastion(instance=_found(environment, variables, name), host=host)


def _of_connection_string(text: str) -> tuple[str, bool]:
    """Return the host, and whether the connection begins at the tunnel's port of this machine."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(text)
    except ProgrammingError:
        return "", False  # statpipe says what is wrong with it
    here = parts.get("hostaddr") in {"127.0.0.1", "::1"}
    return str(parts.get("host") or ""), here and str(parts.get("port")) == str(LOCAL_PORT)


def _found(environment: str, variables: Mapping[str, str], name: str) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from provisioning.account import Account
    from provisioning.bastion import find_bastion

    region = variables.get("AWS_REGION", "")
    by_hand = "or open a tunnel of your own"
    if not region:
        msg = f"AWS_REGION is not set; set it in .env to find the bastion, {by_hand}"
        raise CannotRun(msg, CONFIGURATION)
    try:
        account = Account(session=boto3.Session(region_name=region), region=region, plan=True)
        found = find_bastion(account, environment)
    except (BotoCoreError, ClientError) as error:
        said = " ".join(str(error).split())
        code = DOWN if isinstance(error, HTTPClientError) else CONFIGURATION
        msg = f"AWS does not say which instance is the bastion: {said}; log in to AWS, {by_hand}"
        raise CannotRun(msg, code) from None
    if found is None:
        msg = (
            f"{name} begins at the tunnel's port {LOCAL_PORT}, and {environment} has no bastion in "
            f"{region}; run `make provision ENV={environment}`, {by_hand}"
        )
        raise CannotRun(msg, CONFIGURATION)
    return str(found["InstanceId"])
