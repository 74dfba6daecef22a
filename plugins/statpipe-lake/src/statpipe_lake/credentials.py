"""The credentials of a bucket: from boto3, and renewed, because a run may outlive them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, StatpipeError, Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Credential

LOG_IN = (
    "log in with `aws sso login`, set AWS_PROFILE or the setting `profile`, or run where a role "
    "is available"
)

_KEPT_FOR = timedelta(minutes=5)
"""Seconds for which obstore may keep credentials: less than botocore leaves before it renews
them."""


class Credentials:
    """
    Where obstore gets credentials: from boto3's chain of environment, profile, SSO, web identity and
    instance. ``number`` counts those that were found.

    :raises ConfigError: No credentials were found.
    """

    def __init__(self, address: str, profile: str | None, region: str | None) -> None:
        from botocore.exceptions import BotoCoreError

        self._address, self._profile, self._region = address, profile, region
        self._failure: BaseException | None = None
        self._lock, self.number = threading.Lock(), 1
        try:
            self.region, self._found = self._loaded()
        except (BotoCoreError, ValueError) as error:
            msg = f"{address}: no credentials for AWS ({first_line(error)}); {LOG_IN}"
            raise ConfigError(msg) from None

    def __call__(self) -> S3Credential:
        """Return them to obstore. botocore renews those that it can, before they expire."""
        try:
            access_key, secret_key, token = self._found.get_frozen_credentials()[:3]
        except BaseException as error:
            self._failure = error  # obstore turns every exception into a text, also an interruption
            raise
        self._failure = None
        return {
            "access_key_id": access_key,
            "secret_access_key": secret_key,
            "token": token,
            "expires_at": datetime.now(UTC) + _KEPT_FOR,
        }

    def renewed(self, number: int) -> bool:
        """
        Look for others than those of this *number*, which were refused as expired; tell whether there are any.

        If several requests are refused at the same time, only the first looks for new credentials.
        """
        with self._lock:
            if number == self.number and self._found_others():
                self.number += 1
            return number < self.number

    def _found_others(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            refused = self._found.get_frozen_credentials()
            _, found = self._loaded()
            if found.get_frozen_credentials() == refused:
                return False
        except (BotoCoreError, ClientError, OSError, ValueError):
            return False  # only report that the old ones are refused
        self._found = found
        return True

    def told(self) -> StatpipeError | None:
        """
        Return why the last request for credentials failed, if it did.

        :raises KeyboardInterrupt: It was interrupted.
        """
        from botocore.exceptions import ClientError, HTTPClientError

        error = self._failure
        if error is None:
            return None
        if not isinstance(error, Exception):
            raise error
        if isinstance(error, ClientError):
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            said = error.response.get("Error", {})
            reason = f"{said.get('Code')}: {said.get('Message')}"
            passes = status >= 500 or "hrottl" in reason  # noqa: PLR2004 - of HTTP
        else:
            reason, passes = first_line(error), isinstance(error, HTTPClientError)
        if passes:
            return Unavailable(
                f"{self._address}: AWS credentials are unavailable now ({reason}); run again later"
            )
        return ConfigError(
            f"{self._address}: AWS returned no credentials ({reason}); check AWS_ROLE_ARN or the "
            f"profile, and the role's trust policy; or {LOG_IN}"
        )

    def _loaded(self) -> tuple[str | None, Any]:
        import boto3

        session = boto3.Session(profile_name=self._profile, region_name=self._region)
        found = session.get_credentials()
        if found is None:
            msg = "none in the environment, a profile or an instance"
            raise ValueError(msg)
        return session.region_name, found


def first_line(error: BaseException) -> str:
    """
    Return the first line of an error, because obstore's errors are pages long.
    """
    return str(error).strip().split("\n", 1)[0][:300]
