"""What others can add to the bastion, and who else has the group that the database lets in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from provisioning.reconcile import Stranger


def bastion_strangers(
    ec2: Any, found: dict[str, Any], group: str, ours: Collection[str]
) -> Iterator[Stranger]:
    """
    Look at an instance, and at the members of its security *group* besides *ours*. Only a person can tell
    whether one of them is needed.
    """
    instance = found["InstanceId"]
    if key := found.get("KeyName"):
        yield Stranger(what=f"whoever has the key pair {key} may log in")
    asked = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    if asked.get("UserData", {}).get("Value"):
        yield Stranger(what="commands run when it starts (user data)")
    for card in found.get("NetworkInterfaces", ())[1:]:
        yield Stranger(what=f"it has another network interface, {card['NetworkInterfaceId']}")
    filters = [{"Name": "group-id", "Values": [group]}]
    pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters)
    for card in (card for page in pages for card in page["NetworkInterfaces"]):
        holder = card.get("Attachment", {}).get("InstanceId")
        if holder not in ours:
            whose = f" of {holder}" if holder else ""
            yield Stranger(
                what=f"{card['NetworkInterfaceId']}{whose} has its security group as well, "
                "and so reaches the database"
            )
