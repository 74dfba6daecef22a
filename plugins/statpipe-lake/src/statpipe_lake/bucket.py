"""A lake in an S3 bucket."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import obstore
from attrs import evolve, frozen
from obstore.store import S3Store

from statpipe.api import ConfigError, Diagnosis, StatpipeError, Unavailable
from statpipe_lake.credentials import LOG_IN, Credentials, first_line
from statpipe_lake.lease import Lease
from statpipe_lake.store import ObjectStore, free_name

_CODE = re.compile(r"<Code>([A-Za-z]+)</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})")
_RETRIES: Any = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
"""Retries if the server throttles or fails: with jitter, for at most one minute."""

_TRIES, _PAUSE, _PATIENCE = 5, 0.2, 60.0
"""Retries of requests that obstore does not repeat; the pause in seconds doubles and has jitter."""

_PASSING = ("ConditionalRequestConflict", "OperationAborted", "RequestTimeout")
_WIRE = re.compile("HTTP error|list response")
"""In obstore's errors: the connection was cut, perhaps during a listing."""
_SPENT = re.compile(r"\bretries: ([0-9]+),\s+max_retries: \1,")
"""In obstore's errors: it has already repeated the request as often as allowed."""

_NO_RANGE = re.compile("InvalidRange|status code: 416|non-partial response")
"""In obstore's errors: the object is empty."""

_TIMES = {"connect_timeout": "10s", "timeout": "120s"}

_ONE_PUT = 32 * 1024 * 1024
"""Bytes up to which an object is uploaded in one request; larger ones take four or more."""

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_UNKNOWN = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthFailure")
_FAILED = (obstore.exceptions.BaseError, OSError)
_A = TypeVar("_A")
_T = TypeVar("_T")
_ELSEWHERE = (
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)


