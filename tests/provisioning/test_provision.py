"""All of an environment: made, then left alone, completed after an interruption, planned, undone."""

from __future__ import annotations

import json
import re

import boto3
import pytest
from provisioning.account import Account
from provisioning.provision import provision as provision_all
from provisioning.provision_aws import regions
from provisioning.reconcile import Reconciler
from provisioning.settings import read_settings

ONCE_AN_ACCOUNT = {
    "bucket statpipe-data-test",
    "bucket statpipe-data-test-access-logs",
    "identity provider token.actions.githubusercontent.com",
    "budget statpipe",
}


def lines(out):
    """What is said of each resource: verb, name."""
    found = re.findall(r"^(created|changed|unchanged|would \w+) +(.*)$", out, re.MULTILINE)
    return [(verb, name.partition(" (")[0]) for verb, name in found]


@pytest.mark.parametrize("options", [(), ("--no-bastion",)])
def test_a_first_run_creates_everything_and_a_second_changes_nothing(
    moto, provision, recorder, options
):
    code, out, err = provision(*options)
    assert (code, err) == (0, "provisioning staging in account 123456789012, us-east-1\n")
    assert {verb for verb, _ in lines(out)} == {"created"}
    assert recorder.mutating()
    assert any("bastion statpipe" in line for _, line in lines(out)) is not bool(options)
    recorder.clear()
    code, again, _ = provision(*options)
    assert code == 0
    assert {verb for verb, _ in lines(again)} == {"unchanged"}
    assert [name for _, name in lines(again)] == [name for _, name in lines(out)]
    assert recorder.mutating() == {}


def test_prod_beside_staging_only_creates_its_own_resources(moto, provision, recorder):
    provision()
    _, out, _ = provision(env="prod")
    assert {name for verb, name in lines(out) if verb == "unchanged"} == ONCE_AN_ACCOUNT
    assert {verb for verb, _ in lines(out)} == {"created", "unchanged"}
    recorder.clear()
    for env in ("staging", "prod"):
        assert {verb for verb, _ in lines(provision(env=env)[1])} == {"unchanged"}
    assert recorder.mutating() == {}


class Interrupted(BaseException):
    """As if the process had been killed."""


@pytest.mark.slow
def test_killed_runs_are_completed_by_later_ones(moto, provision, variables, recorder):
    """
    Each run makes one change and is killed before the next, so that every state in which a run can be
    left is one that a run begins with.
    """
    settings = read_settings("staging", variables, regions=regions(), bastion=True)
    account = Account(session=boto3.Session(region_name="us-east-1"), region="us-east-1")
    changes = []

    def kill_in_time(name):
        if name in recorder.mutating():
            changes.append(name)
            if len(changes) > 1:
                raise Interrupted

    recorder.hooks.append(kill_in_time)
    killed = []
    for _ in range(100):
        changes.clear()
        try:
            provision_all(account, settings, Reconciler(plan=False, tell=lambda _: None))
        except Interrupted:
            killed.append(changes[0])
        else:
            break
    assert len(killed) > 30
    assert len(set(killed)) > 20
    recorder.hooks.clear()
    recorder.clear()
    assert {verb for verb, _ in lines(provision()[1])} == {"unchanged"}
    assert recorder.mutating() == {}


def test_a_plan_shows_what_would_be_done_and_does_nothing(moto, provision, recorder):
    code, out, err = provision("--plan")
    assert code == 0
    assert {verb for verb, _ in lines(out)} == {"would create"}
    assert err.splitlines() == [
        "plan for staging in account 123456789012, us-east-1",
        "nothing was changed",
    ]
    assert recorder.mutating() == {}
    _, made, _ = provision()
    assert [name for _, name in lines(made)] == [name for _, name in lines(out)]
    recorder.clear()
    assert {verb for verb, _ in lines(provision("--plan")[1])} == {"unchanged"}
    assert recorder.mutating() == {}


def test_a_plan_names_what_it_would_change(moto, provision, recorder, monkeypatch):
    provision()
    recorder.clear()
    monkeypatch.setenv("LOG_RETENTION_DAYS", "30")
    code, out, _ = provision("--plan")
    assert code == 0
    assert "would change  log group /statpipe/staging (retention)\n" in out
    assert recorder.mutating() == {}


def test_a_plan_that_would_change_something_is_a_bug_and_stops():
    session = boto3.Session("a", "b", region_name="us-east-1")
    account = Account(session=session, region="us-east-1", plan=True)
    with pytest.raises(RuntimeError, match="a plan must change nothing, and SNS:CreateTopic was"):
        account.client("sns").create_topic(Name="x")


