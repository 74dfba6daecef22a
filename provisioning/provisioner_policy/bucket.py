"""Rights to the buckets, and to none of the objects in them."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.grant import Grant
from provisioning.provisioner_policy.place import Place

_S3 = (
    "S3:HeadBucket",
    "S3:CreateBucket",
    "S3:GetBucketAcl",
    "S3:GetBucketCors",
    "S3:GetBucketEncryption",
    "S3:GetBucketLifecycleConfiguration",
    "S3:GetBucketLogging",
    "S3:GetBucketNotificationConfiguration",
    "S3:GetBucketOwnershipControls",
    "S3:GetBucketPolicy",
    "S3:GetBucketReplication",
    "S3:GetBucketRequestPayment",
    "S3:GetBucketTagging",
    "S3:GetBucketVersioning",
    "S3:GetBucketWebsite",
    "S3:GetObjectLockConfiguration",
    "S3:GetPublicAccessBlock",
    "S3:ListBucketAnalyticsConfigurations",
    "S3:ListBucketInventoryConfigurations",
    "S3:PutBucketAcl",
    "S3:PutBucketEncryption",
    "S3:PutBucketLifecycleConfiguration",
    "S3:PutBucketLogging",
    "S3:PutBucketOwnershipControls",
    "S3:PutBucketPolicy",
    "S3:PutBucketTagging",
    "S3:PutBucketVersioning",
    "S3:PutPublicAccessBlock",
)


def bucket(place: Place) -> Iterator[Grant]:
    """
    Give the rights to the buckets.
    """
    yield Grant(sid="Buckets", operations=_S3, resources=place.buckets_s)
