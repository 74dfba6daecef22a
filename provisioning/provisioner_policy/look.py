"""Rights to look at what cannot be narrowed to a resource."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.grant import Grant

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


def look() -> Iterator[Grant]:
    """
    Give the rights to look around.
    """
    yield Grant(sid="Look", operations=_LOOKING, resources=("*",))
