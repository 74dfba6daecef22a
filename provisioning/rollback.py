"""The commands that take an environment away again. They are printed, and run by nobody but you."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from provisioning.account import Account
from provisioning.bastion import MANAGED, find_bastion
from provisioning.database import find_database
from provisioning.identity import POLICY, provider_arn
from provisioning.monitoring import topic_arn
from provisioning.names import BUDGET, Names
from provisioning.network import default_network, find_group
from provisioning.settings import Settings


def rollback(account: Account, settings: Settings) -> Iterator[str]:
    """
    Give the lines, in the reverse order of making. What is not there is left out; what the other
    environment uses as well, and what holds data for good, is commented out.
    """
    names, region = Names(settings.environment), f"--region {settings.region}"
    yield f"# Takes away {settings.environment} in account {account.id}, {settings.region}."
    yield "# Read each line before you run it. Backups of the database go with it but for the last one."
    kinds = " ".join(names.alarm(kind) for kind in ("cpu", "storage", "freshness"))
    yield f"aws cloudwatch delete-alarms --alarm-names {kinds} {region}"
    yield f"aws iam delete-role-policy --role-name {names.stem} --policy-name {POLICY}"
    yield f"aws iam delete-role --role-name {names.stem}"
    yield from _bastion(account, settings, names)
    yield from _database(account, settings, names)
    yield from _groups(account, names, region)
    yield f"aws sns delete-topic --topic-arn {topic_arn(account, settings.environment)} {region}"
    for group in (names.database_log_group, names.log_group):
        yield f"aws logs delete-log-group --log-group-name {shlex.quote(group)} {region}"
    yield from _shared(account, settings)


def _bastion(account: Account, settings: Settings, names: Names) -> Iterator[str]:
    found = find_bastion(account, settings.environment)
    if found is None:
        return
    region, name = f"--region {settings.region}", names.bastion
    instance = found["InstanceId"]
    managed = f"arn:{account.partition}:iam::aws:policy/{MANAGED}"
    yield f"aws ec2 terminate-instances --instance-ids {instance} {region}"
    yield f"aws ec2 wait instance-terminated --instance-ids {instance} {region}"
    yield (
        f"aws iam remove-role-from-instance-profile --instance-profile-name {name} --role-name {name}"
    )
    yield f"aws iam delete-instance-profile --instance-profile-name {name}"
    yield f"aws iam detach-role-policy --role-name {name} --policy-arn {managed}"
    yield f"aws iam delete-role --role-name {name}"


def _database(account: Account, settings: Settings, names: Names) -> Iterator[str]:
    name, region = names.stem, f"--region {settings.region}"
    found = find_database(account, settings.environment)
    if found is not None:
        if found.get("DeletionProtection"):
            yield (
                f"aws rds modify-db-instance --db-instance-identifier {name} "
                f"--no-deletion-protection --apply-immediately {region}"
            )
        yield (
            f"aws rds delete-db-instance --db-instance-identifier {name} "
            f"--final-db-snapshot-identifier {name}-last {region}"
        )
        yield f"aws rds wait db-instance-deleted --db-instance-identifier {name} {region}"
    group = names.parameter_group(settings.version)
    yield f"aws rds delete-db-parameter-group --db-parameter-group-name {group} {region}"
    yield f"aws rds delete-db-subnet-group --db-subnet-group-name {name} {region}"


def _groups(account: Account, names: Names, region: str) -> Iterator[str]:
    vpc = default_network(account).vpc
    for name in (names.database_group, names.bastion):
        found = find_group(account, vpc, name)
        if found is not None:
            yield f"aws ec2 delete-security-group --group-id {found['GroupId']} {region}"


def _shared(account: Account, settings: Settings) -> Iterator[str]:
    bucket, region = settings.bucket, f"--region {settings.region}"
    prefix = f"s3://{bucket}/{settings.environment}/"
    yield "#"
    yield "# Used by the other environment as well: only when that one is gone, too."
    yield f"# aws budgets delete-budget --account-id {account.id} --budget-name {BUDGET}"
    yield "# The identity provider may serve other projects of the account: look before you delete it."
    yield (
        "# aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "
        f"{provider_arn(account)}"
    )
    yield "#"
    yield "# The data. Bronze cannot be made again; every version must go before a bucket can."
    yield f"# aws s3 rm --recursive {prefix} {region}"
    yield f"# aws s3api delete-bucket --bucket {bucket} {region}"
    yield f"# aws s3api delete-bucket --bucket {settings.log_bucket} {region}"