def test_foreign_additions_are_exit_4_until_repair_removes_them(
    moto, provision, client, recorder, tmp_path
):
    provision()
    iam = client("iam")
    role, bastion = "statpipe-staging", "statpipe-staging-bastion"
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    rights = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=rights)
    iam.put_role_policy(RoleName=bastion, PolicyName="more", PolicyDocument=rights)
    iam.update_role(RoleName=role, MaxSessionDuration=43200)
    recorder.clear()
    last = (
        "provision: 2 things were added to these resources by somebody else, and may open them to "
        "others: look at each line `not ours` above; if nobody needs it, run again with --repair "
        "(make: REPAIR=1) (exit 4)"
    )
    code, out, err = provision("--plan")
    assert (code, err.splitlines()[-1]) == (4, last)
    assert f"would change  role {role} (session)\n" in out
    code, out, err = provision("--plan", "--repair")
    assert (code, err.splitlines()[-1]) == (4, last)
    assert f"would remove  role {role}: the policy more is written into it\n" in out
    assert recorder.mutating() == {}

    code, out, err = provision("--outputs", str(tmp_path / "values"))
    assert (code, err.splitlines()[-1]) == (4, last)
    assert f"changed       role {role} (session)\n" in out
    for name in (role, bastion):
        assert f"not ours      role {name}: the policy more is written into it\n" in out
    assert f"unchanged     role {bastion}" not in out
    assert recorder.mutating() == {"IAM:UpdateRole": 1}
    assert "AWS_ROLE_ARN" in (tmp_path / "values").read_text(), "all else was done"

    code, out, _ = provision("--repair")
    assert code == 0
    for name in (role, bastion):
        assert f"removed       role {name}: the policy more is written into it\n" in out
    recorder.clear()
    code, out, _ = provision("--repair")
    assert code == 0
    assert {verb for verb, _ in lines(out)} == {"unchanged"}
    assert recorder.mutating() == {}


def test_a_parallel_removal_is_not_an_error():
    from botocore.exceptions import ClientError
    from provisioning.reconcile import Resource, Stranger

    def remove():
        raise ClientError({"Error": {"Code": "NoSuchEntity"}}, "DeleteRolePolicy")

    said = []
    stranger = Stranger(what="a policy", remove=remove)
    role = Resource(
        name="role", find=lambda: "it", create=lambda: None, strangers=lambda _: [stranger]
    )
    reconciler = Reconciler(plan=False, repair=True, tell=said.append)
    reconciler.settle(role)
    assert (said, reconciler.left) == (["removed       role: a policy"], [])


