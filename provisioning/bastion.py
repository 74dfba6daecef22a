"""A tiny instance that forwards a port to the database, and that only Session Manager can reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from botocore.exceptions import ClientError

from provisioning.account import Account
from provisioning.bastion_strangers import bastion_strangers
from provisioning.documents import policy
from provisioning.failures import Misconfigured, code_of
from provisioning.identity import role
from provisioning.names import Names
from provisioning.network import Network
from provisioning.reconcile import Aspect, Resource, absent_on
from provisioning.tags import as_list, as_mapping, tagged, tags

SIZE = "t4g.nano"
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
"""AWS's own parameter that names the newest image."""

MANAGED = "AmazonSSMManagedInstanceCore"
_ALIVE = ["pending", "running", "stopping", "stopped"]
_ENDING = ["shutting-down", "terminated"]
"""What ends keeps its network interface for a moment."""

_TOKENS = "required"
"""Of version 2 of the metadata service: a forwarded request cannot ask for the instance's credentials."""

_TRIES, _PAUSE = 12, 5.0
_NOT_IN_THIS_ZONE = {"InsufficientInstanceCapacity", "Unsupported"}


def bastion_role(account: Account, environment: str) -> Resource[Any]:
    """
    The role of the instance itself: to be reached by Session Manager, and nothing else.
    """
    trusted = policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )
    return role(
        account,
        name=Names(environment).bastion,
        environment=environment,
        trusted=trusted,
        managed=f"arn:{account.partition}:iam::aws:policy/{MANAGED}",
    )


def bastion_profile(account: Account, environment: str) -> Resource[Any]:
    """
    What gives the instance its role.
    """
    iam, name = account.client("iam"), Names(environment).bastion

    def give(roles: list[str]) -> None:
        """A profile holds one role."""
        for other in roles:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=other)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        roles = [entry["RoleName"] for entry in found["Roles"]]
        yield Aspect(name="role", now=roles, wanted=[name], write=lambda: give(roles))
        yield tagged(
            as_mapping(found.get("Tags", ())),
            environment,
            lambda ours: iam.tag_instance_profile(InstanceProfileName=name, Tags=as_list(ours)),
        )

    return Resource(
        name=f"instance profile {name}",
        find=lambda: absent_on("NoSuchEntity")(
            lambda: iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        ),
        create=lambda: iam.create_instance_profile(
            InstanceProfileName=name, Tags=as_list(tags(environment))
        ),
        aspects=aspects,
    )


def find_bastion(account: Account, environment: str) -> Any:
    """
    Return the newest instance of that name as AWS shows it, or ``None``.
    """
    return next(iter(find_bastions(account, environment)), None)


def find_bastions(account: Account, environment: str, *states: str) -> list[Any]:
    """
    Return all instances of that name that are alive, or in one of *states*: ours before others', the newest
    first. More than one is there while one is replaced.
    """
    filters = [
        {"Name": "tag:Name", "Values": [Names(environment).bastion]},
        {"Name": "instance-state-name", "Values": [*states] or _ALIVE},
    ]
    answer = account.client("ec2").describe_instances(Filters=filters)
    found = [entry for group in answer["Reservations"] for entry in group["Instances"]]
    # Of two that were made at once, everybody takes the same.
    return sorted(
        found,
        key=lambda one: (_is_ours(one, environment), one["LaunchTime"], one["InstanceId"]),
        reverse=True,
    )


