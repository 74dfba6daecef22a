"""What somebody changes about roles, policies and the bastion's profile."""

from __future__ import annotations

import contextlib
import json

from support.drifts.site import ANYBODY, EVERYTHING, ID, ISSUER, OURS, STEM, document, drift

BOUNDARY = f"arn:aws:iam::{ID}:policy/{STEM}-boundary"


@drift(f"boundary {STEM}-boundary", "text")
def wide_boundary(site):
    site.client("iam").create_policy_version(
        PolicyArn=BOUNDARY, PolicyDocument=EVERYTHING, SetAsDefault=True
    )


@drift(f"boundary {STEM}-boundary", "text")
def wide_boundary_of_many_versions(site):
    """With this one, AWS keeps no more."""
    iam = site.client("iam")
    while len(iam.list_policy_versions(PolicyArn=BOUNDARY)["Versions"]) < 5:
        iam.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=EVERYTHING, SetAsDefault=True)


@drift(f"boundary {STEM}-boundary", "tags")
def boundary_tags_gone(site):
    site.client("iam").untag_policy(PolicyArn=BOUNDARY, TagKeys=OURS)


for name in (STEM, f"{STEM}-bastion"):

    @drift(f"role {name}", "trust")
    def trusts_anybody(site, name=name):
        site.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=ANYBODY)

    @drift(f"role {name}", "boundary")
    def without_a_boundary(site, name=name):
        site.client("iam").delete_role_permissions_boundary(RoleName=name)

    @drift(f"role {name}", "boundary")
    def another_boundary(site, name=name):
        iam = site.client("iam")
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_policy(PolicyName="wide", PolicyDocument=EVERYTHING)
        iam.put_role_permissions_boundary(
            RoleName=name, PermissionsBoundary=f"arn:aws:iam::{ID}:policy/wide"
        )

    @drift(f"role {name}", "session")
    def sessions_of_twelve_hours(site, name=name):
        site.client("iam").update_role(RoleName=name, MaxSessionDuration=12 * 3600)

    @drift(f"role {name}", "tags")
    def role_tags_gone(site, name=name):
        site.client("iam").untag_role(RoleName=name, TagKeys=OURS)


def trust_changed(site, change):
    iam = site.client("iam")
    there = iam.get_role(RoleName=STEM)["Role"]["AssumeRolePolicyDocument"]
    change(there["Statement"][0]["Condition"])
    iam.update_assume_role_policy(RoleName=STEM, PolicyDocument=json.dumps(there))


@drift(f"role {STEM}", "trust")
def trusts_every_branch(site):
    def change(condition):
        condition["StringLike"] = {f"{ISSUER}:sub": "repo:octo/statpipe:*"}
        del condition["StringEquals"][f"{ISSUER}:sub"]

    trust_changed(site, change)


@drift(f"role {STEM}", "trust")
def trusts_every_audience(site):
    trust_changed(site, lambda condition: condition["StringEquals"].pop(f"{ISSUER}:aud"))


@drift(f"role {STEM}", "trust")
def trusts_names_without_numbers_only(site):
    def change(condition):
        condition["StringEquals"][f"{ISSUER}:sub"] = "repo:octo/statpipe:environment:staging"

    trust_changed(site, change)


@drift(f"role {STEM}", "rights")
def rights_gone(site):
    site.client("iam").delete_role_policy(RoleName=STEM, PolicyName="runtime")


@drift(f"role {STEM}", "rights")
def may_do_everything(site):
    site.client("iam").put_role_policy(
        RoleName=STEM, PolicyName="runtime", PolicyDocument=document(Action="*", Resource="*")
    )


@drift(f"role {STEM}-bastion", "rights")
def managed_policy_gone(site):
    site.client("iam").detach_role_policy(
        RoleName=f"{STEM}-bastion",
        PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    )


@drift(f"instance profile {STEM}-bastion", "role")
def profile_without_role(site):
    site.client("iam").remove_role_from_instance_profile(
        InstanceProfileName=f"{STEM}-bastion", RoleName=f"{STEM}-bastion"
    )


@drift(f"instance profile {STEM}-bastion", "role")
def profile_with_a_role_of_others(site):
    profile_without_role(site)
    iam = site.client("iam")
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=ANYBODY)
    iam.add_role_to_instance_profile(InstanceProfileName=f"{STEM}-bastion", RoleName="theirs")


@drift(f"instance profile {STEM}-bastion", "tags")
def profile_tags_gone(site):
    site.client("iam").untag_instance_profile(InstanceProfileName=f"{STEM}-bastion", TagKeys=OURS)


@drift(f"identity provider {ISSUER}", "audience")
def made_for_others(site):
    from moto.iam.models import iam_backends

    (provider,) = iam_backends[ID]["aws"].open_id_providers.values()
    provider.client_id_list[:] = ["somebody-else"]
