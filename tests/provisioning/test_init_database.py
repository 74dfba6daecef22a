"""The way to the database: what does not exist is said in one line, and the password in none."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from provisioning import init_database


@pytest.fixture
def init(variables, capsys, tmp_path, monkeypatch):
    """Run the command, but for what it starts; answer exit code, errors and what would be started."""
    started = []

    def start(command, env, check):
        started.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", start)
    file = tmp_path / ".env"
    file.touch()

    def run():
        code = init_database.main(["--env", "staging", "--env-file", str(file)])
        return code, capsys.readouterr().err, started

    return run


def test_a_missing_database_is_named(moto, init):
    assert init() == (
        2,
        "init_database: there is no database statpipe-staging in us-east-1; make it with `python "
        "scripts/provision_aws.py --env staging` (exit 2)\n",
        [],
    )


def test_a_password_not_managed_by_rds_is_reported(moto, init, provision, client):
    provision("--no-bastion")
    client("rds").modify_db_instance(
        DBInstanceIdentifier="statpipe-staging",
        ManageMasterUserPassword=False,
        MasterUserPassword="canary-password",
        ApplyImmediately=True,
    )
    assert init() == (
        2,
        "init_database: RDS keeps no password for the administrator of statpipe-staging; run "
        "provision_aws.py again, which hands it over to RDS (exit 2)\n",
        [],
    )


def test_the_password_is_only_passed_in_statpipes_environment(moto, init, provision, client):
    provision("--no-bastion")
    (secret,) = client("secretsmanager").list_secrets()["SecretList"]
    kept = client("secretsmanager").get_secret_value(SecretId=secret["ARN"])["SecretString"]
    password = json.loads(kept)["password"]
    code, err, ((command, environment),) = init()
    assert (code, err) == (0, "")
    assert command == [sys.executable, "-m", "statpipe", "db", "init", "--env", "staging"]
    assert password in environment["STATPIPE_STAGING_PG"].replace("\\", "")
    assert "user=statpipe_admin" in environment["STATPIPE_STAGING_PG"]
    assert "STATPIPE_STAGING_PG" not in os.environ


def test_served_does_not_show_the_password():
    served = init_database.Served(host="h", user="u", password="canary", bastion=None)
    assert "canary" not in repr(served)
