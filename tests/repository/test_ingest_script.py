"""What `make ingest` does around a run: environment, tunnel, evidence."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.ports import reserved_port

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "ingest.py"

STATPIPE = """
import os, sys, time
if "hang" in os.environ.get("TEST_HOW", ""):
    import signal
    def end(*_):
        sys.stderr.write("statpipe: tea: interrupted (exit 130)\\n")
        sys.exit(130)
    signal.signal(signal.SIGTERM, end)
    print("[]", flush=True)
    sys.stderr.write("ready\\n"); sys.stderr.flush()
    time.sleep(300)
if "tunnel" in os.environ.get("TEST_HOW", ""):
    import socket
    address = ("127.0.0.1", int(os.environ["STATPIPE_TUNNEL_PORT"]))
    print(socket.create_connection(address).recv(99).decode())
else:
    print(" ".join(sys.argv[1:]))
sys.stderr.write("a log line\\n")
"""

AWS = """#!{python}
import socket, sys, time
if "bad" in sys.argv:
    print("\\nAn error occurred (TargetNotConnected): bad is not connected\\n")
    sys.exit(254)
if "slow" in sys.argv:
    print("Starting session"); time.sleep(300)
server = socket.create_server(("127.0.0.1", {port}))
open({log!r}, "w").write(" ".join(sys.argv[1:]))
while True:
    connection, _ = server.accept()
    try:
        connection.sendall(b"hello from the database")
        connection.close()
    except OSError:
        pass
"""


@pytest.fixture
def port():
    """A port that nobody uses."""
    return reserved_port()


@pytest.fixture
def call(tmp_path, port):
    """Run the script with stand-ins for statpipe and for the AWS command line."""
    (tmp_path / "statpipe.py").write_text(STATPIPE)
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    text = AWS.format(python=sys.executable, port=port, log=str(tmp_path / "aws.txt"))
    aws.write_text(text)
    aws.chmod(0o755)

    def start(**variables):
        names = ("GITHUB_ACTIONS", "STATPIPE_BASTION_ID", "STATPIPE_RDS_HOST", "FULL", "ENV")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        environment = {
            **kept,
            "PYTHONPATH": str(tmp_path),
            "PATH": f"{aws.parent}:/usr/bin:/bin",
            "STATPIPE_TUNNEL_PORT": str(port),
            **variables,
        }
        return subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background may have told their children to ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def run(**variables):
        running = start(**variables)
        _, told = running.communicate(timeout=200)
        return running.returncode, told

    run.start = start
    return run


def is_free(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_the_run_is_that_of_the_environment_and_its_evidence_is_kept(call, tmp_path):
    code, told = call(ENV="staging")
    assert (code, told) == (0, "a log line\n")
    assert (tmp_path / "out" / "manifests.json").read_text() == (
        "run bea_pce_state --env staging --json --wait 600\n"
    )
    assert (tmp_path / "out" / "run.log").read_text() == "a log line\n"


def test_full_looks_at_every_figure(call, tmp_path):
    assert call(ENV="prod", FULL="1", OUT="kept")[0] == 0
    assert (tmp_path / "kept" / "manifests.json").read_text().endswith(" --wait 600 --full\n")


@pytest.mark.parametrize("environment", ["", "Prod", "prod; rm -rf x", "--env"])
def test_an_environment_that_is_none_is_refused_before_anything_runs(call, tmp_path, environment):
    code, told = call(ENV=environment, GITHUB_ACTIONS="true")
    line = f"statpipe: ENV is {environment!r}; name an environment, as in `make ingest ENV=staging` (exit 2)"
    assert (code, told) == (2, f"{line}\n::error title=statpipe::{line}\n")
    assert not (tmp_path / "out" / "manifests.json").exists()


def test_a_run_that_did_not_begin_is_annotated_with_its_last_line(call, tmp_path):
    (tmp_path / "statpipe.py").write_text(
        "import sys; sys.exit('first\\nstatpipe: no sink, 100 % sure (exit 2)')"
    )
    code, told = call(ENV="prod", GITHUB_ACTIONS="true")
    assert code == 1
    assert told.endswith("\n::error title=statpipe::statpipe: no sink, 100 %25 sure (exit 2)\n")


class TestTunnel:
    def test_it_is_open_during_the_run_and_closed_after_it(self, call, tmp_path, port):
        code, told = call(
            ENV="prod", STATPIPE_BASTION_ID="i-1", STATPIPE_RDS_HOST="db.example", TEST_HOW="tunnel"
        )
        assert code == 0, told
        assert "hello from the database" in (tmp_path / "out" / "manifests.json").read_text()
        assert (tmp_path / "aws.txt").read_text() == (
            "ssm start-session --target i-1 --document-name "
            "AWS-StartPortForwardingSessionToRemoteHost --parameters "
            f"host=db.example,portNumber=5432,localPortNumber={port}"
        )
        assert is_free(port)

    def test_a_bastion_that_is_not_there_is_told_in_awss_words(self, call):
        code, told = call(ENV="prod", STATPIPE_BASTION_ID="bad", STATPIPE_RDS_HOST="db.example")
        assert code == 5
        assert told == (
            "statpipe: the tunnel to the database does not open; aws said: An error occurred "
            "(TargetNotConnected): bad is not connected; see whether the bastion runs, and whether "
            "the role may start a session on it (exit 5)\n"
        )

    def test_a_tunnel_that_does_not_open_is_given_up(self, call):
        code, told = call(
            ENV="prod",
            STATPIPE_BASTION_ID="slow",
            STATPIPE_RDS_HOST="db.example",
            STATPIPE_TUNNEL_SECONDS="0.5",
        )
        assert code == 5
        assert "does not open" in told

    def test_a_bastion_without_a_database_is_a_configuration_error(self, call):
        code, told = call(ENV="prod", STATPIPE_BASTION_ID="i-1")
        assert code == 2
        assert told == (
            "statpipe: STATPIPE_BASTION_ID is set and STATPIPE_RDS_HOST is not; set it to the "
            "database's name (exit 2)\n"
        )

    def test_a_port_that_is_in_use_is_told(self, call, port):
        with socket.create_server(("127.0.0.1", port)):
            code, told = call(ENV="prod", STATPIPE_BASTION_ID="i-1", STATPIPE_RDS_HOST="db")
        assert code == 2
        assert told.startswith(f"statpipe: port {port} is in use; end the program that uses it")

    def test_a_machine_without_the_aws_command_line_is_told(self, call, tmp_path):
        (tmp_path / "bin" / "aws").unlink()
        code, told = call(
            ENV="prod", STATPIPE_BASTION_ID="i-1", STATPIPE_RDS_HOST="db", PATH=str(tmp_path)
        )
        assert code == 2
        assert "the AWS command line is not installed" in told

    @pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
    def test_an_interrupted_run_ends_itself_and_the_tunnel_is_closed(
        self, call, tmp_path, port, signal_
    ):
        running = call.start(
            ENV="prod", STATPIPE_BASTION_ID="i-1", STATPIPE_RDS_HOST="db", TEST_HOW="hang"
        )
        log = tmp_path / "out" / "run.log"
        assert running.stderr.readline() == "ready\n"
        running.send_signal(signal_)
        # The stand-ins would go on for much longer by themselves.
        _, told = running.communicate(timeout=100)
        assert running.returncode == 130
        assert told == "statpipe: tea: interrupted (exit 130)\n"
        assert log.read_text().endswith("interrupted (exit 130)\n")
        assert is_free(port)
