"""Rights to the identity provider, the boundaries, the roles and their profiles."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.bastion import MANAGED
from provisioning.grant import Grant
from provisioning.names import ISSUER, PROJECT
from provisioning.provisioner_policy.place import OURS, Place


def identity(place: Place) -> Iterator[Grant]:
    """
    Give the rights to who may act.
    """
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
        resources=(f"{place.iam}instance-profile/{OURS}",),
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
