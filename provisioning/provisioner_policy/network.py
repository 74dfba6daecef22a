"""Rights to instances and security groups.

They are distinguished from those of others by their tag ``Name``: whoever provisions may set it on what is being
made, and change nothing that does not have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.bastion import IMAGE
from provisioning.grant import Grant
from provisioning.names import PROJECT
from provisioning.provisioner_policy.place import OURS, Place

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


def network(place: Place) -> Iterator[Grant]:
    """
    Give the rights to the bastion and its groups.
    """
    yield Grant(
        sid="Network",
        operations=_EC2,
        resources=place.ec2("instance", "security-group"),
        condition={"StringLike": {"aws:ResourceTag/Name": OURS}},
    )
    called = {"aws:RequestTag/Name": OURS}
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
