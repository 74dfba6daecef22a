"""Everything that an environment needs, in the order in which one thing needs another."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from provisioning.account import Account
from provisioning.alarms import alarms
from provisioning.bastion import bastion, bastion_profile, bastion_role
from provisioning.boundary import boundary
from provisioning.bucket import data_bucket, log_bucket
from provisioning.budget import budget
from provisioning.database import database, parameter_group, subnet_group
from provisioning.identity import github_provider, role_arn, runtime_role
from provisioning.monitoring import log_groups, topic, topic_arn
from provisioning.network import Network, bastion_group, database_group, default_network
from provisioning.reconcile import Reconciler
from provisioning.runtime_policy import Reach, runtime_policy
from provisioning.settings import Settings

_UNKNOWN = "(known later)"


@frozen(kw_only=True)
class Provisioned:
    """
    What others need to know: addresses and numbers that AWS gave out. ``None`` does not exist yet.
    """

    role: str
    topic: str
    host: str | None
    secret: str | None
    bastion: str | None


def provision(account: Account, settings: Settings, reconciler: Reconciler) -> Provisioned:
    """
    Settle all resources of the environment, and those that it shares with the other one.

    :raises ProvisioningError: Something must be corrected. What was made stays, and the next run goes on.
    """
    settle = reconciler.settle
    # Asked for before anything is made: without one there is no place for the database.
    network = default_network(account) if settings.on_rds else None
    # Early: IAM shows it everywhere only after some seconds, and roles need it.
    settle(boundary(account, settings))
    settle(log_bucket(account, settings))
    settle(data_bucket(account, settings))
    for group in log_groups(account, settings):
        settle(group)
    settle(topic(account, settings))

    environment = settings.environment
    served, instance = None, None
    if network:
        served, instance = _database(account, settings, network, reconciler)

    settle(github_provider(account))
    number = _id(served, "DbiResourceId") if settings.on_rds else None
    reach = Reach(database=number, bastion=instance)
    settle(runtime_role(account, settings, runtime_policy(account, settings, reach)))
    for alarm in alarms(account, settings, instance):
        settle(alarm)
    settle(budget(account, settings))
    return Provisioned(
        role=role_arn(account, environment),
        topic=topic_arn(account, environment),
        host=_of(served, "Endpoint", "Address"),
        secret=_of(served, "MasterUserSecret", "SecretArn"),
        bastion=None if instance == _UNKNOWN else instance,
    )


def _database(
    account: Account, settings: Settings, network: Network, reconciler: Reconciler
) -> tuple[Any, str | None]:
    """Settle the database and the way to it; return it, and the bastion's number, if there is one."""
    settle, environment = reconciler.settle, settings.environment
    door = _id(settle(bastion_group(account, network, environment)), "GroupId")
    wall = _id(settle(database_group(account, network, environment, door)), "GroupId")
    settle(subnet_group(account, settings, network))
    settle(parameter_group(account, settings))
    served = settle(database(account, settings, wall, reconciler.tell))

    instance = None
    if settings.bastion:
        settle(bastion_role(account, environment))
        settle(bastion_profile(account, environment))
        made = settle(bastion(account, network, environment, door, sleep=reconciler.sleep))
        instance = _id(made, "InstanceId")
    return served, instance


def _id(found: Any, key: str) -> str:
    """A plan does not know what AWS will call what is missing."""
    return str(found[key]) if found else _UNKNOWN


def _of(found: Any, part: str, key: str) -> str | None:
    value = ((found or {}).get(part) or {}).get(key)
    return None if value is None else str(value)
