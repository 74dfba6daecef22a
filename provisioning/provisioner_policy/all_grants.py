"""All rights that provisioning needs, in the order in which they are printed."""

from __future__ import annotations

from provisioning.grant import Grant
from provisioning.provisioner_policy.bucket import bucket
from provisioning.provisioner_policy.database import database
from provisioning.provisioner_policy.identity import identity
from provisioning.provisioner_policy.look import look
from provisioning.provisioner_policy.monitoring import monitoring
from provisioning.provisioner_policy.network import network
from provisioning.provisioner_policy.place import Place
from provisioning.provisioner_policy.tunnel import tunnel


def grants(
    *, partition: str, account: str, region: str, buckets: tuple[str, ...]
) -> tuple[Grant, ...]:
    """
    Return all that provisioning needs, for both environments.
    """
    place = Place(partition=partition, account=account, region=region, buckets=buckets)
    return (
        *bucket(place),
        *identity(place),
        *look(),
        *network(place),
        *database(place),
        *tunnel(place),
        *monitoring(place),
    )
