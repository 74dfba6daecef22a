"""The way back: printed, complete, in an order that works, and done by nobody but the reader."""

from __future__ import annotations

import shlex

import pytest


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
    words = shlex.split(line)
    assert words[0] == "aws"
    service, operation = words[1:3]
    wait = operation == "wait"
    if wait:
        operation = words[3]
    arguments, key = {}, None
    for word in words[4 if wait else 3 :]:
        if word.startswith("--"):
            key = word[2:]
            arguments[key] = []
        else:
            arguments[key].append(word)
    arguments.pop("region", None)
    api = client({"s3api": "s3"}.get(service, service))
    names = (
        api.meta.service_model.operation_model(_camel(operation)).input_shape.members
        if not wait
        else {}
    )
    request = {}
    for name, values in arguments.items():
        flag = not name.startswith("no-")
        member = next(
            (m for m in names if m.lower() == name.removeprefix("no-").replace("-", "").lower()),
            _camel(name),
        )
        shape = names[member].type_name if member in names else "list"
        if shape == "boolean":
            request[member] = flag
        else:
            request[member] = values if shape == "list" else values[0]
    if wait:
        return
    getattr(api, operation.replace("-", "_"))(**request)


def _camel(word):
    named = {"delete-db-instance": "DeleteDBInstance", "modify-db-instance": "ModifyDBInstance"}
    named |= {"delete-db-parameter-group": "DeleteDBParameterGroup"}
    named |= {"delete-db-subnet-group": "DeleteDBSubnetGroup"}
    return named.get(word, "".join(part.capitalize() for part in word.split("-")))


def test_the_lines_take_the_environment_away_and_leave_the_other(printed, client, provision):
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
        "aws s3 rm --recursive s3://statpipe-data-test/staging/",
        "aws s3api delete-bucket --bucket statpipe-data-test --region us-east-1",
        "aws budgets delete-budget --account-id 123456789012 --budget-name statpipe",
        "aws iam delete-open-id-connect-provider",
    ):
        assert part in comments


def test_a_database_of_prod_must_first_lose_its_protection(moto, provision):
    provision(env="prod")
    _, out, _ = provision("--destroy-plan", env="prod")
    lines = [line for line in out.splitlines() if "rds" in line]
    assert "--no-deletion-protection" in lines[0]
    assert "--final-db-snapshot-identifier statpipe-prod-last" in lines[1]


def test_where_nothing_is_there_nothing_that_must_be_found_is_named(moto, provision):
    code, out, _ = provision("--destroy-plan")
    assert code == 0
    assert "terminate-instances" not in out
    assert "delete-db-instance" not in out
