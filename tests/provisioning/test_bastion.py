"""The bastion: replaced when AWS has a newer image, watched, and found by its name alone."""

from __future__ import annotations

import json

import pytest

from provisioning import bastion

NEWER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
"""Another image of AWS's, in place of one that comes out later."""

NAME = "statpipe-staging-bastion"
ALIVE = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}]


@pytest.fixture
def alive(client):
    """The instances that are there, by their numbers, with their images."""

    def alive():
        groups = client("ec2").describe_instances(Filters=ALIVE)["Reservations"]
        return {one["InstanceId"]: one["ImageId"] for group in groups for one in group["Instances"]}

    return alive


def changes(out):
    """What a run did: verb and name, of all that was not left alone."""
    said = [line.split(maxsplit=1) for line in out.split("\n\n")[0].splitlines()]
    return [(verb, name) for verb, name in said if verb != "unchanged"]


def test_a_newer_image_replaces_the_bastion_and_all_references_follow(
    provision, client, alive, monkeypatch, recorder
):
    provision()
    (first,) = alive()
    monkeypatch.setattr(bastion, "IMAGE", NEWER)
    _, plan, _ = provision("--plan")
    assert f"would create  bastion {NAME}\n" in plan
    _, out, _ = provision()
    assert changes(out) == [
        ("created", f"bastion {NAME}"),
        ("changed", "role statpipe-staging (rights)"),
        ("changed", "alarm statpipe-staging-bastion (rule)"),
    ]
    (second,) = alive()
    assert second != first
    newest = client("ssm").get_parameter(Name=NEWER)["Parameter"]["Value"]
    assert alive() == {second: newest}
    rights = client("iam").get_role_policy(RoleName="statpipe-staging", PolicyName="runtime")
    assert second in json.dumps(rights["PolicyDocument"])
    assert first not in json.dumps(rights["PolicyDocument"])
    recorder.clear()
    assert changes(provision()[1]) == []
    assert recorder.mutating() == {}


class Interrupted(BaseException):
    """As if the process had been killed."""


def test_the_next_run_ends_an_older_bastion_of_an_interrupted_run(
    moto, provision, alive, monkeypatch, recorder
):
    provision()
    (first,) = alive()
    monkeypatch.setattr(bastion, "IMAGE", NEWER)

    def kill(name):
        if name == "EC2:TerminateInstances":
            raise Interrupted

    recorder.hooks.append(kill)
    with pytest.raises(Interrupted):
        provision()
    recorder.hooks.clear()
    assert len(alive()) == 2
    _, out, _ = provision()
    assert ("changed", f"bastion {NAME} (older instances)") in changes(out)
    (second,) = alive()
    assert second != first


def test_a_foreign_instance_with_that_name_is_not_ended(moto, provision, client, alive):
    marked = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": NAME}]}]
    made = client("ec2").run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, TagSpecifications=marked
    )
    provision()
    assert made["Instances"][0]["InstanceId"] in alive()
    assert len(alive()) == 2


def test_the_status_check_has_an_alarm(moto, provision, client, alive):
    provision()
    (instance,) = alive()
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=[NAME])["MetricAlarms"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/EC2", "StatusCheckFailed")
    assert alarm["Dimensions"] == [{"Name": "InstanceId", "Value": instance}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0.0,
    )
    # A bastion that has just been made has sent nothing: that is no reason for mail.
    assert (alarm["TreatMissingData"], alarm["ActionsEnabled"]) == ("missing", True)
    assert alarm["AlarmActions"]


def test_there_is_no_alarm_without_a_bastion(moto, provision, client):
    provision("--no-bastion")
    assert client("cloudwatch").describe_alarms(AlarmNames=[NAME])["MetricAlarms"] == []