@frozen(kw_only=True)
class BucketPlace:
    """
    The place of a lake in a bucket. ``prefix`` ends in the environment's name, or in its scratch
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


_ABSENT = (FileNotFoundError, obstore.exceptions.PermissionDeniedError)
_WHOLE: Any = {"range": {"offset": 0}}
"""The full size of the object, in the reply to a range request."""


class BucketStore(ObjectStore):
    """
    Objects below a prefix of a bucket. At most *at_once* requests run at the same time.
    """

    gives_tags = True

    def __init__(self, place: BucketPlace, at_once: int = 16) -> None:
        self._at_once, self._slots = at_once, threading.BoundedSemaphore(at_once)
        self._credentials = Credentials(place.address, place.profile, place.region)
        self._place = evolve(place, region=self._credentials.region or "us-east-1")
        self._leases: list[Lease] = []
        self._store = _opened(self._place, self._credentials)

    @property
    def address(self) -> str:
        return self._place.address

    def put(self, path: str, body: bytes) -> str:
        with self._readable(path):
            return _tag_of(
                self._patiently(lambda: obstore.put(self._store, path, body, chunk_size=_ONE_PUT))
            )

    def put_if_absent(self, path: str, body: bytes) -> bool:
        with self._readable(path):
            try:
                self._patiently(lambda: obstore.put(self._store, path, body, mode="create"))
            except obstore.exceptions.AlreadyExistsError:
                return False
            return True

    def get(self, path: str) -> bytes | None:
        found = self._read(path, _WHOLE)
        return found and found[0]

    def tagged_tail(self, path: str, length: int) -> tuple[bytes, str] | None:
        # One request, because a writer may replace the object between two.
        return self._read(path, {"range": {"suffix": length}})

    def piece(self, path: str, start: int, length: int) -> bytes | None:
        found = self._read(path, {"range": (start, start + length)})
        return found and found[0]

    def listed(self, prefix: str) -> dict[str, str]:
        def found() -> dict[str, str]:
            there = {m["path"]: m for page in obstore.list(self._store, prefix) for m in page}
            return {path: _tag_of(there[path]) for path in sorted(there)}

        with self._readable(prefix):
            return self._patiently(found)

    def side_by_side(self, function: Callable[[_A], _T], arguments: Iterable[_A]) -> list[_T]:
        given = list(arguments)
        if len(given) < 2 or self._at_once == 1:  # noqa: PLR2004 - one alone needs no thread
            return super().side_by_side(function, given)
        with ThreadPoolExecutor(min(len(given), self._at_once)) as threads:
            return list(threads.map(function, given))

    def move(self, path: str, to: str) -> int:
        """
        Copy within the bucket. If the role may not delete, a lifecycle rule of the bucket does it.
        """
        with self._readable(path):
            self._patiently(lambda: obstore.copy(self._store, path, to))
            size = self._patiently(lambda: obstore.head(self._store, to)["size"])
        with suppress(StatpipeError), self._readable(path):
            self._patiently(lambda: obstore.delete(self._store, path))
        return size

    def set_aside(self, path: str) -> str:
        """If the role may not delete, the object also stays under its own name."""
        name, body = free_name(path, self.paths(path.rpartition("/")[0])), self.get(path)
        self.put(name, body or b"")
        with suppress(StatpipeError), self._readable(path):
            self._patiently(lambda: obstore.delete(self._store, path))
        return name

    @contextmanager
    def lock(self, name: str, shown: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        lease = Lease(
            store=self._store,
            path=f"locks/{name}.lock",
            readable=self._readable,
            patiently=self._patiently,
        )
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
        paths = self.paths("")
        if not paths:
            return
        with self._readable(""):
            try:
                self._patiently(lambda: obstore.delete(self._store, paths))
            except obstore.exceptions.BaseError as error:
                if "AccessDenied" not in str(error):
                    raise
                corners = self._place.prefix.rpartition("/")[0]
                msg = (
                    f"{self.address} cannot be removed (no permission); remove it yourself, and "
                    "give the role that runs `statpipe smoke SOURCE` s3:DeleteObject on "
                    f"{self._place.bucket}/{corners}/*"
                )
                raise ConfigError(msg) from error

    def diagnose(self) -> Iterable[Diagnosis]:
        try:
            self.put(".doctor", b"")  # it stays: the role may not delete
            self.paths("runs")
        except StatpipeError as error:
            yield Diagnosis(
                "lake", "error", str(error), "see the lake's README for the required permissions"
            )
            return
        yield Diagnosis("lake", "ok", f"{self.address} can be listed and written")

    def _read(self, path: str, options: Any) -> tuple[bytes, str] | None:
        with self._readable(path):
            try:
                return self._patiently(lambda: self._bytes(path, options))
            except _ABSENT as error:
                self._absent(path, error)
                return None

    def _bytes(self, path: str, options: Any) -> tuple[bytes, str]:
        try:
            found = obstore.get(self._store, path, options=options)
        except obstore.exceptions.GenericError as error:
            if not _NO_RANGE.search(str(error)):
                raise
            # An empty object has no range. If it is no longer empty, this gets all of it.
            found = obstore.get(self._store, path)
            return bytes(found.bytes()), _tag_of(found.meta)
        body, (start, end) = bytes(found.bytes()), found.range
        if len(body) != end - start:
            msg = f"HTTP error: {len(body)} of {end - start} bytes received"
            raise obstore.exceptions.GenericError(msg)
        return body, _tag_of(found.meta)

    def _absent(self, path: str, error: Exception) -> None:
        """Accept that an object does not exist, unless the cause is something else."""
        code, _ = _said(error)
        if code == "NoSuchBucket" or (
            # S3 also says this about missing objects to roles that may only list a prefix.
            isinstance(error, obstore.exceptions.PermissionDeniedError)
            and (code != "AccessDenied" or path in self.paths(path.rpartition("/")[0]))
        ):
            raise error

    def _patiently(self, request: Callable[[], _T]) -> _T:
        """
        Repeat what obstore does not repeat: conditional puts whose reply was lost or that met
        another put, truncated listings, and requests that were refused because credentials had
        expired.
        """
        started = time.monotonic()
        for attempt in range(_TRIES):
            used = self._credentials.number
            try:
                with self._slots:
                    return request()
            except _FAILED as error:
                if not self._passes(error, used):
                    raise
                last = error
            if time.monotonic() - started > _PATIENCE:
                break
            time.sleep(_PAUSE * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - no secret
        # Not the same error again: obstore does not distinguish "conflict" from "already exists".
        raise obstore.exceptions.GenericError(str(last)) from last

    def _passes(self, error: Exception, used: int) -> bool:
        """Return whether to try again; *used* is the number of the request's credentials."""
        code, status = _said(error)
        if code in _EXPIRED:
            return self._credentials.renewed(used)
        if status:
            return code in _PASSING
        text = str(error)
        return bool(_WIRE.search(text)) and not _SPENT.search(text)

    @contextmanager
    def _readable(self, path: str) -> Iterator[None]:
        try:
            yield
        except StatpipeError:
            raise
        except obstore.exceptions.UnauthenticatedError as error:
            raise self._credentials.told() or _told(self._place, path, error) from error
        except (*_FAILED, ValueError) as error:
            raise _told(self._place, path, error) from error