def bastion(
    account: Account,
    network: Network,
    environment: str,
    group: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Resource[Any]:
    """
    The instance, of AWS's newest image: Amazon Linux 2023 gets no updates of its own accord.

    One of an earlier image counts as missing. It is ended when the new one is there, so that a run that
    is killed in between leaves one too many and not one too few.
    """
    ec2 = account.client("ec2")

    @cache
    def image() -> str:
        return str(account.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"])

    def find() -> Any:
        found = find_bastions(account, environment)
        return next((entry for entry in found if entry["ImageId"] == image()), None)

    def ours(*states: str) -> list[str]:
        found = find_bastions(account, environment, *states)
        return [entry["InstanceId"] for entry in found if _is_ours(entry, environment)]

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        instance = found["InstanceId"]
        older = [one for one in ours() if one != instance]
        yield Aspect(
            name="older instances",
            now=older,
            wanted=[],
            write=lambda: ec2.terminate_instances(InstanceIds=older),
        )
        yield Aspect(
            name="running",
            now=found["State"]["Name"] in {"pending", "running"},
            wanted=True,
            write=lambda: ec2.start_instances(InstanceIds=[instance]),
        )
        yield _profile_of(ec2, instance, Names(environment).bastion)
        yield Aspect(
            name="security group",
            now=[entry["GroupId"] for entry in found["SecurityGroups"]],
            wanted=[group],
            write=lambda: ec2.modify_instance_attribute(InstanceId=instance, Groups=[group]),
        )
        yield Aspect(
            name="metadata",
            now=found.get("MetadataOptions", {}).get("HttpTokens", _TOKENS),
            wanted=_TOKENS,
            write=lambda: ec2.modify_instance_metadata_options(
                InstanceId=instance, HttpTokens=_TOKENS, HttpEndpoint="enabled"
            ),
        )
        yield tagged(
            as_mapping(found.get("Tags", ())),
            environment,
            lambda ours: ec2.create_tags(Resources=[instance], Tags=as_list(ours)),
        )

    return Resource(
        name=f"bastion {Names(environment).bastion}",
        find=find,
        create=lambda: _launch(account, network, _request(environment, group, image()), sleep),
        aspects=aspects,
        strangers=lambda found: bastion_strangers(
            ec2, found, group, [found["InstanceId"], *ours(*_ALIVE, *_ENDING)]
        ),
    )


def _is_ours(found: dict[str, Any], environment: str) -> bool:
    """Anybody may call an instance as ours is called; only one that we made has all marks."""
    return tags(environment).items() <= as_mapping(found.get("Tags", ())).items()


def _profile_of(ec2: Any, instance: str, name: str) -> Aspect:
    filters = [
        {"Name": "instance-id", "Values": [instance]},
        {"Name": "state", "Values": ["associating", "associated"]},
    ]
    asked = ec2.describe_iam_instance_profile_associations(Filters=filters)
    found = {
        entry["IamInstanceProfile"]["Arn"].rpartition("/")[2]: entry["AssociationId"]
        for entry in asked["IamInstanceProfileAssociations"]
    }

    def give() -> None:
        """An instance has one profile: take the place of another."""
        profile = {"Name": name}
        for association in found.values():
            ec2.replace_iam_instance_profile_association(
                AssociationId=association, IamInstanceProfile=profile
            )
        if not found:
            ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile=profile)

    return Aspect(name="instance profile", now=[*found], wanted=[name], write=give)


def _launch(
    account: Account, network: Network, request: dict[str, Any], sleep: Callable[[float], None]
) -> None:
    """Launch it in the first zone that has such instances; some old ones do not."""
    ec2 = account.client("ec2")
    for subnet in network.public:
        try:
            _patiently(partial(ec2.run_instances, **request, SubnetId=subnet), sleep)
        except ClientError as error:
            if code_of(error) not in _NOT_IN_THIS_ZONE:
                raise
        else:
            return
    msg = (
        f"no subnet of the default VPC in {account.region} that gives public addresses has room for "
        f"a {SIZE}, which is how a bastion reaches Session Manager; choose another AWS_REGION, or run "
        "with --no-bastion and reach the database your own way"
    )
    raise Misconfigured(msg)


def _request(environment: str, group: str, image: str) -> dict[str, Any]:
    name = Names(environment).bastion
    marks = as_list({"Name": name, **tags(environment)})
    disk = {"Encrypted": True, "VolumeSize": 8, "VolumeType": "gp3"}
    return {
        "ImageId": image,
        "InstanceType": SIZE,
        "SecurityGroupIds": [group],
        "MinCount": 1,
        "MaxCount": 1,
        "IamInstanceProfile": {"Name": name},
        "MetadataOptions": {"HttpTokens": _TOKENS, "HttpEndpoint": "enabled"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}],
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": marks} for kind in ("instance", "volume")
        ],
    }


def _patiently(request: Callable[[], Any], sleep: Callable[[float], None]) -> None:
    """EC2 learns of a new instance profile only a few seconds after IAM."""
    for tries_left in reversed(range(_TRIES)):
        try:
            request()
        except ClientError as error:
            unknown = "instance profile" in str(error).lower()
            if code_of(error) != "InvalidParameterValue" or not unknown or not tries_left:
                raise
            sleep(_PAUSE)
        else:
            return
