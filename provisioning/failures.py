"""Why provisioning stops, by what the reader does next.

ProvisioningError
├── Misconfigured   exit 2: correct a setting, a right or the account
└── Unreachable     exit 5: AWS cannot be reached or is busy; run again later
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, for all that keeps a request from arriving
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    WaiterError,
)

if TYPE_CHECKING:
    from provisioning.provisioner_policy import Grant

LOG_IN = "log in (`aws sso login`), or name a profile of AWS in AWS_PROFILE, and run again"

_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    CredentialRetrievalError,
    SSOError,
    TokenRetrievalError,
)
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
}
_ASSUMING = {"STS:AssumeRole", "STS:AssumeRoleWithSAML", "STS:AssumeRoleWithWebIdentity"}
_BUSY = {
    "OperationAborted",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_SERVER_ERROR = 500


class ProvisioningError(Exception):
    """
    Stops the run with one line, and with ``exit_code``.
    """

    exit_code = 2


class Misconfigured(ProvisioningError):
    """
    A setting, a right or the account must be corrected.
    """


class Unreachable(ProvisioningError):
    """
    AWS cannot be reached, or asks to come back later.
    """

    exit_code = 5


def code_of(error: ClientError) -> str:
    """
    Return AWS's code of an error, as ``NoSuchBucket``.
    """
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def told(
    error: BotoCoreError | ClientError, *, asked: str, region: str, grants: Sequence[Grant]
) -> ProvisioningError:
    """
    Turn what boto3 raised into what to do about it.

    *asked* is the request, as ``S3:CreateBucket``; *grants* are the documented rights.
    """
    if isinstance(error, ClientError):
        return _refusal(error, asked, region, grants)
    if isinstance(error, _NO_CREDENTIALS):
        return Misconfigured(f"no credentials for AWS ({_line(error)}); {LOG_IN}")
    if isinstance(error, ConnectionError | HTTPClientError):
        msg = (
            f"AWS cannot be reached in region {region} ({_line(error)}); see whether this machine "
            "is online and AWS_REGION is right, and run again"
        )
        return Unreachable(msg)
    if isinstance(error, WaiterError):
        return Unreachable(f"{asked}: {_line(error)}; run again to go on waiting")
    return Misconfigured(f"{asked or 'the settings of AWS'}: {_line(error)}")


def _refusal(
    error: ClientError, asked: str, region: str, grants: Sequence[Grant]
) -> ProvisioningError:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _EXPIRED:
        return Misconfigured(f"the credentials for AWS have expired; {LOG_IN}")
    if code in _UNKNOWN:
        msg = (
            f"AWS does not know the credentials ({code}); {LOG_IN}; if they are right, region {region} "
            "is not switched on in the account: choose another AWS_REGION"
        )
        return Misconfigured(msg)
    if code in _DENIED and asked in _ASSUMING:
        msg = (
            f"the role of the profile cannot be assumed ({_line(error)}); correct role_arn of AWS_PROFILE, "
            "or have the role's trust and your rights say that you may"
        )
        return Misconfigured(msg)
    if code in _DENIED:
        return _denial(error, asked, grants)
    if code in _BUSY or status >= _SERVER_ERROR:
        return Unreachable(f"{asked}: AWS is busy ({code}); run again later, it goes on from here")
    return Misconfigured(f"{asked}: AWS refuses it: {code}: {_line(error)}")


def _denial(error: ClientError, asked: str, grants: Sequence[Grant]) -> Misconfigured:
    """Name the action, and the statement that would grant it."""
    said = str(error.response.get("Error", {}).get("Message", ""))
    if "explicit deny" in said:
        msg = f"{asked}: a policy denies it explicitly; ask whoever administers the account"
        return Misconfigured(msg)
    named = re.search(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)", said)
    action = named[1] if named else ""
    for grant in grants:
        if action in grant.actions or (not action and asked in grant.operations):
            wanted = action or grant.action_of(asked)
            statement = json.dumps(grant.statement(wanted))
            return Misconfigured(
                f"{wanted} is denied (at {asked}); add this statement to the policy of whoever "
                f"runs this: {statement} (it is part of {grant.sid}; --policy prints all)"
            )
    return Misconfigured(f"{action or asked} is denied; add it to the policy of whoever runs this")


def _line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, ClientError):
        text = str(error.response.get("Error", {}).get("Message", ""))
    return " ".join(text.split())[:300]
