"""Rights to logs, the topic, alarms and the budget."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.grant import Grant
from provisioning.names import PROJECT
from provisioning.provisioner_policy.place import OURS, Place


def monitoring(place: Place) -> Iterator[Grant]:
    """
    Give the rights to what is watched, and who is told.
    """
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
        resources=(place.here("sns", OURS),),
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
        resources=(place.here("cloudwatch", f"alarm:{OURS}"),),
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
