"""Emulated accounts of AWS, empty ones."""

from __future__ import annotations

import collections
import contextlib
import json
import os

import boto3
import botocore.session
import pytest
import requests
from provisioning.bastion import MANAGED

from support.drifts import Site
from support.moto_account import emulated_account
from support.patience import PATIENCE

VARIABLES = {
    "AWS_REGION": "us-east-1",
    "STATPIPE_BUCKET": "statpipe-data-test",
    "GITHUB_REPOSITORY": "octo/statpipe",
    "GITHUB_OWNER_ID": "11",
    "GITHUB_REPOSITORY_ID": "22",
    "ALERT_EMAIL": "ops@example.org",
}
OWNER = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
OURS = ("AWS_", "GITHUB_", "STATPIPE_", "DB_")
READING = ("Describe", "Get", "Head", "List")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Nobody is there: what is not led to an emulator never reaches AWS itself.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture(scope="package", autouse=True)
def _read_once():
    """A session reads half a second's worth of descriptions of AWS's services: here all share them."""
    loader = botocore.session.create_loader("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda *_: loader)
        yield


@pytest.fixture(scope="package")
def moto_address():
    with emulated_account() as address, pytest.MonkeyPatch.context() as patch:
        from moto.iam import models

        # Of AWS's own policies, those that we use: a thousand others take a second in each test.
        policies = json.loads(models.aws_managed_policies_data)
        used = {MANAGED: policies[MANAGED]}
        patch.setattr(models, "aws_managed_policies_data", json.dumps(used))
        yield address


@pytest.fixture
def moto(moto_address, monkeypatch):
    """An empty account, that AWS's own variables lead to."""
    requests.post(f"{moto_address}/moto-api/reset", timeout=PATIENCE)
    for name, value in {**OWNER, "AWS_ENDPOINT_URL": moto_address}.items():
        monkeypatch.setenv(name, value)
    return moto_address


@pytest.fixture(scope="module")
def alone(moto_address):
    """An account that is empty when a file begins; within, variables lead there."""
    requests.post(f"{moto_address}/moto-api/reset", timeout=PATIENCE)

    @contextlib.contextmanager
    def led():
        with pytest.MonkeyPatch.context() as patch:
            for name in list(os.environ):
                if name.startswith(OURS):
                    patch.delenv(name)
            for name, value in {**VARIABLES, **OWNER, "AWS_ENDPOINT_URL": moto_address}.items():
                patch.setenv(name, value)
            yield VARIABLES

    return led


@pytest.fixture(scope="module")
def site(alone):
    """An environment, made once for a file's tests, each of which finds it and leaves it as it was."""
    with alone() as variables:
        made = Site(variables)
        made.is_as_wanted()
    return made


@pytest.fixture(scope="module")
def both(alone, moto_address, tmp_path_factory):
    """Both environments, made once for a file's tests that only look. Such tests stand first in it."""
    from provisioning.provision_aws import main

    nothing = tmp_path_factory.mktemp("both") / ".env"
    nothing.touch()
    with alone():
        for environment in ("staging", "prod"):
            assert main(["--env", environment, "--env-file", str(nothing)]) == 0
    return _clients(moto_address)


@pytest.fixture
def variables(monkeypatch):
    """Settings as somebody would have them."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return VARIABLES


@pytest.fixture
def recorder(monkeypatch):
    """What is asked of AWS, as service:operation."""
    calls = collections.Counter()
    hooks = []
    made = boto3.Session.__init__

    def recorded(self, *arguments, **keywords):
        made(self, *arguments, **keywords)

        def note(model, **more):
            name = f"{model.service_model.service_id}:{model.name}"
            calls.update([name])
            for hook in hooks:
                hook(name)

        # Last, so that what a hook raises comes from AWS as far as others can tell.
        self.events.register_last("before-call.*.*", note)

    monkeypatch.setattr(boto3.Session, "__init__", recorded)
    calls.hooks = hooks
    calls.mutating = lambda: {
        name: count for name, count in calls.items() if not name.split(":")[1].startswith(READING)
    }
    return calls


@pytest.fixture
def provision(variables, capsys, tmp_path):
    """Run the command; answer exit code and what it printed."""
    from provisioning.provision_aws import main

    (tmp_path / ".env").touch()

    def run(*arguments, env="staging"):
        code = main(["--env", env, "--env-file", str(tmp_path / ".env"), *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def client(moto):
    return _clients(moto)


def _clients(address):
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=address)
