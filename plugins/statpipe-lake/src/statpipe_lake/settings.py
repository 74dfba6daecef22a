"""The lake's settings."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs
from attrs import field, frozen

from statpipe.api import ConfigError, Environment

if TYPE_CHECKING:
    from statpipe_lake.bucket import BucketPlace

_ON_A_DISK = 8
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@frozen(kw_only=True)
class LakeSettings:
    """
    ``path`` is the folder of the lake, or ``s3://bucket/prefix``. A relative path starts at the
    folder of the configuration file. Each environment has its own folder below it.

    With ``fsync``, a lake in a folder survives a power failure: objects and their folders are
    flushed to the disk before the manifest that makes them visible. ``false`` leaves that to the
    operating system.

    For buckets: ``region`` and ``profile`` are those of AWS, by default from AWS's own
    configuration. ``endpoint_url`` is the URL of another server with an S3 API.
    ``requests_at_once`` is how many requests may run at the same time: more make a distant bucket
    faster.
    """

    path: str = ".statpipe/lake"
    fsync: bool = True
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    requests_at_once: int = field(default=32, validator=attrs.validators.ge(1))
    environment: Environment

    @property
    def in_bucket(self) -> bool:
        """
        Whether the lake is in a bucket.
        """
        return self.path.startswith("s3://")

    @property
    def calls_at_once(self) -> int:
        """
        How many calls the lake accepts at the same time: a disk does not benefit from many.
        """
        return self.requests_at_once if self.in_bucket else _ON_A_DISK

    @property
    def root(self) -> Path:
        """
        The folder of this environment, or of its scratch corner.

        :raises ConfigError: The path is a URL of something that is not a folder.
        """
        if "://" in self.path:
            scheme = self.path.split("://", 1)[0]
            msg = (
                f"environment {self.environment.name}: the lake's path starts with {scheme}://; write "
                "the path of a folder, or s3://bucket/prefix"
            )
            raise ConfigError(msg)
        try:
            folder = Path(self.path).expanduser()
        except RuntimeError as error:
            msg = (
                f"environment {self.environment.name}: the lake's path {self.path} starts with "
                "the home of an unknown user; write the path of a folder"
            )
            raise ConfigError(msg) from error
        root = self.environment.home / folder / self.environment.name
        scratch = self.environment.scratch
        return root / "scratch" / scratch if scratch else root

    @property
    def place(self) -> BucketPlace:
        """
        The place of this environment, or of its scratch corner, in the bucket.

        :raises ConfigError: The URL has no bucket, or the extra for buckets is not installed.
        """
        lacking = [name for name in ("boto3", "obstore") if find_spec(name) is None]
        if lacking:
            msg = (
                f"environment {self.environment.name}: {self.path} needs "
                f"{' and '.join(lacking)} (the extra aws of statpipe-lake), not installed; run "
                f"`make runtime`, or pip install {' '.join(lacking)}"
            )
            raise ConfigError(msg)
        from statpipe_lake.bucket import BucketPlace

        address = urlsplit(self.path)
        if not _BUCKET.fullmatch(address.netloc) or address.query or address.fragment:
            msg = (
                f"environment {self.environment.name}: {self.path} names no bucket; write "
                "s3://bucket or s3://bucket/prefix"
            )
            raise ConfigError(msg)
        scratch = self.environment.scratch
        parts = [*address.path.split("/"), self.environment.name]
        parts += ["scratch", scratch] if scratch else []
        return BucketPlace(
            bucket=address.netloc,
            prefix="/".join(part for part in parts if part),
            region=self.region,
            profile=self.profile,
            endpoint_url=self.endpoint_url,
        )
