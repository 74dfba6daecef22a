"""The way back: printed, complete, in an order that works, and done by nobody but the reader."""

from __future__ import annotations

import re
import shlex

import pytest

from support import aws_line


@pytest.fixture
def printed(moto, provision, recorder):
    provision(env="prod")
    provision()
    recorder.clear()
    code, out, _ = provision("--destroy-plan")
    assert code == 0
    assert recorder.mutating() == {}
    return out.splitlines()


def does(client, line):
    """Run a line of AWS's command line through boto3."""
    aws, *words = shlex.split(line)
    assert aws == "aws"
    aws_line.does(client, words)


def test_the_lines_remove_one_environment_and_keep_the_other(printed, client, provision):
    for line in printed:
        if not line.startswith("#"):
            does(client, line)
    iam = client("iam")
    assert {role["RoleName"] for role in iam.list_roles()["Roles"]} == {
        "statpipe-prod",
        "statpipe-prod-bastion",
    }
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    assert [p["InstanceProfileName"] for p in profiles] == ["statpipe-prod-bastion"]
    (left,) = client("rds").describe_db_instances()["DBInstances"]
    assert left["DBInstanceIdentifier"] == "statpipe-prod"
    groups = {g["GroupName"] for g in client("ec2").describe_security_groups()["SecurityGroups"]}
    assert groups == {"default", "statpipe-prod-bastion", "statpipe-prod-database"}
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {a["AlarmName"].split("-")[1] for a in alarms} == {"prod"}
    logs = {g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"]}
    assert logs == {"/statpipe/prod", "/aws/rds/instance/statpipe-prod/postgresql"}
    topics = client("sns").list_topics()["Topics"]
    assert [t["TopicArn"].split(":")[-1] for t in topics] == ["statpipe-prod"]
    # What both share, and what holds data, is still there.
    buckets = {b["Name"] for b in client("s3").list_buckets()["Buckets"]}
    assert buckets == {"statpipe-data-test", "statpipe-data-test-access-logs"}
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    # And it can be made again.
    code, out, _ = provision()
    assert code == 0
    assert "unchanged     bucket statpipe-data-test\n" in out
    assert "created       database statpipe-staging\n" in out


def test_data_and_what_is_shared_is_commented_out(printed):
    commands = [line for line in printed if not line.startswith("#")]
    assert not any("s3" in shlex.split(line)[1] for line in commands)
    assert not any("budget" in line or "open-id" in line for line in commands)
    comments = "\n".join(line for line in printed if line.startswith("#"))
    for part in (
        "aws s3api put-bucket-lifecycle-configuration --bucket statpipe-data-test ",
        "aws s3api put-bucket-lifecycle-configuration --bucket statpipe-data-test-access-logs ",
        "aws s3api delete-bucket --bucket statpipe-data-test --region us-east-1",
        "aws s3api delete-bucket --bucket statpipe-data-test-access-logs --region us-east-1",
        "aws budgets delete-budget --account-id 123456789012 --budget-name statpipe",
        "aws iam delete-open-id-connect-provider",
    ):
        assert part in comments


def test_a_database_of_prod_must_first_lose_its_protection(moto, provision):
    provision(env="prod")
    _, out, _ = provision("--destroy-plan", env="prod")
    lines = [line for line in out.splitlines() if "rds" in line]
    assert "--no-deletion-protection" in lines[0]
    assert "rds wait db-instance-available" in lines[1]
    snapshot = re.search(
        r"--final-db-snapshot-identifier statpipe-prod-last-(\d{8}-\d{6}) ", lines[2]
    )
    assert snapshot, "a second rollback must not meet the snapshot of the first"


def test_without_resources_no_command_is_printed(moto, provision):
    code, out, _ = provision("--destroy-plan")
    assert code == 0
    assert "aws " not in out.replace("account", "")


@pytest.mark.slow
def test_all_lines_including_commented_ones_leave_nothing(moto, provision, client):
    provision()
    _, out, _ = provision("--destroy-plan")
    for line in out.splitlines():
        command = line.removeprefix("# ")
        if command.startswith("aws s3api delete-bucket "):
            emptied(client("s3"), shlex.split(command)[4])
        if command.startswith("aws "):
            does(client, command)
    _, plan, _ = provision("--plan")
    assert {line.split("  ")[0] for line in plan.splitlines()} == {"would create"}
    _, out, _ = provision("--destroy-plan")
    assert not [line for line in out.splitlines() if line.startswith(("aws", "# aws"))]


def emptied(s3, bucket):
    """As S3 itself does, some days after it was told."""
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["Filter"], rule["Status"]) == ({"Prefix": ""}, "Enabled")
    assert rule["Expiration"] == {"Days": 1}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    found = s3.list_object_versions(Bucket=bucket)
    for entry in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])


class Interrupted(BaseException):
    """As if the process had been killed."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "operation",
    [
        "RDS:CreateDBInstance",
        "IAM:AttachRolePolicy",
        "IAM:AddRoleToInstanceProfile",
        "EC2:RunInstances",
        "IAM:PutRolePolicy",
    ],
)
def test_leftovers_of_an_interrupted_run_can_be_removed(
    moto, provision, client, recorder, operation
):
    def kill(name):
        if name == operation:
            raise Interrupted

    recorder.hooks.append(kill)
    with pytest.raises(Interrupted):
        provision()
    recorder.hooks.clear()
    _, out, _ = provision("--destroy-plan")
    for line in out.splitlines():
        if line.startswith("aws "):
            does(client, line)
    _, plan, _ = provision("--plan")
    there = {line.split(" ", 2)[2].strip() for line in plan.splitlines() if "unchanged" in line}
    assert all(name.startswith(("bucket", "identity", "budget")) for name in there)
    assert "would change" not in plan
