"""
What whoever provisions must be allowed: each right, and the requests that need it.

Instances and security groups are told from those of others by their tag ``Name``: whoever provisions may
set it on what is being made, and change nothing that does not have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from provisioning.bastion import IMAGE, MANAGED
from provisioning.documents import policy
from provisioning.names import BUDGET, ISSUER, PROJECT, TUNNEL, Names
from provisioning.settings import ENVIRONMENTS

ALL = "all"
PARTS = (LOOK, ROLES, CHANGE) = ("look", "roles", "change")
_PASSWORD = "secretsmanager:GetSecretValue"  # noqa: S105 - a right, not a password

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


def provisioner_policy(grants: tuple[Grant, ...], part: str = ALL) -> dict[str, Any]:
    """
    Return the policy, or one of its PARTS: a managed policy of AWS holds 6,144 characters, and the whole
    has more. LOOK is enough for a plan, and ROLES is needed only while roles are made or changed.
    """
    split = ((grant, [a for a in grant.actions if part in {ALL, _part(a)}]) for grant in grants)
    return policy(*(grant.statement(*actions) for grant, actions in split if actions))


def _part(action: str) -> str:
    looks = re.match(r"\w+:(Describe|Get|List|View)", action) and action != _PASSWORD
    return LOOK if looks else ROLES if action.startswith("iam:") else CHANGE


def grants(
    *, partition: str, account: str, region: str, buckets: tuple[str, ...]
) -> tuple[Grant, ...]:
    """
    Return all that provisioning needs, for both environments.
    """
    place = _Place(partition=partition, account=account, region=region, buckets=buckets)
    return (
        Grant(sid="Buckets", operations=_S3, resources=place.buckets_s),
        *_identity(place),
        Grant(sid="Look", operations=_LOOKING, resources=("*",)),
        *_network(place),
        *_database(place),
        *_tunnel(place),
        *_telling(place),
    )


def repairs(
    *, partition: str, account: str, region: str, buckets: tuple[str, ...]
) -> tuple[Grant, ...]:
    """
    Return what ``--repair`` needs besides: the rights to take away what is not ours.
    """
    place = _Place(partition=partition, account=account, region=region, buckets=buckets)
    return (
        Grant(sid="RepairBuckets", operations=_S3_REPAIRS, resources=place.buckets_s),
        Grant(
            sid="RepairRoles",
            operations=(
                "IAM:DeleteRolePolicy",
                "IAM:DetachRolePolicy",
            ),
            resources=(place.roles,),
        ),
        Grant(
            sid="RepairInstanceProfiles",
            operations=("IAM:RemoveRoleFromInstanceProfile",),
            resources=(f"{place.iam}instance-profile/*",),
        ),
        Grant(
            sid="RepairDatabase",
            operations=("RDS:RemoveRoleFromDBInstance", "RDS:ResetDBParameterGroup"),
            resources=(place.here("rds", f"db:{_OURS}"), place.here("rds", f"pg:{_OURS}")),
        ),
        Grant(
            # Snapshots have the tags of their database, and any name.
            sid="RepairSnapshots",
            operations=("RDS:ModifyDBSnapshotAttribute",),
            resources=(place.here("rds", "snapshot:*"),),
            condition={"StringEquals": {"aws:ResourceTag/project": PROJECT}},
        ),
        Grant(
            sid="RepairPassword",
            operations=("Secrets Manager:DeleteResourcePolicy",),
            resources=(place.here("secretsmanager", "secret:rds!*"),),
            condition=place.password_of_ours,
        ),
        Grant(
            sid="RepairLogs",
            operations=(
                "CloudWatch Logs:DeleteMetricFilter",
                "CloudWatch Logs:DeleteSubscriptionFilter",
            ),
            resources=place.log_groups,
        ),
        # SNS lets nobody narrow this to a topic.
        Grant(sid="RepairTopics", operations=("SNS:Unsubscribe",), resources=("*",)),
        Grant(
            sid="RepairBudget",
            operations=("Budgets:DeleteNotification",),
            resources=(place.budget,),
        ),
    )


_OURS = f"{PROJECT}-*"


@frozen(kw_only=True)
class _Place:
    """The account and region, and how resources in it are named."""

    partition: str
    account: str
    region: str
    buckets: tuple[str, ...]

    def here(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def iam(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:"

    @property
    def roles(self) -> str:
        return f"{self.iam}role/{_OURS}"

    @property
    def boundaries(self) -> tuple[str, ...]:
        """By their full names: one that could be called anything could say anything."""
        return tuple(f"{self.iam}policy/{Names(name).boundary}" for name in ENVIRONMENTS)

    def ec2(self, *kinds: str) -> tuple[str, ...]:
        return tuple(self.here("ec2", f"{kind}/*") for kind in kinds)

    @property
    def buckets_s(self) -> tuple[str, ...]:
        return tuple(f"arn:{self.partition}:s3:::{bucket}" for bucket in self.buckets)

    @property
    def budget(self) -> str:
        return f"arn:{self.partition}:budgets::{self.account}:budget/{BUDGET}"

    @property
    def log_groups(self) -> tuple[str, ...]:
        return tuple(
            self.here("logs", f"log-group:{name}*")
            for name in (f"/{PROJECT}/", f"/aws/rds/instance/{PROJECT}-")
        )

    @property
    def password_of_ours(self) -> dict[str, Any]:
        """RDS writes the database into the tags of a secret that it manages."""
        tag = "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn"
        return {"ArnLike": {tag: self.here("rds", f"db:{_OURS}")}}


def _identity(place: _Place) -> Iterator[Grant]:
    yield Grant(
        sid="GitHub",
        operations=(
            "IAM:GetOpenIDConnectProvider",
            "IAM:CreateOpenIDConnectProvider",
            "IAM:AddClientIDToOpenIDConnectProvider",
        ),
        also={"iam:TagOpenIDConnectProvider": "IAM:CreateOpenIDConnectProvider"},
        resources=(f"{place.iam}oidc-provider/{ISSUER}",),
    )
    # Neither changed nor taken away by whoever provisions, so that roles cannot outgrow it.
    yield Grant(
        sid="Boundary",
        operations=(
            "IAM:GetPolicy",
            "IAM:GetPolicyVersion",
            "IAM:ListPolicyVersions",
            "IAM:CreatePolicy",
            "IAM:TagPolicy",
        ),
        resources=place.boundaries,
    )
    bounded = {"StringEquals": {"iam:PermissionsBoundary": list(place.boundaries)}}
    yield Grant(
        sid="Roles",
        operations=(
            "IAM:GetRole",
            "IAM:UpdateAssumeRolePolicy",
            "IAM:UpdateRole",
            "IAM:TagRole",
            "IAM:GetRolePolicy",
            "IAM:ListAttachedRolePolicies",
            "IAM:ListInstanceProfilesForRole",
            "IAM:ListRolePolicies",
        ),
        resources=(place.roles,),
    )
    yield Grant(
        sid="RolesWithin",
        operations=("IAM:CreateRole", "IAM:PutRolePermissionsBoundary", "IAM:PutRolePolicy"),
        resources=(place.roles,),
        condition=bounded,
    )
    managed = f"arn:{place.partition}:iam::aws:policy/{MANAGED}"
    yield Grant(
        sid="BastionRights",
        operations=("IAM:AttachRolePolicy",),
        resources=(place.roles,),
        condition={"ArnEquals": {"iam:PolicyARN": managed}, **bounded},
    )
    yield Grant(
        sid="InstanceProfiles",
        operations=(
            "IAM:GetInstanceProfile",
            "IAM:CreateInstanceProfile",
            "IAM:AddRoleToInstanceProfile",
            "IAM:RemoveRoleFromInstanceProfile",
            "IAM:TagInstanceProfile",
        ),
        resources=(f"{place.iam}instance-profile/{_OURS}",),
    )
    yield Grant(
        sid="PassBastionRole",
        operations=(),
        also={"iam:PassRole": "EC2:RunInstances"},
        resources=(f"{place.iam}role/{PROJECT}-*-bastion",),
        condition={"StringEqualsIfExists": {"iam:PassedToService": "ec2.amazonaws.com"}},
    )
    yield Grant(
        sid="ServiceRole",
        operations=(),
        also={"iam:CreateServiceLinkedRole": "RDS:CreateDBInstance"},
        resources=(f"{place.iam}role/aws-service-role/rds.amazonaws.com/*",),
    )


def _network(place: _Place) -> Iterator[Grant]:
    yield Grant(
        sid="Network",
        operations=_EC2,
        resources=place.ec2("instance", "security-group"),
        condition={"StringLike": {"aws:ResourceTag/Name": _OURS}},
    )
    called = {"aws:RequestTag/Name": _OURS}
    yield Grant(
        sid="NewInstance",
        operations=("EC2:RunInstances",),
        resources=place.ec2("instance", "volume"),
        condition={"StringLike": called},
    )
    yield Grant(
        sid="NewGroup",
        operations=("EC2:CreateSecurityGroup",),
        resources=place.ec2("security-group"),
        condition={"StringLike": called},
    )
    yield Grant(
        sid="NewTags",
        operations=("EC2:CreateTags",),
        resources=place.ec2("instance", "security-group", "volume"),
        condition={
            "StringLike": called,
            "StringEquals": {"ec2:CreateAction": ["CreateSecurityGroup", "RunInstances"]},
        },
    )
    yield Grant(
        # What an instance and a group are made of and in, none of which is ours or changed by it.
        sid="Around",
        operations=("EC2:CreateSecurityGroup", "EC2:RunInstances"),
        resources=(
            *place.ec2("network-interface", "subnet", "vpc"),
            f"arn:{place.partition}:ec2:{place.region}::image/*",
        ),
        condition={"StringEqualsIfExists": {"ec2:Owner": "amazon"}},
    )
    yield Grant(
        # The only thing that is ever taken away unasked: a bastion of an earlier image.
        sid="ReplaceBastion",
        operations=("EC2:TerminateInstances",),
        resources=(place.here("ec2", "instance/*"),),
        condition={"StringEquals": {"aws:ResourceTag/project": PROJECT}},
    )
    yield Grant(
        sid="Image",
        operations=("SSM:GetParameter",),
        resources=(f"arn:{place.partition}:ssm:{place.region}::parameter{IMAGE}",),
    )


def _database(place: _Place) -> Iterator[Grant]:
    yield Grant(
        sid="Database",
        operations=_RDS,
        # A new database gets the option group of its version, and AWS asks for the right to that.
        resources=(
            *(place.here("rds", f"{kind}:{_OURS}") for kind in ("db", "subgrp", "pg")),
            place.here("rds", "og:default*"),
        ),
    )
    secrets = (place.here("secretsmanager", "secret:rds!*"),)
    yield Grant(
        sid="DatabasePassword",
        operations=(),
        also={
            "secretsmanager:CreateSecret": "RDS:CreateDBInstance",
            "secretsmanager:TagResource": "RDS:CreateDBInstance",
        },
        resources=secrets,
    )
    yield Grant(
        sid="AdministratorsPassword",
        operations=("Secrets Manager:GetResourcePolicy", "Secrets Manager:GetSecretValue"),
        resources=secrets,
        condition=place.password_of_ours,
    )
    yield Grant(
        sid="Keys",
        operations=(),
        also={"kms:DescribeKey": "RDS:CreateDBInstance"},
        resources=(place.here("kms", "key/*"),),
    )


def _tunnel(place: _Place) -> Iterator[Grant]:
    yield Grant(
        sid="Tunnel",
        operations=("SSM:StartSession",),
        resources=place.ec2("instance"),
        condition={
            "StringLike": {"ssm:resourceTag/Name": f"{PROJECT}-*-bastion"},
            # Without it, leaving out the document would give a shell.
            "BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"},
        },
    )
    yield Grant(
        sid="TunnelOnly",
        operations=("SSM:StartSession",),
        resources=(f"arn:{place.partition}:ssm:{place.region}::document/{TUNNEL}",),
    )
    sessions = (place.here("ssm", "session/*"),)
    yield Grant(
        sid="UseTunnel",
        operations=(),
        also={"ssmmessages:OpenDataChannel": "SSM:StartSession"},
        resources=sessions,
    )
    yield Grant(
        sid="EndOwnTunnel",
        operations=(),
        also={"ssm:TerminateSession": "SSM:StartSession"},
        resources=sessions,
        condition={"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}*"}},
    )


def _telling(place: _Place) -> Iterator[Grant]:
    yield Grant(
        sid="Logs",
        operations=(
            "CloudWatch Logs:CreateLogGroup",
            "CloudWatch Logs:DescribeMetricFilters",
            "CloudWatch Logs:DescribeSubscriptionFilters",
            "CloudWatch Logs:ListTagsForResource",
            "CloudWatch Logs:PutRetentionPolicy",
            "CloudWatch Logs:TagResource",
        ),
        resources=place.log_groups,
    )
    yield Grant(
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
        resources=(place.here("sns", _OURS),),
    )
    yield Grant(
        # SNS lets nobody narrow these to a topic.
        sid="Subscriptions",
        operations=("SNS:GetSubscriptionAttributes", "SNS:SetSubscriptionAttributes"),
        resources=("*",),
    )
    yield Grant(
        sid="Alarms",
        operations=(
            "CloudWatch:ListTagsForResource",
            "CloudWatch:PutMetricAlarm",
            "CloudWatch:TagResource",
        ),
        resources=(place.here("cloudwatch", f"alarm:{_OURS}"),),
    )
    yield Grant(
        sid="FirstMetric",
        operations=("CloudWatch:PutMetricData",),
        resources=("*",),
        condition={"StringLike": {"cloudwatch:namespace": f"{PROJECT}/*"}},
    )
    yield Grant(
        sid="Budget",
        operations=(
            "Budgets:DescribeBudget",
            "Budgets:DescribeNotificationsForBudget",
            "Budgets:CreateBudget",
            "Budgets:CreateNotification",
            "Budgets:UpdateBudget",
        ),
        also={"budgets:TagResource": "Budgets:CreateBudget"},
        resources=(place.budget,),
    )


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
_S3_REPAIRS = (
    "S3:DeleteBucketCors",
    "S3:DeleteBucketReplication",
    "S3:DeleteBucketWebsite",
    "S3:PutBucketNotificationConfiguration",
    "S3:PutBucketRequestPayment",
)
_LOOKING = (
    "EC2:DescribeIamInstanceProfileAssociations",
    "EC2:DescribeInstanceAttribute",
    "EC2:DescribeInstances",
    "EC2:DescribeNetworkInterfaces",
    "EC2:DescribeSecurityGroups",
    "EC2:DescribeSubnets",
    "EC2:DescribeVpcs",
    "CloudWatch:DescribeAlarms",
    "CloudWatch Logs:DescribeLogGroups",
    "CloudWatch Logs:DescribeResourcePolicies",
    "RDS:DescribeDBSnapshotAttributes",
    "RDS:DescribeDBSnapshots",
)
"""Requests that cannot be narrowed to a resource."""

_EC2 = (
    "EC2:AssociateIamInstanceProfile",
    "EC2:AuthorizeSecurityGroupIngress",
    "EC2:CreateTags",
    "EC2:ModifyInstanceAttribute",
    "EC2:ModifyInstanceMetadataOptions",
    "EC2:ReplaceIamInstanceProfileAssociation",
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
    "RDS:StartDBInstance",
)
