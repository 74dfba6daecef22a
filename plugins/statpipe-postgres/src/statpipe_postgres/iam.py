"""Logs in to Amazon RDS without a password, with a signed token that is valid for 15 minutes."""

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
    The login and its target: the instance's own name and port, also behind a tunnel.

    By default, ``region`` comes from AWS's own settings.
    """

    address: Address
    host: str
    port: int
    user: str
    region: str | None

    def token(self) -> str:
        """
        Sign a new token with the credentials that AWS's chain finds now.

        :raises ConfigError: No credentials were found, they have expired, or boto3 is not
            installed.
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
    Return the address with ``by_token`` set, if the settings ask for tokens and it has no password.

    So an administrator's address with a password works in the same environment.
    """
    by_token = settings.iam and not address.parameters.get("password")
    return evolve(address, by_token=by_token)


def iam_login(address: Address, settings: PostgresSettings) -> IamLogin:
    """
    Return the login and target for which tokens are signed.

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
    """Return the port of the instance itself, which differs from the port of a tunnel."""
    port = address.parameters.get("port")
    return int(port) if port and not address.tunnel else _DEFAULT_PORT


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep the signing of the token out of the log, because botocore logs all of it at DEBUG."""
    signing = logging.getLogger("botocore.auth")
    signing.addFilter(_nothing)
    try:
        yield
    finally:
        signing.removeFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False