def _opened(place: BucketPlace, credentials: Credentials) -> S3Store:
    client: Any = {**_TIMES, "allow_http": place.endpoint_url is not None}
    options: dict[str, Any] = {"endpoint": place.endpoint_url} if place.endpoint_url else {}
    return S3Store(
        place.bucket,
        prefix=place.prefix,
        region=place.region,
        credential_provider=credentials,
        virtual_hosted_style_request=place.endpoint_url is None,
        client_options=client,
        retry_config=_RETRIES,
        **options,
    )


def _tag_of(meta: Any) -> str:
    """Return the ETag, or an empty text for a weak one, which does not guarantee equal bytes."""
    tag = meta.get("e_tag") or ""
    return "" if tag.startswith("W/") else str(tag)


def _said(error: Exception) -> tuple[str, str]:
    """Find S3's code and the HTTP status in an error."""
    text = str(error)
    code, status = _CODE.search(text), _STATUS.search(text)
    return code[1] if code else "", status[1] if status else ""


def _told(  # noqa: PLR0911 - one for each thing to do about it
    place: BucketPlace, path: str, error: Exception
) -> StatpipeError:
    """Return the exception for an error of S3, with what to do about it."""
    code, status = _said(error)
    where = f"{place.address}/{path}".rstrip("/")
    if code == "NoSuchBucket":
        return ConfigError(
            f"the bucket {place.bucket} does not exist; correct the lake's path, or create the "
            "bucket"
        )
    if code in _EXPIRED:
        return ConfigError(f"{where}: the credentials for AWS have expired; {LOG_IN}")
    if code in _UNKNOWN or status == "401":
        return ConfigError(
            f"{where}: AWS does not accept the credentials ({code or status}); {LOG_IN}"
        )
    if code in _ELSEWHERE or status in {"301", "307"} or "redirect" in str(error)[:600]:
        return ConfigError(
            f"the bucket {place.bucket} is not in region {place.region}; set `region` "
            "of the lake to the bucket's"
        )
    if code == "RequestTimeTooSkewed":
        return ConfigError(
            f"{where}: this machine's clock is off by more than AWS allows; correct it, and run "
            "again"
        )
    if code == "AccessDenied" or status == "403":
        return ConfigError(
            f"{where}: access denied; give the role s3:GetObject, s3:PutObject on "
            f"{place.bucket}/{place.prefix}/* and s3:ListBucket on {place.bucket} for that prefix, or "
            "correct the lake's path if the bucket is somebody else's"
        )
    reason = code or status or first_line(error)
    return Unavailable(f"the lake at {where} cannot be reached now ({reason}); run again later")
