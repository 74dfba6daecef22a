"""The default VPC, and two security groups: a bastion nobody can call, a database only it can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen
from botocore.exceptions import ClientError

from provisioning.account import Account
from provisioning.failures import Misconfigured, code_of
from provisioning.names import PORT, Names
from provisioning.reconcile import Aspect, Resource
from provisioning.tags import as_list, as_mapping, tagged, tags

_ZONES = 2
"""Availability zones that RDS wants a subnet group to have."""

_CALLERS = {
    "UserIdGroupPairs": ("GroupId", "UserId", "VpcId", "VpcPeeringConnectionId"),
    "IpRanges": ("CidrIp",),
    "Ipv6Ranges": ("CidrIpv6",),
    "PrefixListIds": ("PrefixListId",),
}
"""Whom a rule can let in, and what names each."""


@frozen(kw_only=True)
class Network:
    """
    The default VPC, a subnet of each of its zones, and those of them that give public addresses.
    """

    vpc: str
    subnets: tuple[str, ...]
    public: tuple[str, ...]


def default_network(account: Account) -> Network:
    """
    Look at the default VPC.

    :raises Misconfigured: There is none, or it has fewer than two zones.
    """
    ec2 = account.client("ec2")
    found = ec2.describe_vpcs(Filters=_filters({"is-default": "true"}))["Vpcs"]
    if not found:
        msg = (
            f"region {account.region} has no default VPC; make one with `aws ec2 create-default-vpc "
            f"--region {account.region}`, or choose another AWS_REGION"
        )
        raise Misconfigured(msg)
    vpc = found[0]["VpcId"]
    filters = _filters({"vpc-id": vpc, "default-for-az": "true"})
    found = ec2.describe_subnets(Filters=filters)["Subnets"]
    found.sort(key=lambda entry: str(entry["AvailabilityZone"]))
    if len(found) < _ZONES:
        msg = (
            f"the default VPC {vpc} has subnets in {len(found)} zones and RDS needs {_ZONES}; make "
            f"one with `aws ec2 create-default-subnet --availability-zone {account.region}a`"
        )
        raise Misconfigured(msg)
    return Network(
        vpc=vpc,
        subnets=tuple(entry["SubnetId"] for entry in found),
        # A public address is the way to Session Manager; a NAT gateway costs ten times as much.
        public=tuple(entry["SubnetId"] for entry in found if entry["MapPublicIpOnLaunch"]),
    )


def bastion_group(account: Account, network: Network, environment: str) -> Resource[Any]:
    """
    The group of the bastion: nothing comes in.
    """
    names = Names(environment)
    return _group(
        account,
        network,
        environment,
        name=names.bastion,
        about="statpipe bastion: no inbound rules",
        callers=[],
    )


def database_group(
    account: Account, network: Network, environment: str, bastion: str
) -> Resource[Any]:
    """
    The group of the database: PostgreSQL, from members of the group *bastion*.
    """
    names = Names(environment)
    return _group(
        account,
        network,
        environment,
        name=names.database_group,
        about="statpipe database: 5432 from the bastion",
        callers=[bastion],
    )


def find_group(account: Account, vpc: str, name: str) -> Any:
    """
    Return a security group as AWS shows it, or ``None``.
    """
    ec2 = account.client("ec2")
    filters = _filters({"vpc-id": vpc, "group-name": name})
    found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return found[0] if found else None


def _group(
    account: Account,
    network: Network,
    environment: str,
    *,
    name: str,
    about: str,
    callers: list[str],
) -> Resource[Any]:
    ec2 = account.client("ec2")

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        group = found["GroupId"]
        wanted = [_from_group(caller) for caller in callers]
        there = _rules(found, account.id)
        strangers = [rule for rule in there if rule not in wanted]
        missing = [rule for rule in wanted if rule not in there]
        yield Aspect(
            name="inbound rules",
            now=(strangers, missing),
            wanted=([], []),
            write=lambda: _set_rules(ec2, group, strangers, missing),
        )
        yield tagged(
            as_mapping(found.get("Tags", ())),
            environment,
            lambda ours: ec2.create_tags(Resources=[group], Tags=as_list(ours)),
        )

    return Resource(
        name=f"security group {name}",
        find=lambda: find_group(account, network.vpc, name),
        create=lambda: ec2.create_security_group(
            GroupName=name,
            Description=about,
            VpcId=network.vpc,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": as_list({"Name": name, **tags(environment)}),
                }
            ],
        ),
        aspects=aspects,
    )


def _set_rules(
    ec2: Any, group: str, strangers: list[dict[str, Any]], missing: list[dict[str, Any]]
) -> None:
    """Somebody else may be doing the same: a rule that is gone or there already is fine."""
    if strangers:
        _unless(
            "InvalidPermission.NotFound",
            lambda: ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=strangers),
        )
    if missing:
        _unless(
            "InvalidPermission.Duplicate",
            lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=missing),
        )


def _unless(code: str, request: Any) -> None:
    try:
        request()
    except ClientError as error:
        if code_of(error) != code:
            raise


def _from_group(group: str) -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": PORT,
        "ToPort": PORT,
        "UserIdGroupPairs": [{"GroupId": group}],
    }


def _rules(found: dict[str, Any], owner: str) -> list[dict[str, Any]]:
    """
    Take AWS's rules apart, one caller each, and leave out what it adds. A group of another account keeps
    what names it: without, a rule about it cannot be taken away.
    """
    rules = []
    for rule in found.get("IpPermissions", ()):
        ports = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
        for kind, keys in _CALLERS.items():
            for caller in rule.get(kind, ()):
                named = {key: caller[key] for key in keys if key in caller}
                if named.get("UserId") == owner:
                    del named["UserId"]
                rules.append({**ports, kind: [named]})
    return rules


def _filters(wanted: dict[str, str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]
