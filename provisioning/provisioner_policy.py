"""What whoever provisions must be allowed: each right, and the requests that need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from provisioning.bastion import IMAGE, MANAGED
from provisioning.documents import policy
from provisioning.names import BUDGET, ISSUER, PROJECT, TUNNEL

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
    "Budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "Budgets:UpdateBudget": "budgets:ModifyBudget",
    "S3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "S3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "S3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "S3:HeadBucket": "s3:ListBucket",
    "S3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "S3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
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


def provisioner_policy(grants: tuple[Grant, ...]) -> dict[str, Any]:
    """
    Return the policy as a whole.
    """
    return policy(*(grant.statement() for grant in grants))


def grants(
    *, partition: str, account: str, region: str, buckets: tuple[str, ...]
) -> tuple[Grant, ...]:
    """
    Return all that provisioning needs, for both environments.
    """
    ours = f"{PROJECT}-*"
    everywhere = f"arn:{partition}:iam::{account}:"

    def here(service: str, resource: str) -> str:
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"

    roles = f"{everywhere}role/{ours}"
    return (
        Grant(
            sid="Buckets",
            operations=_S3,
            resources=tuple(f"arn:{partition}:s3:::{bucket}" for bucket in buckets),
        ),
        Grant(
            sid="GitHub",
            operations=(
                "IAM:GetOpenIDConnectProvider",
                "IAM:CreateOpenIDConnectProvider",
                "IAM:AddClientIDToOpenIDConnectProvider",
            ),
            also={"iam:TagOpenIDConnectProvider": "IAM:CreateOpenIDConnectProvider"},
            resources=(f"{everywhere}oidc-provider/{ISSUER}",),
        ),
        Grant(
            sid="Roles",
            operations=(
                "IAM:GetRole",
                "IAM:CreateRole",
                "IAM:UpdateAssumeRolePolicy",
                "IAM:TagRole",
                "IAM:GetRolePolicy",
                "IAM:PutRolePolicy",
                "IAM:ListAttachedRolePolicies",
            ),
            resources=(roles,),
        ),
        Grant(
            sid="BastionRights",
            operations=("IAM:AttachRolePolicy",),
            resources=(roles,),
            condition={
                "ArnEquals": {"iam:PolicyARN": f"arn:{partition}:iam::aws:policy/{MANAGED}"}
            },
        ),
        Grant(
            sid="InstanceProfiles",
            operations=(
                "IAM:GetInstanceProfile",
                "IAM:CreateInstanceProfile",
                "IAM:AddRoleToInstanceProfile",
                "IAM:TagInstanceProfile",
            ),
            resources=(f"{everywhere}instance-profile/{ours}",),
        ),
        Grant(
            sid="PassBastionRole",
            operations=(),
            also={"iam:PassRole": "EC2:RunInstances"},
            resources=(f"{everywhere}role/{PROJECT}-*-bastion",),
        ),
        Grant(
            sid="ServiceRole",
            operations=(),
            also={"iam:CreateServiceLinkedRole": "RDS:CreateDBInstance"},
            resources=(f"{everywhere}role/aws-service-role/rds.amazonaws.com/*",),
        ),
        Grant(sid="Look", operations=_LOOKING, resources=("*",)),
        Grant(
            sid="Network",
            operations=_EC2,
            resources=("*",),
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        Grant(
            # The only thing that is ever taken away: a bastion of an earlier image.
            sid="ReplaceBastion",
            operations=("EC2:TerminateInstances",),
            resources=(here("ec2", "instance/*"),),
            condition={"StringEquals": {"aws:ResourceTag/project": PROJECT}},
        ),
        Grant(
            sid="Image",
            operations=("SSM:GetParameter",),
            resources=(f"arn:{partition}:ssm:{region}::parameter{IMAGE}",),
        ),
        Grant(
            sid="Database",
            operations=_RDS,
            # A new database gets the option group of its version, and AWS asks for the right to that.
            resources=(
                *(here("rds", f"{kind}:{ours}") for kind in ("db", "subgrp", "pg")),
                here("rds", "og:default*"),
            ),
        ),
        Grant(
            sid="DatabasePassword",
            operations=(),
            also={
                "secretsmanager:CreateSecret": "RDS:CreateDBInstance",
                "secretsmanager:TagResource": "RDS:CreateDBInstance",
            },
            resources=(here("secretsmanager", "secret:rds!*"),),
        ),
        Grant(
            sid="AdministratorsPassword",
            operations=("Secrets Manager:GetSecretValue",),
            resources=(here("secretsmanager", "secret:rds!*"),),
        ),
        Grant(
            sid="Tunnel",
            operations=("SSM:StartSession",),
            resources=(
                here("ec2", "instance/*"),
                f"arn:{partition}:ssm:{region}::document/{TUNNEL}",
            ),
            # Without it, leaving out the document would give a shell on any instance.
            condition={"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}},
        ),
        Grant(
            sid="UseTunnel",
            operations=(),
            also={
                "ssmmessages:OpenDataChannel": "SSM:StartSession",
                "ssm:TerminateSession": "SSM:StartSession",
            },
            resources=(here("ssm", "session/*"),),
        ),
        Grant(
            sid="Keys",
            operations=(),
            also={"kms:DescribeKey": "RDS:CreateDBInstance"},
            resources=(here("kms", "key/*"),),
        ),
        Grant(
            sid="Logs",
            operations=(
                "CloudWatch Logs:CreateLogGroup",
                "CloudWatch Logs:ListTagsForResource",
                "CloudWatch Logs:PutRetentionPolicy",
                "CloudWatch Logs:TagResource",
            ),
            resources=tuple(
                here("logs", f"log-group:{name}*")
                for name in (f"/{PROJECT}/", f"/aws/rds/instance/{PROJECT}-")
            ),
        ),
        Grant(
            sid="Topics",
            operations=(
                "SNS:GetTopicAttributes",
                "SNS:CreateTopic",
                "SNS:ListSubscriptionsByTopic",
                "SNS:ListTagsForResource",
                "SNS:SetTopicAttributes",
                "SNS:Subscribe",
                "SNS:TagResource",
            ),
            resources=(here("sns", ours),),
        ),
        Grant(
            sid="Alarms",
            operations=(
                "CloudWatch:ListTagsForResource",
                "CloudWatch:PutMetricAlarm",
                "CloudWatch:TagResource",
            ),
            resources=(here("cloudwatch", f"alarm:{ours}"),),
        ),
        Grant(
            sid="FirstMetric",
            operations=("CloudWatch:PutMetricData",),
            resources=("*",),
            condition={"StringLike": {"cloudwatch:namespace": f"{PROJECT}/*"}},
        ),
        Grant(
            sid="Budget",
            operations=(
                "Budgets:DescribeBudget",
                "Budgets:DescribeNotificationsForBudget",
                "Budgets:CreateBudget",
                "Budgets:CreateNotification",
                "Budgets:UpdateBudget",
            ),
            also={"budgets:TagResource": "Budgets:CreateBudget"},
            resources=(f"arn:{partition}:budgets::{account}:budget/{BUDGET}",),
        ),
    )


_S3 = (
    "S3:HeadBucket",
    "S3:CreateBucket",
    "S3:GetBucketEncryption",
    "S3:GetBucketLifecycleConfiguration",
    "S3:GetBucketLogging",
    "S3:GetBucketOwnershipControls",
    "S3:GetBucketPolicy",
    "S3:GetBucketTagging",
    "S3:GetBucketVersioning",
    "S3:GetPublicAccessBlock",
    "S3:PutBucketEncryption",
    "S3:PutBucketLifecycleConfiguration",
    "S3:PutBucketLogging",
    "S3:PutBucketOwnershipControls",
    "S3:PutBucketPolicy",
    "S3:PutBucketTagging",
    "S3:PutBucketVersioning",
    "S3:PutPublicAccessBlock",
)
_LOOKING = (
    "EC2:DescribeInstances",
    "EC2:DescribeSecurityGroups",
    "EC2:DescribeSubnets",
    "EC2:DescribeVpcs",
    "CloudWatch:DescribeAlarms",
    "CloudWatch Logs:DescribeLogGroups",
)
"""Requests that cannot be narrowed to a resource."""

_EC2 = (
    "EC2:AuthorizeSecurityGroupIngress",
    "EC2:CreateSecurityGroup",
    "EC2:CreateTags",
    "EC2:ModifyInstanceAttribute",
    "EC2:ModifyInstanceMetadataOptions",
    "EC2:RevokeSecurityGroupIngress",
    "EC2:RunInstances",
    "EC2:StartInstances",
)
_RDS = (
    "RDS:AddTagsToResource",
    "RDS:CreateDBInstance",
    "RDS:CreateDBParameterGroup",
    "RDS:CreateDBSubnetGroup",
    "RDS:DescribeDBInstances",
    "RDS:DescribeDBParameterGroups",
    "RDS:DescribeDBParameters",
    "RDS:DescribeDBSubnetGroups",
    "RDS:ListTagsForResource",
    "RDS:ModifyDBInstance",
    "RDS:ModifyDBParameterGroup",
    "RDS:ModifyDBSubnetGroup",
)
