"""The commands that take an environment away again. They are printed, and run by nobody but you."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from provisioning.account import Account
from provisioning.alarms import alarms
from provisioning.bastion import bastion_profile, bastion_role, find_bastions
from provisioning.boundary import boundary
from provisioning.bucket import data_bucket, log_bucket
from provisioning.budget import budget
from provisioning.database import find_database, parameter_group, subnet_group
from provisioning.identity import (
    attached_policies,
    boundary_arn,
    github_provider,
    inline_policies,
    provider_arn,
    runtime_role,
)
from provisioning.monitoring import log_groups, topic, topic_arn
from provisioning.names import BUDGET, Names
from provisioning.network import Network, default_network, find_group
from provisioning.reconcile import Resource
from provisioning.settings import Settings


def rollback(account: Account, settings: Settings) -> Iterator[str]:
    """
    Give the lines, in the reverse order of making. What does not exist is left out; what the other
    environment uses as well, and what holds data for good, is commented out.
    """
    network = default_network(account) if settings.on_rds else None
    names, region = Names(settings.environment), f"--region {settings.region}"
    yield f"# Takes away {settings.environment} in account {account.id}, {settings.region}."
    yield "# Read each line before you run it. Backups of the database go with it but for the last one."
    kinds = [alarm.find() for alarm in alarms(account, settings, "" if network else None)]
    if there := [found["AlarmName"] for found in kinds if found]:
        yield f"aws cloudwatch delete-alarms --alarm-names {' '.join(there)} {region}"
    yield from _role(account, runtime_role(account, settings, None), names.stem)
    if network:
        yield from _bastion(account, settings, names)
    if _there(boundary(account, settings)):
        yield from _policy(account, boundary_arn(account, settings.environment))
    if network:
        yield from _database(account, settings, names, network)
        for name in (names.database_group, names.bastion):
            if group := find_group(account, network.vpc, name):
                yield f"aws ec2 delete-security-group --group-id {group['GroupId']} {region}"
    if _there(topic(account, settings)):
        arn = topic_arn(account, settings.environment)
        yield f"aws sns delete-topic --topic-arn {arn} {region}"
    for logs in reversed(log_groups(account, settings)):
        if found := logs.find():
            name = shlex.quote(found["logGroupName"])
            yield f"aws logs delete-log-group --log-group-name {name} {region}"
    yield from _shared(account, settings)


def _there(resource: Resource[Any]) -> bool:
    return resource.find() is not None


def _role(account: Account, role: Resource[Any], name: str) -> Iterator[str]:
    if not _there(role):
        return
    iam = account.client("iam")
    for own in sorted(inline_policies(iam, name)):
        yield f"aws iam delete-role-policy --role-name {name} --policy-name {own}"
    for arn in sorted(attached_policies(iam, name)):
        yield f"aws iam detach-role-policy --role-name {name} --policy-arn {arn}"
    yield f"aws iam delete-role --role-name {name}"


def _policy(account: Account, arn: str) -> Iterator[str]:
    for version in account.client("iam").list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            number = version["VersionId"]
            yield f"aws iam delete-policy-version --policy-arn {arn} --version-id {number}"
    yield f"aws iam delete-policy --policy-arn {arn}"


def _bastion(account: Account, settings: Settings, names: Names) -> Iterator[str]:
    region, name = f"--region {settings.region}", names.bastion
    for instance in find_bastions(account, settings.environment):
        number = instance["InstanceId"]
        yield f"aws ec2 terminate-instances --instance-ids {number} {region}"
        yield f"aws ec2 wait instance-terminated --instance-ids {number} {region}"
    if profile := bastion_profile(account, settings.environment).find():
        for role in profile["Roles"]:
            yield (
                f"aws iam remove-role-from-instance-profile --instance-profile-name {name} "
                f"--role-name {role['RoleName']}"
            )
        yield f"aws iam delete-instance-profile --instance-profile-name {name}"
    yield from _role(account, bastion_role(account, settings.environment), name)


def _database(
    account: Account, settings: Settings, names: Names, network: Network
) -> Iterator[str]:
    name, region = names.stem, f"--region {settings.region}"
    if found := find_database(account, settings.environment):
        if found.get("DeletionProtection"):
            yield (
                f"aws rds modify-db-instance --db-instance-identifier {name} "
                f"--no-deletion-protection --apply-immediately {region}"
            )
            yield f"aws rds wait db-instance-available --db-instance-identifier {name} {region}"
        # A name of its own each time: the snapshot of an earlier rollback is still there.
        snapshot = f"{name}-last-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        yield (
            f"aws rds delete-db-instance --db-instance-identifier {name} "
            f"--final-db-snapshot-identifier {snapshot} {region}"
        )
        yield f"aws rds wait db-instance-deleted --db-instance-identifier {name} {region}"
    if _there(parameter_group(account, settings)):
        group = names.parameter_group(settings.version)
        yield f"aws rds delete-db-parameter-group --db-parameter-group-name {group} {region}"
    if _there(subnet_group(account, settings, network)):
        yield f"aws rds delete-db-subnet-group --db-subnet-group-name {name} {region}"


def _shared(account: Account, settings: Settings) -> Iterator[str]:
    region = f"--region {settings.region}"
    yield "#"
    yield "# Used by the other environment as well: only when that one is gone, too."
    if _there(budget(account, settings)):
        yield f"# aws budgets delete-budget --account-id {account.id} --budget-name {BUDGET}"
    if _there(github_provider(account)):
        yield "# The identity provider may serve other projects of the account: look before you delete it."
        yield (
            "# aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "
            f"{provider_arn(account)}"
        )
    buckets = (data_bucket(account, settings), log_bucket(account, settings))
    found = [name for name in (bucket.find() for bucket in buckets) if name]
    if not found:
        return
    yield "#"
    yield "# The data. Bronze cannot be made again. A bucket can be deleted when it is empty, and S3 empties"
    yield "# it, earlier versions included, within some days of the first line about it."
    for name in found:
        yield (
            f"# aws s3api put-bucket-lifecycle-configuration --bucket {name} "
            f"--lifecycle-configuration {shlex.quote(json.dumps(_EMPTY))} {region}"
        )
    for name in found:
        yield f"# aws s3api delete-bucket --bucket {name} {region}"


_EMPTY = {
    "Rules": [
        {
            "ID": "empty",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    ]
}
"""Rules of a bucket that nobody needs any more."""
