"""Buckets: one for all environments' data, one for the log of who read and wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen
from botocore.exceptions import ClientError

from provisioning.account import Account
from provisioning.bucket_strangers import bucket_strangers
from provisioning.documents import meaning, policy
from provisioning.failures import Misconfigured, code_of
from provisioning.lifecycle import Rule, data_rules, log_rules
from provisioning.reconcile import Aspect, Resource, Stranger, absent_on
from provisioning.settings import Settings
from provisioning.tags import SHARED, as_list, as_mapping, tagged

_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_OURS = "BucketOwnerEnforced"
_ENCRYPTION = "AES256"
"""S3's own keys. A target of access logs must have them, and a key of ours would cost and protect
public figures from nobody."""


def data_bucket(account: Account, settings: Settings) -> Resource[str]:
    """
    The bucket of the lake. Staging and prod each have a prefix in it.
    """
    bucket = _Bucket(account=account, name=settings.bucket)
    prefix = access_log_prefix(settings)
    return Resource(
        name=f"bucket {settings.bucket}",
        find=bucket.find,
        create=bucket.create,
        aspects=lambda _: [
            *bucket.common(policy(_only_tls(account, settings.bucket))),
            bucket.versioning(),
            bucket.lifecycle(data_rules(settings.noncurrent_days)),
            bucket.logging(settings.log_bucket, prefix),
        ],
        strangers=bucket.strangers,
    )


def log_bucket(account: Account, settings: Settings) -> Resource[str]:
    """
    The bucket that S3 writes its access logs to.
    """
    bucket = _Bucket(account=account, name=settings.log_bucket)
    statements = (
        _only_tls(account, settings.log_bucket),
        _deliver(account, settings, access_log_prefix(settings)),
    )
    return Resource(
        name=f"bucket {settings.log_bucket}",
        find=bucket.find,
        create=bucket.create,
        aspects=lambda _: [
            *bucket.common(policy(*statements)),
            bucket.lifecycle(log_rules(settings.log_days)),
        ],
        strangers=bucket.strangers,
    )


def access_log_prefix(settings: Settings) -> str:
    """
    Where in the log bucket the data bucket's log lies.
    """
    return f"{settings.bucket}/"


def bucket_arn(account: Account, name: str) -> str:
    """
    Name a bucket as policies do.
    """
    return f"arn:{account.partition}:s3:::{name}"


def _only_tls(account: Account, name: str) -> dict[str, Any]:
    arn = bucket_arn(account, name)
    return {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _deliver(account: Account, settings: Settings, prefix: str) -> dict[str, Any]:
    return {
        "Sid": "DeliverAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{bucket_arn(account, settings.log_bucket)}/{prefix}*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": bucket_arn(account, settings.bucket)},
            "StringEquals": {"aws:SourceAccount": account.id},
        },
    }


def _is_owner(grant: dict[str, Any], owner: dict[str, Any]) -> bool:
    return bool(grant["Grantee"].get("ID") == owner["ID"])


@frozen(kw_only=True)
class _Bucket:
    account: Account
    name: str

    @property
    def _s3(self) -> Any:
        return self.account.client("s3")

    @property
    def _here(self) -> dict[str, str]:
        """Name the bucket, and refuse one of the same name in another's account."""
        return {"Bucket": self.name, "ExpectedBucketOwner": self.account.id}

    def find(self) -> str | None:
        try:
            answer = self._s3.head_bucket(**self._here)
        except ClientError as error:
            code = code_of(error)
            headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
            if code in {"404", "NoSuchBucket"}:
                return None
            # First, since S3 names the region of others' buckets as well.
            if code in {"403", "AccessDenied"}:
                raise Misconfigured(self._not_ours()) from None
            if code in {"301", "PermanentRedirect"} or "x-amz-bucket-region" in headers:
                self._must_be_here(headers.get("x-amz-bucket-region", "another region"))
            raise
        self._must_be_here(answer.get("BucketRegion") or self.account.region)
        return self.name

    def create(self) -> None:
        # us-east-1 is the one region that must not be named.
        elsewhere = self.account.region != "us-east-1"
        place: dict[str, Any] = (
            {"CreateBucketConfiguration": {"LocationConstraint": self.account.region}}
            if elsewhere
            else {}
        )
        try:
            self._s3.create_bucket(Bucket=self.name, **place)
        except ClientError as error:
            if code_of(error) == "BucketAlreadyExists":
                raise Misconfigured(self._not_ours()) from None
            raise

    def common(self, wanted: Mapping[str, Any]) -> Iterable[Aspect]:
        """What every bucket of ours has."""
        yield Aspect(
            name="public access",
            now=self._ask("get_public_access_block", "PublicAccessBlockConfiguration"),
            wanted=_CLOSED,
            write=lambda: self._s3.put_public_access_block(
                **self._here, PublicAccessBlockConfiguration=_CLOSED
            ),
        )
        yield self._grants()
        owned = self._ask("get_bucket_ownership_controls", "OwnershipControls") or {"Rules": []}
        yield Aspect(
            name="ownership",
            now=[rule["ObjectOwnership"] for rule in owned["Rules"]],
            wanted=[_OURS],
            write=lambda: self._s3.put_bucket_ownership_controls(
                **self._here, OwnershipControls={"Rules": [{"ObjectOwnership": _OURS}]}
            ),
        )
        yield self._encryption()
        yield Aspect(
            name="policy",
            now=meaning(self._ask("get_bucket_policy", "Policy")),
            wanted=meaning(wanted),
            write=lambda: self._s3.put_bucket_policy(**self._here, Policy=json.dumps(wanted)),
        )
        yield self._tags()

    def strangers(self, _found: str) -> Iterable[Stranger]:
        """What others have added."""
        return bucket_strangers(self._s3, self._here)

    def versioning(self) -> Aspect:
        return Aspect(
            name="versioning",
            now=self._ask("get_bucket_versioning", "Status"),
            wanted="Enabled",
            write=lambda: self._s3.put_bucket_versioning(
                **self._here, VersioningConfiguration={"Status": "Enabled"}
            ),
        )

    def lifecycle(self, rules: tuple[Rule, ...]) -> Aspect:
        found = self._ask("get_bucket_lifecycle_configuration", "Rules") or []
        wanted = [rule.as_request() for rule in rules]
        return Aspect(
            name="lifecycle",
            now=sorted(map(Rule.meaning, found)),
            wanted=sorted(map(Rule.meaning, wanted)),
            write=lambda: self._s3.put_bucket_lifecycle_configuration(
                **self._here, LifecycleConfiguration={"Rules": wanted}
            ),
        )

    def logging(self, target: str, prefix: str) -> Aspect:
        found = self._ask("get_bucket_logging", "LoggingEnabled") or {}
        wanted = {"TargetBucket": target, "TargetPrefix": prefix}
        return Aspect(
            name="access log",
            now={name: found.get(name) for name in wanted},
            wanted=wanted,
            write=lambda: self._s3.put_bucket_logging(
                **self._here, BucketLoggingStatus={"LoggingEnabled": wanted}
            ),
        )

    def _grants(self) -> Aspect:
        """Before ownership: S3 does not enforce it while the list lets others in."""
        found = self._s3.get_bucket_acl(**self._here)
        return Aspect(
            name="access list",
            now=[grant for grant in found["Grants"] if not _is_owner(grant, found["Owner"])],
            wanted=[],
            write=lambda: self._s3.put_bucket_acl(**self._here, ACL="private"),
        )

    def _encryption(self) -> Aspect:
        found = self._ask("get_bucket_encryption", "ServerSideEncryptionConfiguration")
        rules = (found or {"Rules": []})["Rules"]
        wanted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": _ENCRYPTION}}
        return Aspect(
            name="encryption",
            now=[
                rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
                for rule in rules
                if "ApplyServerSideEncryptionByDefault" in rule
            ],
            wanted=[_ENCRYPTION],
            write=lambda: self._s3.put_bucket_encryption(
                **self._here, ServerSideEncryptionConfiguration={"Rules": [wanted]}
            ),
        )

    def _tags(self) -> Aspect:
        found = as_mapping(self._ask("get_bucket_tagging", "TagSet") or ())
        return tagged(
            found,
            SHARED,
            # This request replaces all tags, so it also repeats those of others.
            lambda ours: self._s3.put_bucket_tagging(
                **self._here, Tagging={"TagSet": as_list({**found, **ours})}
            ),
        )

    def _ask(self, request: str, key: str) -> Any:
        """Ask for a part of the configuration; S3 has a code of its own for each that is not set."""
        answer = absent_on(
            "NoSuchBucketPolicy",
            "NoSuchLifecycleConfiguration",
            "NoSuchPublicAccessBlockConfiguration",
            "NoSuchTagSet",
            "OwnershipControlsNotFoundError",
            "ServerSideEncryptionConfigurationNotFoundError",
        )(lambda: getattr(self._s3, request)(**self._here))
        return None if answer is None else answer.get(key)

    def _must_be_here(self, region: str) -> None:
        if region != self.account.region:
            msg = (
                f"the bucket {self.name} lies in {region} and AWS_REGION is {self.account.region}; "
                f"set AWS_REGION to {region}, or choose another STATPIPE_BUCKET"
            )
            raise Misconfigured(msg)

    def _not_ours(self) -> str:
        return (
            f"the bucket {self.name} belongs to somebody else (names are the whole world's), or you "
            "lack s3:ListBucket on it; choose another STATPIPE_BUCKET, or add the right"
        )
