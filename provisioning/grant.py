"""A right that AWS grants, and the requests that need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

_PREFIXES = {
    "Budgets": "budgets",
    "CloudWatch": "cloudwatch",
    "CloudWatch Logs": "logs",
    "EC2": "ec2",
    "IAM": "iam",
    "RDS": "rds",
    "S3": "s3",
    "SNS": "sns",
    "SSM": "ssm",
    "Secrets Manager": "secretsmanager",
}
"""Names of services in requests, and in rights."""

_OTHER_NAMES = {
    "Budgets:CreateBudget": "budgets:ModifyBudget",
    "Budgets:CreateNotification": "budgets:ModifyBudget",
    "Budgets:DescribeBudget": "budgets:ViewBudget",
    "Budgets:DeleteNotification": "budgets:ModifyBudget",
    "Budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "Budgets:UpdateBudget": "budgets:ModifyBudget",
    "S3:DeleteBucketCors": "s3:PutBucketCORS",
    "S3:DeleteBucketReplication": "s3:PutReplicationConfiguration",
    "S3:GetBucketCors": "s3:GetBucketCORS",
    "S3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "S3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "S3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "S3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "S3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "S3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "S3:HeadBucket": "s3:ListBucket",
    "S3:ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
    "S3:ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
    "S3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "S3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "S3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "S3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Requests whose right is called otherwise."""


@frozen(kw_only=True)
class Grant:
    """
    A statement of the policy. ``operations`` are the requests that need it; ``also`` are rights that
    AWS asks for besides, each with the request that makes it ask.
    """

    sid: str
    operations: tuple[str, ...]
    resources: tuple[str, ...]
    also: Mapping[str, str] = field(factory=dict)
    condition: Mapping[str, Any] | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """
        The rights, sorted.
        """
        return tuple(sorted({*map(self.action_of, self.operations), *self.also}))

    def action_of(self, operation: str) -> str:
        """
        Return the right that a request needs: ``s3:ListBucket`` for ``S3:HeadBucket``.
        """
        service, name = operation.split(":")
        return _OTHER_NAMES.get(operation, f"{_PREFIXES[service]}:{name}")

    def statement(self, *actions: str) -> dict[str, Any]:
        """
        Write the statement, or the part of it that grants just *actions*.
        """
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(actions or self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            statement["Condition"] = dict(self.condition)
        return statement
