"""AWS's variables of ``.env``, where AWS's own libraries look for them."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.engine.site.aws_environment import aws_environment, aws_exported

KEYS = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"}
IDENTITY = (*KEYS, "AWS_PROFILE")


def test_only_missing_variables_of_aws_are_added():
    variables = {**KEYS, "AWS_REGION": "us-east-1", "BEA_API_KEY": "canary", "AWS_CA_BUNDLE": "ca"}
    assert aws_environment(variables, {"AWS_CA_BUNDLE": "own"}) == {
        **KEYS,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_boto3_and_the_command_line_get_the_same_region():
    added = aws_environment({"AWS_REGION": "us-east-1"}, {"AWS_DEFAULT_REGION": "eu-west-1"})
    assert added == {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


VALUES = st.dictionaries(st.sampled_from(IDENTITY), st.sampled_from(["", "x", "y"]))


@given(VALUES, VALUES)
def test_all_variables_of_an_identity_come_from_one_place(written, environment):
    """A token of one identity beside a key of another is refused by AWS, or acts as the wrong one."""
    variables = {**written, **{name: value for name, value in environment.items() if value}}
    added = aws_environment(variables, environment)
    seen = {name: value for name, value in {**environment, **added}.items() if value}
    of_process = {name: value for name, value in environment.items() if value}
    of_file = {name: value for name, value in written.items() if value}
    assert seen == (of_process or of_file)


@pytest.fixture
def file(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    return file


def test_variables_are_set_while_a_command_runs(file, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with aws_exported({**KEYS, "AWS_REGION": "r"}, file, pytest.fail):
        assert (os.environ["AWS_SESSION_TOKEN"], os.environ["AWS_DEFAULT_REGION"]) == ("T", "r")
    assert "AWS_SESSION_TOKEN" not in os.environ
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_a_file_with_keys_that_others_can_read_is_reported(file, mode):
    file.chmod(mode)
    said = []
    with aws_exported(KEYS, file, said.append):
        pass
    assert said == [f"{file} contains AWS keys and other users can read it; run `chmod 600 {file}`"]


def test_a_file_without_keys_may_be_readable_for_others(file):
    file.chmod(0o644)
    with aws_exported({"AWS_REGION": "us-east-1", "AWS_PROFILE": "p"}, file, pytest.fail):
        pass


def test_keys_of_the_process_need_no_file(file, monkeypatch):
    file.unlink()
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with aws_exported(KEYS, file, pytest.fail):
        pass
