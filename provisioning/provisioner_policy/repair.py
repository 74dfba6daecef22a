"""Rights that ``--repair`` needs besides."""

from __future__ import annotations

from provisioning.grant import Grant
from provisioning.names import PROJECT
from provisioning.provisioner_policy.place import OURS, Place

_S3_REPAIRS = (
    "S3:DeleteBucketCors",
    "S3:DeleteBucketReplication",
    "S3:DeleteBucketWebsite",
    "S3:PutBucketNotificationConfiguration",
    "S3:PutBucketRequestPayment",
)


def repairs(
    *, partition: str, account: str, region: str, buckets: tuple[str, ...]
) -> tuple[Grant, ...]:
    """
    Return what ``--repair`` needs besides: the rights to take away what is not ours.
    """
    place = Place(partition=partition, account=account, region=region, buckets=buckets)
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
            resources=(place.here("rds", f"db:{OURS}"), place.here("rds", f"pg:{OURS}")),
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
