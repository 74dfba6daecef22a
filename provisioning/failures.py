"""Why provisioning stops, by what the reader does next.

ProvisioningError
├── Misconfigured   exit 2: correct a setting, a right or the account
├── Drifted         exit 4: all is there, and something that is not ours besides
└── Unreachable     exit 5: AWS cannot be reached or is busy; run again later
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

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

from provisioning.grant import Grant

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
    "BandwidthLimitExceeded",
    "OperationAborted",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_AT_ONCE = re.compile(
    r"Concurrent|Conflict|Unmodifiable|IncorrectState|IncorrectInstanceState|PriorRequestNotComplete"
    r"|StaleTag|NotReady|Invalid\w+StateFault|InvalidDBInstanceState|DependencyViolation|ResourceInUse"
)
"""Parts of codes which say that something else is being done to the same resource just now."""

_USED_UP = re.compile(r"LimitExceeded|QuotaExceeded|TooManyBuckets|LimitReached")
"""Parts of codes which say that a quota of the account is used up."""

_QUOTAS = {
    "Budgets:CreateBudget": "AWS Budgets: budgets per account",
    "CloudWatch Logs:CreateLogGroup": "Amazon CloudWatch Logs: Log groups",
    "CloudWatch:PutMetricAlarm": "Amazon CloudWatch: Number of alarms",
    "EC2:AuthorizeSecurityGroupIngress": "Amazon VPC: Inbound or outbound rules per security group",
    "EC2:CreateSecurityGroup": "Amazon VPC: VPC security groups per Region",
    "EC2:RunInstances": "Amazon EC2: Running On-Demand Standard instances",
    "IAM:CreateInstanceProfile": "AWS IAM: Instance profiles per account",
    "IAM:CreateOpenIDConnectProvider": "AWS IAM: OpenId connect providers per account",
    "IAM:CreatePolicy": "AWS IAM: Customer managed policies per account",
    "IAM:CreateRole": "AWS IAM: Roles per account",
    "RDS:CreateDBInstance": "Amazon RDS: DB instances",
    "RDS:CreateDBParameterGroup": "Amazon RDS: Parameter groups",
    "RDS:CreateDBSubnetGroup": "Amazon RDS: DB subnet groups",
    "S3:CreateBucket": "Amazon S3: General purpose buckets",
    "SNS:CreateTopic": "Amazon SNS: Topics per account",
    "SNS:Subscribe": "Amazon SNS: Subscriptions per topic",
}
"""The quota that a request may use up, by service and name in Service Quotas."""

_ADMINISTRATORS = {"IAM:CreatePolicyVersion", "IAM:DeletePolicyVersion"}
"""Requests whose rights are in no policy that is printed."""

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


class Drifted(ProvisioningError):
    """
    Somebody put something on a resource of ours, and it is still there.
    """

    exit_code = 4


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
            f"AWS cannot be reached in region {region} ({_line(error)}); check whether this machine "
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
    return _of_the_moment(code, asked, status) or _for_good(error, code, asked, region)


def _of_the_moment(code: str, asked: str, status: int) -> Unreachable | None:
    """Say what passes by itself, if it is that."""
    if code in _BUSY or status >= _SERVER_ERROR:
        return Unreachable(f"{asked}: AWS is busy ({code}); run again later, it goes on from here")
    if _AT_ONCE.search(code):
        return Unreachable(
            f"{asked}: something else changes it at the same time ({code}); run again, it goes on from here"
        )
    return None


def _for_good(error: ClientError, code: str, asked: str, region: str) -> Misconfigured:
    if not _USED_UP.search(code):
        return Misconfigured(f"{asked}: AWS refuses it: {code}: {_line(error)}")
    quota = _QUOTAS.get(asked, f"the quota that {asked} needs")
    if code == "StorageQuotaExceeded":
        quota = "Amazon RDS: Total storage for all DB instances"
    msg = (
        f"{asked}: a quota of the account is used up ({code}: {_line(error)}); ask for a higher one in the "
        f"console of Service Quotas ({quota}; region {region}), or remove what is not needed, and run again"
    )
    return Misconfigured(msg)


def _denial(error: ClientError, asked: str, grants: Sequence[Grant]) -> Misconfigured:
    """Name the action, and the statement that would grant it."""
    said = str(error.response.get("Error", {}).get("Message", ""))
    if "explicit deny" in said:
        msg = f"{asked}: a policy denies it explicitly; ask whoever administers the account"
        return Misconfigured(msg)
    named = re.search(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)", said)
    action = named[1] if named else ""
    found = [
        grant
        for grant in grants
        if action in grant.actions or (not action and asked in grant.operations)
    ]
    if not found and asked in _ADMINISTRATORS:
        msg = (
            f"{action or asked} is denied: only an administrator may change the boundary of the roles; "
            "have one run this once"
        )
        return Misconfigured(msg)
    if not found:
        return Misconfigured(
            f"{action or asked} is denied; add it to the policy of whoever runs this"
        )
    wanted = action or found[0].action_of(asked)
    these, are = (
        ("this statement", "it is") if len(found) == 1 else ("these statements", "they are")
    )
    return Misconfigured(
        f"{wanted} is denied (at {asked}); add {these} to the policy of whoever runs this: "
        f"{', '.join(json.dumps(grant.statement(wanted)) for grant in found)} "
        f"({are} part of {', '.join(grant.sid for grant in found)}; --policy prints all)"
    )


def _line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, ClientError):
        text = str(error.response.get("Error", {}).get("Message", ""))
    return " ".join(text.split())[:300]
