"""What every command finds when it begins its work."""

from __future__ import annotations

import os

import pytest

from statpipe.cli.common_options import CommonOptions
from statpipe.cli.session import in_session


@pytest.fixture
def configuration(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "statpipe.toml").touch()
    (tmp_path / ".env").write_text("AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY=canary-canary\n")
    (tmp_path / ".env").chmod(0o640)
    return tmp_path / "statpipe.toml"


def test_keys_of_aws_in_dotenv_are_used_by_plugins_reported_and_masked(configuration, capsys):
    def work(session):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIA"
        raise ValueError(os.environ["AWS_SECRET_ACCESS_KEY"])

    assert in_session(CommonOptions(config=configuration, debug=True), work) == 1
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    told = capsys.readouterr().err
    file = configuration.parent / ".env"
    assert f"{file} contains AWS keys and other users can read it; run `chmod 600 {file}`" in told
    assert "canary" not in told.split("statpipe: a bug")[0]
