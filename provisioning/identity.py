"""Who may act: GitHub as an identity provider, and one role for each environment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.documents import meaning, policy
from provisioning.names import AUDIENCE, ISSUER, Names
from provisioning.reconcile import Aspect, Resource, Stranger, absent_on
from provisioning.settings import NAMED, Settings
from provisioning.tags import SHARED, as_list, as_mapping, tagged, tags

_POLICY = "runtime"
_HOUR = 3600
"""Length of a session: the shortest that a role can have, and longer than any run."""
_MISSING = absent_on("NoSuchEntity", "NoSuchEntityException")


def provider_arn(account: Account) -> str:
    """
    Name GitHub's provider in this account.
    """
    return account.arn("iam", f"oidc-provider/{ISSUER}", everywhere=True)


def role_arn(account: Account, environment: str) -> str:
    """
    Name an environment's role.
    """
    return account.arn("iam", f"role/{Names(environment).stem}", everywhere=True)


def boundary_arn(account: Account, environment: str) -> str:
    """
    Name the policy that bounds an environment's roles.
    """
    return account.arn("iam", f"policy/{Names(environment).boundary}", everywhere=True)


def github_provider(account: Account) -> Resource[Any]:
    """
    GitHub as an identity provider. An account has one, others may use it as well: it is made if it is
    missing, learns our audience, and is otherwise left as it is.
    """
    iam, arn = account.client("iam"), provider_arn(account)

    def audience(found: dict[str, Any]) -> Iterable[Aspect]:
        yield Aspect(
            name="audience",
            now=AUDIENCE in found["ClientIDList"],
            wanted=True,
            write=lambda: iam.add_client_id_to_open_id_connect_provider(
                OpenIDConnectProviderArn=arn, ClientID=AUDIENCE
            ),
        )

    return Resource(
        name=f"identity provider {ISSUER}",
        find=lambda: _MISSING(
            lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        ),
        create=lambda: iam.create_open_id_connect_provider(
            Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE], Tags=as_list(tags(SHARED))
        ),
        aspects=audience,
    )


def subject(settings: Settings) -> str:
    """
    Return the subject that GitHub's token must have: this repository, in this environment of GitHub.

    GitHub writes the numbers of owner and repository into it ("immutable subject claims"): numbers are
    never given away again, so whoever takes over a name does not get the role. Repositories that were
    made before 15 July 2026 send the name alone until an administrator switches that on; only
    ``GITHUB_SUBJECT=named`` trusts this.
    """
    repository = settings.repository
    if settings.subject != NAMED:
        owner, name = repository.split("/")
        repository = f"{owner}@{settings.owner_id}/{name}@{settings.repository_id}"
    return f"repo:{repository}:environment:{settings.environment}"


def trust(account: Account, settings: Settings) -> dict[str, Any]:
    """
    Return the policy that says who may become the role.
    """
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn(account)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject(settings)}
            },
        }
    )


def runtime_role(
    account: Account, settings: Settings, rights: dict[str, Any] | None
) -> Resource[Any]:
    """
    The role of a run. A plan that does not know the rights yet gives ``None``.
    """
    return role(
        account,
        name=Names(settings.environment).stem,
        environment=settings.environment,
        trusted=trust(account, settings),
        rights=rights,
    )


def role(
    account: Account,
    *,
    name: str,
    environment: str,
    trusted: dict[str, Any],
    rights: dict[str, Any] | None = None,
    managed: str | None = None,
) -> Resource[Any]:
    """
    A role with rights of its own, or with a policy that AWS manages.
    """
    iam, bound = account.client("iam"), boundary_arn(account, environment)

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        document = json.dumps(trusted)
        # First: whoever provisions may give rights only to a role that has it.
        yield Aspect(
            name="boundary",
            now=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            wanted=bound,
            write=lambda: iam.put_role_permissions_boundary(
                RoleName=name, PermissionsBoundary=bound
            ),
        )
        yield Aspect(
            name="trust",
            now=meaning(found["AssumeRolePolicyDocument"]),
            wanted=meaning(trusted),
            write=lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=document),
        )
        yield Aspect(
            name="session",
            now=found.get("MaxSessionDuration", _HOUR),
            wanted=_HOUR,
            write=lambda: iam.update_role(RoleName=name, MaxSessionDuration=_HOUR),
        )
        yield tagged(
            as_mapping(found.get("Tags", ())),
            environment,
            lambda ours: iam.tag_role(RoleName=name, Tags=as_list(ours)),
        )
        if rights is not None:
            yield _rights(iam, name, rights)
        if managed is not None:
            yield _managed(iam, name, managed)

    return Resource(
        name=f"role {name}",
        find=lambda: _MISSING(lambda: iam.get_role(RoleName=name)["Role"]),
        create=lambda: iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(trusted),
            Description=f"statpipe, environment {environment}",
            PermissionsBoundary=bound,
            Tags=as_list(tags(environment)),
        ),
        aspects=aspects,
        strangers=lambda _: _strangers(iam, name, managed),
    )


def inline_policies(iam: Any, role_name: str) -> set[str]:
    """
    Return the names of the policies that are written into a role.
    """
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role_name)
    return {name for page in pages for name in page["PolicyNames"]}


def attached_policies(iam: Any, role_name: str) -> set[str]:
    """
    Return the names of the policies that are attached to a role.
    """
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role_name)
    return {entry["PolicyArn"] for page in pages for entry in page["AttachedPolicies"]}


def _strangers(iam: Any, name: str, managed: str | None) -> Iterator[Stranger]:
    """Rights that others gave to the role, and ways in which others hand it to an instance."""
    own = set() if managed else {_POLICY}
    for written in sorted(inline_policies(iam, name) - own):
        yield Stranger(
            what=f"the policy {written} is written into it",
            remove=partial(iam.delete_role_policy, RoleName=name, PolicyName=written),
        )
    for arn in sorted(attached_policies(iam, name) - {managed}):
        yield Stranger(
            what=f"the policy {arn} is attached to it",
            remove=partial(iam.detach_role_policy, RoleName=name, PolicyArn=arn),
        )
    pages = iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=name)
    found = {entry["InstanceProfileName"] for page in pages for entry in page["InstanceProfiles"]}
    # The bastion's has its role's name.
    for profile in sorted(found - ({name} if managed else set())):
        yield Stranger(
            what=f"the instance profile {profile} gives it to instances",
            remove=partial(
                iam.remove_role_from_instance_profile, InstanceProfileName=profile, RoleName=name
            ),
        )


def _rights(iam: Any, role_name: str, rights: dict[str, Any]) -> Aspect:
    found = _MISSING(lambda: iam.get_role_policy(RoleName=role_name, PolicyName=_POLICY))
    return Aspect(
        name="rights",
        now=meaning(found["PolicyDocument"]) if found else None,
        wanted=meaning(rights),
        write=lambda: iam.put_role_policy(
            RoleName=role_name, PolicyName=_POLICY, PolicyDocument=json.dumps(rights)
        ),
    )


def _managed(iam: Any, role_name: str, arn: str) -> Aspect:
    return Aspect(
        name="rights",
        now=arn in attached_policies(iam, role_name),
        wanted=True,
        write=lambda: iam.attach_role_policy(RoleName=role_name, PolicyArn=arn),
    )
