"""`DB_SERVER=own` and `none`: an environment without RDS, and so without a bastion and a tunnel."""

from __future__ import annotations

import json

import pytest

from provisioning import init_database

ELSEWHERE = ("RDS:", "EC2:", "Secrets Manager:", "SSM:")


@pytest.fixture(params=["own", "none"])
def server(request, monkeypatch):
    monkeypatch.setenv("DB_SERVER", request.param)
    return request.param


def test_no_database_is_requested_or_created(moto, provision, recorder, server, client):
    for vpc in client("ec2").describe_vpcs()["Vpcs"]:
        for subnet in client("ec2").describe_subnets()["Subnets"]:
            client("ec2").delete_subnet(SubnetId=subnet["SubnetId"])
        client("ec2").delete_vpc(VpcId=vpc["VpcId"])
    recorder.clear()
    code, out, err = provision()
    assert code == 0, err
    assert not [name for name in recorder if name.startswith(ELSEWHERE)]
    assert not [
        line for line in out.splitlines() if "database" in line and line.startswith("created")
    ]
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["MetricName"] for alarm in alarms} == {"Success", "Late"}
    recorder.clear()
    again = provision()[1].split("\n\n")[0].splitlines()
    assert {line.split()[0] for line in again} == {"unchanged"}
    assert recorder.mutating() == {}
    code, printed, _ = provision("--destroy-plan")
    assert code == 0
    assert "aws iam delete-role --role-name statpipe-staging" in printed


def test_the_role_only_has_rights_to_the_lake_and_to_send_messages(moto, provision, client, server):
    provision()
    rights = client("iam").get_role_policy(RoleName="statpipe-staging", PolicyName="runtime")
    assert [statement["Sid"] for statement in rights["PolicyDocument"]["Statement"]] == [
        "ReadAndWriteObjects",
        "ListObjects",
        "SendMessages",
        "WriteLog",
        "SendMetric",
    ]
    assert "rds" not in json.dumps(rights["PolicyDocument"])


def test_the_values_have_no_connection_string_and_say_what_to_do(moto, provision, server):
    out = provision()[1]
    assert "STATPIPE_STAGING_PG=" not in out
    assert "STATPIPE_STAGING_LAKE=s3://statpipe-data-test" in out
    said = {
        "own": "Set the secret STATPIPE_STAGING_PG in GitHub's environment staging, and in .env: the "
        "connection string of your PostgreSQL.",
        "none": "Take the table [environments.staging.sinks.postgres] out of statpipe.toml.",
    }
    assert said[server] in out


def test_make_database_says_who_creates_the_roles(variables, server, capsys, tmp_path):
    (tmp_path / ".env").touch()
    code = init_database.main(["--env", "staging", "--env-file", str(tmp_path / ".env")])
    said = {
        "own": "init_database: DB_SERVER is own: no administrator of your PostgreSQL is known here; run "
        "`statpipe db init --env staging` with the administrator's connection string in "
        "STATPIPE_STAGING_PG (exit 2)\n",
        "none": "init_database: DB_SERVER is none, so there is no database to make (exit 2)\n",
    }
    assert (code, capsys.readouterr().err) == (2, said[server])