def test_every_taggable_resource_has_our_tags(moto, provision, client):
    provision()
    wanted = {"project": "statpipe", "managed-by": "provision_aws.py"}
    account, region = "123456789012", "us-east-1"

    def pairs(tags):
        return {t.get("Key", t.get("key")): t.get("Value", t.get("value")) for t in tags}

    iam, rds, ec2 = client("iam"), client("rds"), client("ec2")
    found = {}
    for bucket in ("statpipe-data-test", "statpipe-data-test-access-logs"):
        found[bucket] = pairs(client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"])
    for role in ("statpipe-staging", "statpipe-staging-bastion"):
        found[role] = pairs(iam.list_role_tags(RoleName=role)["Tags"])
    provider = f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"
    found["provider"] = pairs(
        iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)["Tags"]
    )
    profile = iam.get_instance_profile(InstanceProfileName="statpipe-staging-bastion")
    found["profile"] = pairs(profile["InstanceProfile"]["Tags"])
    for resource in (
        "db:statpipe-staging",
        "subgrp:statpipe-staging",
        "pg:statpipe-staging-postgres17",
    ):
        arn = f"arn:aws:rds:{region}:{account}:{resource}"
        found[resource] = pairs(rds.list_tags_for_resource(ResourceName=arn)["TagList"])
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        if group["GroupName"].startswith("statpipe"):
            found[group["GroupName"]] = pairs(group.get("Tags", ()))
    for instance in ec2.describe_instances()["Reservations"][0]["Instances"]:
        found["instance"] = pairs(instance["Tags"])
    found["volume"] = pairs(ec2.describe_volumes()["Volumes"][0].get("Tags", ()))
    topic = f"arn:aws:sns:{region}:{account}:statpipe-staging"
    found["topic"] = pairs(client("sns").list_tags_for_resource(ResourceArn=topic)["Tags"])
    for group in ("/statpipe/staging", "/aws/rds/instance/statpipe-staging/postgresql"):
        arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
        found[group] = client("logs").list_tags_for_resource(resourceArn=arn)["tags"]
    for kind in ("freshness", "freshness-bea_rpp_state", "late-bea_pce_state", "late-bea_rpp_state", "storage", "cpu"):  # fmt: skip
        arn = f"arn:aws:cloudwatch:{region}:{account}:alarm:statpipe-staging-{kind}"
        found[kind] = pairs(client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"])
    assert len(found) == 21
    shared = {"statpipe-data-test", "statpipe-data-test-access-logs", "provider"}
    for name, tags in found.items():
        environment = "shared" if name in shared else "staging"
        assert {**wanted, "environment": environment}.items() <= tags.items(), name


def test_tags_of_others_stay(moto, provision, client):
    provision()
    s3, bucket = client("s3"), "statpipe-data-test"
    theirs = [{"Key": "cost-centre", "Value": "42"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": theirs})
    assert "changed       bucket statpipe-data-test (tags)\n" in provision()[1]
    tags = {t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags["cost-centre"] == "42"
    assert tags["project"] == "statpipe"


def test_the_budget_is_made_with_tags(moto, provision, monkeypatch):
    """The emulator shows no tags of budgets, so the request is looked at."""
    asked = []
    made = Account._note

    def note(self, model, params, **more):
        if model.name == "CreateBudget":
            asked.append(json.loads(params["body"]))
        made(self, model, **more)

    monkeypatch.setattr(Account, "_note", note)
    provision()
    (request,) = asked
    tags = {tag["Key"]: tag["Value"] for tag in request["ResourceTags"]}
    assert tags == {
        "project": "statpipe",
        "environment": "shared",
        "managed-by": "provision_aws.py",
    }


def test_a_bastion_that_is_no_longer_wanted_stays_and_the_role_may_not_use_it(
    moto, provision, client
):
    provision()
    code, out, _ = provision("--no-bastion")
    assert code == 0
    assert [line for line in lines(out) if line[0] != "unchanged"] == [
        ("changed", "role statpipe-staging")
    ]
    rights = client("iam").get_role_policy(RoleName="statpipe-staging", PolicyName="runtime")
    assert not any("ssm" in str(s["Action"]) for s in rights["PolicyDocument"]["Statement"])
    (instance,) = client("ec2").describe_instances()["Reservations"][0]["Instances"]
    assert instance["State"]["Name"] == "running"


def test_no_secret_is_printed(moto, provision, monkeypatch, client):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-aws")
    monkeypatch.setenv("BEA_API_KEY", "canary-of-bea")
    printed = [*provision(), *provision("--plan"), *provision("--destroy-plan")]
    printed += provision("--policy")
    (secret,) = client("secretsmanager").list_secrets()["SecretList"]
    password = client("secretsmanager").get_secret_value(SecretId=secret["ARN"])["SecretString"]
    for part in ("canary", json.loads(password)["password"]):
        assert not any(part in str(text) for text in printed)


def test_the_run_waits_for_created_resources_to_appear():
    from provisioning.failures import Unreachable
    from provisioning.reconcile import Resource

    shown = iter([None, None, None, "it"])
    pauses = []
    said = []
    slow = Resource(name="thing", find=lambda: next(shown), create=lambda: None)
    settled = Reconciler(plan=False, tell=said.append, sleep=pauses.append).settle(slow)
    assert settled == "it"
    assert len(pauses) == 2
    assert said == ["created       thing"]
    never = Resource(name="thing", find=lambda: None, create=lambda: None)
    with pytest.raises(Unreachable) as caught:
        Reconciler(plan=False, tell=said.append, sleep=pauses.append).settle(never)
    assert str(caught.value) == "thing was made but AWS does not show it yet; run again"


def test_a_parallel_creation_is_not_an_error():
    from botocore.exceptions import ClientError
    from provisioning.reconcile import Resource

    there = []

    def create():
        there.append("theirs")
        raise ClientError({"Error": {"Code": "EntityAlreadyExists"}}, "CreateRole")

    said = []
    resource = Resource(name="role", find=lambda: there[0] if there else None, create=create)
    Reconciler(plan=False, tell=said.append).settle(resource)
    assert said == ["unchanged     role"]
