"""Rights to the database and to its password."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.grant import Grant
from provisioning.provisioner_policy.place import OURS, Place

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


def database(place: Place) -> Iterator[Grant]:
    """
    Give the rights to the database.
    """
    yield Grant(
        sid="Database",
        operations=_RDS,
        # A new database gets the option group of its version, and AWS asks for the right to that.
        resources=(
            *(place.here("rds", f"{kind}:{OURS}") for kind in ("db", "subgrp", "pg")),
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
