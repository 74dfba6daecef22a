"""What others can add to a database: roles, copies, snapshots that are shared, readers of its password."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.reconcile import Stranger


def database_strangers(account: Account, found: dict[str, Any]) -> Iterator[Stranger]:
    """
    Look at a database as AWS shows it, at its snapshots and at the secret of its administrator.
    """
    rds, name = account.client("rds"), found["DBInstanceIdentifier"]
    for role in found.get("AssociatedRoles", ()):
        yield Stranger(
            what=f"it may act as {role['RoleArn']} ({role.get('FeatureName', '')})",
            remove=partial(
                rds.remove_role_from_db_instance,
                DBInstanceIdentifier=name,
                RoleArn=role["RoleArn"],
                FeatureName=role.get("FeatureName", ""),
            ),
        )
    copies = [
        *found.get("ReadReplicaDBInstanceIdentifiers", ()),
        *found.get("ReadReplicaDBClusterIdentifiers", ()),
    ]
    for replica in copies:
        yield Stranger(what=f"{replica} is a copy that follows it")
    for backup in found.get("DBInstanceAutomatedBackupsReplications", ()):
        arn = backup["DBInstanceAutomatedBackupsArn"]
        yield Stranger(what=f"its backups are copied to {arn}")
    yield from _snapshots(rds, name)
    if secret := found.get("MasterUserSecret", {}).get("SecretArn"):
        yield from _password(account.client("secretsmanager"), secret)


def parameter_strangers(rds: Any, group: str, *ours: str) -> Iterator[Stranger]:
    """
    Look for parameters of *group* that somebody has set.
    """
    pages = rds.get_paginator("describe_db_parameters").paginate(
        DBParameterGroupName=group, Source="user"
    )
    for entry in (entry for page in pages for entry in page["Parameters"]):
        name = entry["ParameterName"]
        if name in ours:
            continue
        # Right for those that want a restart as well as for others.
        reset = {"ParameterName": name, "ApplyMethod": "pending-reboot"}
        yield Stranger(
            what=f"{name} is set to {entry.get('ParameterValue')}",
            remove=partial(
                rds.reset_db_parameter_group, DBParameterGroupName=group, Parameters=[reset]
            ),
        )


def _snapshots(rds: Any, database: str) -> Iterator[Stranger]:
    """Only those that a person made can be shared."""
    pages = rds.get_paginator("describe_db_snapshots").paginate(
        DBInstanceIdentifier=database, SnapshotType="manual"
    )
    for name in (entry["DBSnapshotIdentifier"] for page in pages for entry in page["DBSnapshots"]):
        asked = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)
        for attribute in asked["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]:
            kind, accounts = attribute["AttributeName"], attribute.get("AttributeValues")
            if not accounts:
                continue
            whom = ", ".join("everybody" if who == "all" else who for who in accounts)
            yield Stranger(
                what=f"its snapshot {name} is shared with {whom}",
                remove=partial(
                    rds.modify_db_snapshot_attribute,
                    DBSnapshotIdentifier=name,
                    AttributeName=kind,
                    ValuesToRemove=accounts,
                ),
            )


def _password(secrets: Any, secret: str) -> Iterator[Stranger]:
    if secrets.get_resource_policy(SecretId=secret).get("ResourcePolicy"):
        yield Stranger(
            what="the secret of its administrator has a policy for others",
            remove=lambda: secrets.delete_resource_policy(SecretId=secret),
        )
