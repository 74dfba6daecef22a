"""Rights to the tunnel to the database, and to no shell."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.grant import Grant
from provisioning.names import PROJECT, TUNNEL
from provisioning.provisioner_policy.place import Place


def tunnel(place: Place) -> Iterator[Grant]:
    """
    Give the rights to the tunnel.
    """
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
