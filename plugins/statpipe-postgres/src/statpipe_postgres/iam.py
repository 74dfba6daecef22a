"""Logging in to Amazon RDS without a password: AWS signs a token, good for a quarter of an hour."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import evolve, frozen

from statpipe.api import ConfigError, StatpipeError, Unavailable
from statpipe_postgres.address import Address, is_here
from statpipe_postgres.settings import PostgresSettings

_RDS = re.compile(r"\.(?P<region>[a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?\.?$")
_DEFAULT_PORT = 5432

_LOG_IN = (
    "log in to AWS and set AWS_PROFILE to the profile, or let the job assume its role before it "
    "runs statpipe"
)
_LOG_IN_AGAIN = "log in to AWS again (aws sso login), or let the job assume its role again"


@frozen(kw_only=True)
class IamLogin:
    """
    Who logs in, and where: the instance's own name and port, also behind a tunnel.

    Without ``region`` AWS's own settings say it.
    """

    address: Address
    host: str
    port: int
    user: str
    region: str | None

    def token(self) -> str:
        """
        Sign a fresh token with the credentials that AWS's chain finds now.

        :raises ConfigError: There are none, they have expired, or boto3 is not installed.
        :raises Unavailable: The credentials come from a service that cannot be reached.
        """
        try:
            import boto3
        except ImportError:
            msg = (
                "iam = true of the sink postgres needs boto3, which is not installed; run `make "
                "runtime`, or pip install boto3"
            )
            raise ConfigError(msg) from None
        try:
            with _unlogged():
                session = boto3.Session(region_name=self.region)
                token: str = session.client("rds").generate_db_auth_token(
                    DBHostname=self.host, Port=self.port, DBUsername=self.user
                )
        except Exception as error:
            foreseen = self._foreseen(error)
            if foreseen is None:
                raise
            raise foreseen from None
        return token

    def _foreseen(self, error: Exception) -> StatpipeError | None:
        from botocore import exceptions as aws

        said = " ".join(str(error).split())
        start = f"PostgreSQL at {self.address}: no IAM token for the role {self.user}: {said}"
        if isinstance(error, aws.NoRegionError):
            return ConfigError(f"{start}; set iam_region of the sink postgres, or AWS_REGION")
        if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
            return Unavailable(f"{start}; check that AWS is reachable, and run again")
        again = (aws.SSOError, aws.TokenRetrievalError)
        if isinstance(error, again) or "expired" in said.lower():
            return ConfigError(f"{start}; {_LOG_IN_AGAIN}")
        if isinstance(error, aws.BotoCoreError | aws.ClientError):
            return ConfigError(f"{start}; {_LOG_IN}")
        return None


def with_token(address: Address, settings: PostgresSettings) -> Address:
    """
    Return the address marked for tokens, if the settings ask for them and it has no password.

    An administrator's address with a password works in the same environment.
    """
    by_token = settings.iam and not address.parameters.get("password")
    return evolve(address, by_token=by_token)


def iam_login(address: Address, settings: PostgresSettings) -> IamLogin:
    """
    Find out what tokens are to be signed for.

    :raises ConfigError: The address does not name the instance, or the role.
    """
    start = f"environment {settings.environment.name}: iam = true of the sink postgres needs"
    host = address.parameters.get("host", "")
    if "," in host or is_here(host):
        msg = (
            f"{start} the instance's own name in the dsn; write host=NAME.rds.amazonaws.com, and "
            "for a tunnel also hostaddr=127.0.0.1 and its port"
        )
        raise ConfigError(msg)
    if not address.user:
        msg = f"{start} a role in the dsn; write user={settings.iam_login}"
        raise ConfigError(msg)
    named = _RDS.search(host)
    return IamLogin(
        address=address,
        host=host,
        port=settings.iam_port or _port(address),
        user=address.user,
        region=settings.iam_region or (named["region"] if named else None),
    )


def _port(address: Address) -> int:
    """Return the port that the instance itself has: that of a tunnel is the tunnel's."""
    port = address.parameters.get("port")
    return int(port) if port and not address.tunnel else _DEFAULT_PORT


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep out of the log how the token is signed, since botocore tells all of it at DEBUG."""
    signing = logging.getLogger("botocore.auth")
    signing.addFilter(_nothing)
    try:
        yield
    finally:
        signing.removeFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False
