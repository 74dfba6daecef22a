"""AWS clients with short time-outs, and readable messages for their errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from statpipe_notify.in_time import CONNECT_SECONDS, READ_SECONDS
from statpipe_notify.not_sent import NotSent

_REMEDIES = (
    (("AccessDenied", "AuthorizationError", "UnauthorizedOperation"), "allow {action} to the role of this run"),
    (("ExpiredToken", "InvalidClientTokenId", "UnrecognizedClient"), "log in to AWS again"),
    (("NotFound",), "name an existing one, or create it"),
    (("Throttl", "TooManyRequests"), "AWS asks to slow down; the next run will report again"),
)  # fmt: skip


def client(service: str, *, region: str, profile: str) -> Any:
    """
    Make a client with credentials from the usual chain: environment, profile and so on.

    :raises NotSent: boto3 is not installed.
    """
    try:
        import botocore.session
        from botocore.config import Config
    except ImportError:
        msg = (
            f"the service {service} of AWS needs boto3, which is not installed; run `make "
            "runtime`, or pip install boto3"
        )
        raise NotSent(msg) from None

    session = botocore.session.Session(profile=profile or None)
    # As the session's default, it also limits the requests that fetch credentials.
    session.set_default_client_config(
        Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
    )
    return session.create_client(service, region_name=region or None)


def call(action: str, target: str, request: Callable[[], Any]) -> Any:
    """
    Send a request. *action* is its name in IAM, such as ``sns:Publish``; *target* is its resource.

    :raises NotSent: AWS refuses it, or cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return request()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        # AWS's own text is left out: for a wrong signature, it quotes the session's token.
        msg = f"{action} on {target} is refused: {code}; {_remedy(code, action)}"
        raise NotSent(msg) from None
    except BotoCoreError as error:
        reason = type(error).__name__
        msg = (
            f"{action} on {target} failed: {reason}; check the connection to AWS and the "
            "credentials"
        )
        raise NotSent(msg) from None


def _remedy(code: str, action: str) -> str:
    for parts, remedy in _REMEDIES:
        if any(part in code for part in parts):
            return remedy.format(action=action)
    return "see AWS's documentation of that code"
