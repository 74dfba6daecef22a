"""A lake in an S3 bucket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore
from attrs import frozen
from obstore.store import S3Store

from statpipe.api import ConfigError, Diagnosis, StatpipeError, Unavailable
from statpipe_lake.lease import Lease
from statpipe_lake.store import ObjectStore

_CODE = re.compile(r"<Code>([A-Za-z]+)</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})")
_RETRIES: Any = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
"""Of requests that the server throttles or fails: with jitter, a minute at most."""

_TIMES = {"connect_timeout": "10s", "timeout": "120s"}

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_UNKNOWN = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthFailure")
_ELSEWHERE = (
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)


@frozen(kw_only=True)
class BucketPlace:
    """
    Where a lake lies in a bucket. ``prefix`` ends in the environment's name, or in its scratch
    corner's.
    """

    bucket: str
    prefix: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None

    @property
    def address(self) -> str:
        """
        The address, as AWS writes it.
        """
        return f"s3://{self.bucket}/{self.prefix}"


class BucketStore(ObjectStore):
    """
    Objects below a prefix of a bucket. Credentials come from boto3's chain: environment, profile,
    SSO, web identity, instance.
    """

    def __init__(self, place: BucketPlace) -> None:
        self._place = place
        self._leases: list[Lease] = []
        self._store = _opened(place)

    @property
    def address(self) -> str:
        return self._place.address

    @contextmanager
    def lock(self, name: str, shown: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        lease = Lease(store=self._store, path=f"locks/{name}.lock", readable=self._readable)
        with lease.held(shown, wait, run_id) as held_by:
            self._leases.append(lease)
            try:
                yield held_by
            finally:
                self._leases.remove(lease)

    def still_locked(self) -> None:
        for lease in self._leases:
            lease.confirm()

    def remove_all(self) -> None:
        with self._readable(""):
            paths = [meta["path"] for page in obstore.list(self._store) for meta in page]
            if paths:
                obstore.delete(self._store, paths)

    def diagnose(self) -> Iterable[Diagnosis]:
        try:
            self.put(".doctor", b"")  # stays: the role has no right to delete
            self.paths("runs")
        except StatpipeError as error:
            yield Diagnosis(
                "lake", "error", str(error), "see the lake's README for the rights it needs"
            )
            return
        yield Diagnosis("lake", "ok", f"{self.address} can be listed and written")

    def _absent(self, error: FileNotFoundError) -> None:
        if "NoSuchBucket" in str(error):
            raise error

    @contextmanager
    def _readable(self, path: str) -> Iterator[None]:
        try:
            yield
        except StatpipeError:
            raise
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise _told(self._place, path, error) from error


def _opened(place: BucketPlace) -> S3Store:
    # A folder's lake must not wait for boto3, which takes as long to load as all the rest.
    import boto3
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        session = boto3.Session(profile_name=place.profile, region_name=place.region)
        provider = Boto3CredentialProvider(session, ttl=timedelta(minutes=5))
    except (BotoCoreError, ValueError) as error:
        msg = f"{place.address}: no credentials for AWS ({_first_line(error)}); {_LOG_IN}"
        raise ConfigError(msg) from None
    client: Any = {**_TIMES, "allow_http": place.endpoint_url is not None}
    options: dict[str, Any] = {"endpoint": place.endpoint_url} if place.endpoint_url else {}
    return S3Store(
        place.bucket,
        prefix=place.prefix,
        region=place.region or session.region_name or "us-east-1",
        credential_provider=provider,
        virtual_hosted_style_request=place.endpoint_url is None,
        client_options=client,
        retry_config=_RETRIES,
        **options,
    )


_LOG_IN = (
    "log in with `aws sso login`, set AWS_PROFILE or the setting `profile`, or run where a role is "
    "given"
)


def _told(place: BucketPlace, path: str, error: Exception) -> StatpipeError:
    """Turn what S3 said into what to do about it."""
    text = str(error)
    code = found[1] if (found := _CODE.search(text)) else ""
    status = found[1] if (found := _STATUS.search(text)) else ""
    where = f"{place.address}/{path}".rstrip("/")
    if code == "NoSuchBucket":
        return ConfigError(
            f"the bucket {place.bucket} does not exist; correct the lake's path, or provision it"
        )
    if code in _EXPIRED:
        return ConfigError(f"{where}: the credentials for AWS have expired; {_LOG_IN}")
    if code in _UNKNOWN or status == "401":
        return ConfigError(
            f"{where}: AWS does not accept the credentials ({code or status}); {_LOG_IN}"
        )
    if code in _ELSEWHERE or status in {"301", "307"} or "redirect" in text[:600]:
        return ConfigError(
            f"the bucket {place.bucket} is not in region {place.region or 'us-east-1'}; set `region` "
            "of the lake to the bucket's"
        )
    if code == "AccessDenied" or status == "403":
        return ConfigError(
            f"{where}: access denied; give the role s3:GetObject, s3:PutObject on "
            f"{place.bucket}/{place.prefix}/* and s3:ListBucket on {place.bucket} for that prefix"
        )
    reason = code or status or _first_line(error)
    return Unavailable(f"the lake at {where} cannot be reached now ({reason}); run again later")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
