"""PostgreSQL on RDS: private, encrypted, over TLS only, with logins by IAM."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen

from provisioning.account import Account
from provisioning.database_strangers import database_strangers, parameter_strangers
from provisioning.failures import Misconfigured
from provisioning.names import ADMINISTRATOR, DATABASE, PORT, Names
from provisioning.network import Network
from provisioning.reconcile import Aspect, Resource, absent_on
from provisioning.settings import Settings
from provisioning.tags import as_list, as_mapping, tagged, tags

_TLS = "rds.force_ssl"
_WAIT = {"Delay": 30, "MaxAttempts": 80}
"""Of forty minutes: a first database takes ten or so, a change of its class as long."""

_STOPPED = {"stopping", "stopped"}
_BUSY = {"creating", "modifying", "backing-up", "rebooting", "starting", "upgrading", "renaming"}
_BUSY |= {
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "resetting-master-credentials",
}


def subnet_group(account: Account, settings: Settings, network: Network) -> Resource[Any]:
    """
    Where the database may stand: every zone of the default VPC.
    """
    rds, name = account.client("rds"), Names(settings.environment).stem
    subnets = sorted(network.subnets)
    about = f"statpipe, environment {settings.environment}"

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        yield Aspect(
            name="subnets",
            now=sorted(entry["SubnetIdentifier"] for entry in found["Subnets"]),
            wanted=subnets,
            write=lambda: rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=subnets),
        )
        yield _tags(account, settings, f"subgrp:{name}")

    return Resource(
        name=f"subnet group {name}",
        find=lambda: _first(
            lambda: rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
        ),
        create=lambda: rds.create_db_subnet_group(
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=about,
            SubnetIds=subnets,
            Tags=as_list(tags(settings.environment)),
        ),
        aspects=aspects,
    )


def parameter_group(account: Account, settings: Settings) -> Resource[Any]:
    """
    The database's parameters: connections without TLS are refused.
    """
    rds = account.client("rds")
    name = Names(settings.environment).parameter_group(settings.version)
    major = settings.version.split(".", 1)[0]
    forced = {"ParameterName": _TLS, "ParameterValue": "1", "ApplyMethod": "immediate"}

    def aspects(_found: dict[str, Any]) -> Iterable[Aspect]:
        yield Aspect(
            name=_TLS,
            now=_parameter(rds, name),
            wanted="1",
            write=lambda: rds.modify_db_parameter_group(
                DBParameterGroupName=name, Parameters=[forced]
            ),
        )
        yield _tags(account, settings, f"pg:{name}")

    return Resource(
        name=f"parameter group {name}",
        find=lambda: _first(
            lambda: rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"]
        ),
        create=lambda: rds.create_db_parameter_group(
            DBParameterGroupName=name,
            DBParameterGroupFamily=f"postgres{major}",
            Description=f"statpipe, environment {settings.environment}",
            Tags=as_list(tags(settings.environment)),
        ),
        aspects=aspects,
        strangers=lambda _: parameter_strangers(rds, name, _TLS),
    )


def find_database(account: Account, environment: str) -> Any:
    """
    Return the instance as AWS shows it, or ``None``.
    """
    rds, name = account.client("rds"), Names(environment).stem
    found = _first(lambda: rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"])
    if found is not None and found.get("DBInstanceStatus") == "deleting":
        msg = f"the database {name} is being deleted; run again when it is gone"
        raise Misconfigured(msg)
    return found


def database(
    account: Account, settings: Settings, group: str, tell: Callable[[str], None]
) -> Resource[Any]:
    """
    The instance. Its administrator's password is RDS's own secret and never seen here.
    """
    rds, names = account.client("rds"), Names(settings.environment)

    def find() -> Any:
        found = find_database(account, settings.environment)
        if not account.plan and found and found["DBInstanceStatus"] in _BUSY:
            wait()
            found = find_database(account, settings.environment)
        return found

    def wait() -> None:
        tell(f"waiting until the database {names.stem} is available, ten minutes or so")
        rds.get_waiter("db_instance_available").wait(
            DBInstanceIdentifier=names.stem, WaiterConfig=_WAIT
        )

    def start() -> None:
        """And wait, since a database that is stopped cannot be changed."""
        rds.start_db_instance(DBInstanceIdentifier=names.stem)
        wait()

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        _must_be_ours(found, settings)
        yield Aspect(
            name="running",
            now=found["DBInstanceStatus"] not in _STOPPED,
            wanted=True,
            write=start,
        )
        yield _configuration(rds, found, settings, group)
        yield tagged(
            as_mapping(found.get("TagList", ())),
            settings.environment,
            lambda ours: rds.add_tags_to_resource(
                ResourceName=account.arn("rds", f"db:{names.stem}"), Tags=as_list(ours)
            ),
        )

    return Resource(
        name=f"database {names.stem}",
        find=find,
        create=lambda: rds.create_db_instance(
            DBInstanceIdentifier=names.stem,
            Engine="postgres",
            DBName=DATABASE,
            MasterUsername=ADMINISTRATOR,
            Port=PORT,
            StorageEncrypted=True,
            DBSubnetGroupName=names.stem,
            Tags=as_list(tags(settings.environment)),
            EngineVersion=settings.version,
            EnableCloudwatchLogsExports=["postgresql"],
            **{entry.request: entry.wanted for entry in _wanted(settings, group)},
        ),
        aspects=aspects,
        strangers=lambda found: database_strangers(account, found),
    )


@frozen
class _Setting:
    """One thing that can be changed later: its name in requests, as wanted, and as found."""

    request: str
    wanted: Any
    now: Callable[[dict[str, Any]], Any]


def _wanted(settings: Settings, group: str) -> list[_Setting]:
    parameters = Names(settings.environment).parameter_group(settings.version)

    def plain(request: str, wanted: Any) -> _Setting:
        return _Setting(request, wanted, lambda found: found.get(request))

    return [
        plain("DBInstanceClass", settings.database_class),
        plain("AllocatedStorage", settings.storage),
        plain("StorageType", "gp3"),
        plain("BackupRetentionPeriod", settings.backup_days),
        plain("DeletionProtection", settings.is_prod),
        plain("PubliclyAccessible", False),
        plain("AutoMinorVersionUpgrade", True),
        plain("CopyTagsToSnapshot", True),
        _Setting(
            "EnableIAMDatabaseAuthentication",
            True,
            lambda found: found.get("IAMDatabaseAuthenticationEnabled"),
        ),
        _Setting(
            "ManageMasterUserPassword", True, lambda found: bool(found.get("MasterUserSecret"))
        ),
        _Setting(
            "VpcSecurityGroupIds",
            [group],
            lambda found: [entry["VpcSecurityGroupId"] for entry in found["VpcSecurityGroups"]],
        ),
        _Setting(
            "DBParameterGroupName",
            parameters,
            lambda found: found["DBParameterGroups"][0]["DBParameterGroupName"],
        ),
    ]


def _configuration(rds: Any, found: dict[str, Any], settings: Settings, group: str) -> Aspect:
    """Everything that can be changed, as one: RDS takes one change at a time."""
    shown = {**found, **found.get("PendingModifiedValues", {})}
    wanted = _wanted(settings, group)
    now = {entry.request: entry.now(shown) for entry in wanted}
    target = {entry.request: entry.wanted for entry in wanted}
    # Storage only grows, and somebody may have let it.
    target["AllocatedStorage"] = max(settings.storage, shown["AllocatedStorage"])
    drift = {name: value for name, value in target.items() if now[name] != value}
    if "postgresql" not in found.get("EnabledCloudwatchLogsExports", ()):
        drift["CloudwatchLogsExportConfiguration"] = {"EnableLogTypes": ["postgresql"]}
    return Aspect(
        name=", ".join(drift) or "configuration",
        now=drift,
        wanted={},
        write=lambda: rds.modify_db_instance(
            DBInstanceIdentifier=found["DBInstanceIdentifier"], ApplyImmediately=True, **drift
        ),
    )


def _must_be_ours(found: dict[str, Any], settings: Settings) -> None:
    """What RDS cannot change in place, we do not try to."""
    name = found["DBInstanceIdentifier"]
    if not found.get("StorageEncrypted"):
        msg = (
            f"the database {name} is not encrypted, which can only be chosen when it is made; restore "
            "an encrypted copy of a snapshot under this name, and run again"
        )
        raise Misconfigured(msg)
    there, wanted = (v.split(".", 1)[0] for v in (found["EngineVersion"], settings.version))
    if there != wanted:
        msg = (
            f"the database {name} is PostgreSQL {there} and DB_VERSION is {settings.version}; set "
            f"DB_VERSION={there}, or upgrade it by hand: that cannot be undone"
        )
        raise Misconfigured(msg)


def _parameter(rds: Any, group: str) -> str | None:
    """Look among those that were set, then among all: newer versions have it from the beginning."""
    asked = rds.get_paginator("describe_db_parameters")
    for narrowed in ({"Source": "user"}, {}):
        for page in asked.paginate(DBParameterGroupName=group, **narrowed):
            for entry in page["Parameters"]:
                if entry["ParameterName"] == _TLS:
                    return str(entry.get("ParameterValue"))
    return None


def _first(request: Callable[[], Iterable[Any]]) -> Any:
    """Take the one that was asked for by name; RDS has a code of its own for each that does not
    exist.
    """
    missing = (
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "DBParameterGroupNotFound",
        "DBParameterGroupNotFoundFault",
        "DBSubnetGroupNotFoundFault",
    )
    return next(iter(absent_on(*missing)(request) or ()), None)


def _tags(account: Account, settings: Settings, resource: str) -> Aspect:
    rds, arn = account.client("rds"), account.arn("rds", resource)
    return tagged(
        as_mapping(rds.list_tags_for_resource(ResourceName=arn)["TagList"]),
        settings.environment,
        lambda ours: rds.add_tags_to_resource(ResourceName=arn, Tags=as_list(ours)),
    )
