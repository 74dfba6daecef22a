"""The most that roles of an environment can be given, whoever gives it to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.documents import meaning, policy
from provisioning.identity import boundary_arn
from provisioning.names import Names
from provisioning.reconcile import Aspect, Resource, absent_on
from provisioning.runtime_policy import Reach, runtime_policy
from provisioning.settings import Settings
from provisioning.tags import as_list, as_mapping, tagged, tags

_VERSIONS = 5
"""How many versions of a policy AWS keeps."""

_SESSION_MANAGER = {
    "Sid": "BeReachedBySessionManager",
    "Effect": "Allow",
    "Action": [
        "ec2messages:AcknowledgeMessage",
        "ec2messages:DeleteMessage",
        "ec2messages:FailMessage",
        "ec2messages:GetEndpoint",
        "ec2messages:GetMessages",
        "ec2messages:SendReply",
        "ssm:DescribeAssociation",
        "ssm:DescribeDocument",
        "ssm:GetDeployablePatchSnapshotForInstance",
        "ssm:GetDocument",
        "ssm:GetManifest",
        "ssm:ListAssociations",
        "ssm:ListInstanceAssociations",
        "ssm:PutComplianceItems",
        "ssm:PutConfigurePackageResult",
        "ssm:PutInventory",
        "ssm:UpdateAssociationStatus",
        "ssm:UpdateInstanceAssociationStatus",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ],
    "Resource": "*",
}
"""What AmazonSSMManagedInstanceCore allows, but for reading the account's parameters: some hold secrets."""


def boundary(account: Account, settings: Settings) -> Resource[Any]:
    """
    The policy that bounds the roles of an environment. Whoever provisions may make it, and only an
    administrator may change it.
    """
    iam, environment = account.client("iam"), settings.environment
    arn, name = boundary_arn(account, environment), Names(environment).boundary
    wanted = boundary_policy(account, settings)

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        asked = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
        yield Aspect(
            name="text",
            now=meaning(asked["PolicyVersion"]["Document"]),
            wanted=meaning(wanted),
            write=lambda: _replace(iam, arn, wanted),
        )
        yield tagged(
            as_mapping(found.get("Tags", ())),
            environment,
            lambda ours: iam.tag_policy(PolicyArn=arn, Tags=as_list(ours)),
        )

    return Resource(
        name=f"boundary {name}",
        find=lambda: absent_on("NoSuchEntity")(lambda: iam.get_policy(PolicyArn=arn)["Policy"]),
        create=partial(
            iam.create_policy,
            PolicyName=name,
            Description=f"statpipe, environment {environment}: the most that its roles may do",
            PolicyDocument=json.dumps(wanted),
            Tags=as_list(tags(environment)),
        ),
        aspects=aspects,
    )


def boundary_policy(account: Account, settings: Settings) -> dict[str, Any]:
    """
    Return what the run may do, on any database and bastion, and what the bastion needs.
    """
    most = runtime_policy(account, settings, Reach(database="*", bastion="*"))
    return policy(*most["Statement"], _SESSION_MANAGER)


def _replace(iam: Any, arn: str, wanted: dict[str, Any]) -> None:
    """Make a version of it the one that counts, in place of the oldest if there are too many."""
    found = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    others = [entry for entry in found if not entry["IsDefaultVersion"]]
    if len(found) >= _VERSIONS:
        oldest = min(others, key=lambda entry: entry["CreateDate"])
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(wanted), SetAsDefault=True)
