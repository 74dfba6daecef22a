"""What `make ingest` does around a run: environment, tunnel, evidence."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from support.forked import run_python
from support.moto_account import emulated_account
from support.patience import PATIENCE
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
import os, socket, sys, time
if not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
    sys.exit("You must specify a region.")
who = [os.environ.get("AWS_" + name, "") for name in ("ACCESS_KEY_ID", "SESSION_TOKEN", "PROFILE")]
how = os.environ.get("TEST_AWS")
if how == "bad":
    print("\\nAn error occurred (TargetNotConnected): it is not connected\\n")
    sys.exit(254)
if how == "slow":
    print("Starting session"); time.sleep(300)
server = socket.create_server(("127.0.0.1", {port}))
open({log!r}, "w").write(" ".join(sys.argv[1:]))
open({log!r} + ".who", "w").write(" ".join([os.environ["AWS_REGION"], *who]).strip())
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
    (tmp_path / "statpipe.toml").write_text("[sources.tea]\n[sources.coffee]\n")
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    text = AWS.format(python=sys.executable, port=port, log=str(tmp_path / "aws.txt"))
    aws.write_text(text)
    aws.chmod(0o755)

    def environment(variables):
        ours = ("GITHUB_", "STATPIPE_", "AWS_", "FULL", "ENV", "SOURCE", "OUT", "PYTHONPATH")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            "PATH": f"{aws.parent}:/usr/bin:/bin",
            "STATPIPE_TUNNEL_PORT": str(port),
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(tmp_path),
            **({} if (tmp_path / ".env").exists() else {"AWS_REGION": "us-east-1"}),
            **variables,
        }

    def start(**variables):
        return subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            cwd=tmp_path,
            env=environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background may have told their children to ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def run(**variables):
        done = run_python([str(SCRIPT)], tmp_path, environment(variables))
        return done.returncode, done.stderr

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


def test_the_environments_run_is_started_and_its_evidence_kept(call, tmp_path):
    code, told = call(ENV="staging")
    assert (code, told) == (0, "a log line\n")
    assert (tmp_path / "out" / "manifests.json").read_text() == (
        "run tea coffee --env staging --json --report out/report.html --wait 600 --log-format text\n"
    )
    assert (tmp_path / "out" / "run.log").read_text() == "a log line\n"


def test_all_or_only_the_named_sources_are_run(call, tmp_path):
    configuration = tmp_path / "statpipe.toml"
    own = "[environments.prod.sources.milk]\n[environments.prod.sources.tea]\n"
    configuration.write_text(configuration.read_text() + own)
    ran = tmp_path / "out" / "manifests.json"
    assert call(ENV="prod")[0] == 0
    assert ran.read_text().startswith("run tea coffee milk --env prod ")
    assert call(ENV="prod", SOURCE="coffee, milk")[0] == 0
    assert ran.read_text().startswith("run coffee milk --env prod ")


@pytest.mark.parametrize(
    ("configured", "variables", "said"),
    [
        ("", {}, "{file} configures no source; add a table [sources.NAME], or set SOURCE"),
        (
            "[sources.tea]",
            {"SOURCE": "tea,--env"},
            "SOURCE is '--env'; name a source, as in `make ingest ENV=staging SOURCE=bea_pce_state`",
        ),
        ("[sources", {}, "{file} is no"),
    ],
)
def test_without_a_source_nothing_runs(call, tmp_path, configured, variables, said):
    file = tmp_path / "statpipe.toml"
    file.write_text(configured)
    code, told = call(ENV="prod", **variables)
    assert (code, told.startswith(f"statpipe: {said.format(file=file)}")) == (2, True)
    assert not (tmp_path / "out" / "manifests.json").exists()


def test_full_compares_every_figure(call, tmp_path):
    assert call(ENV="prod", FULL="1", OUT="kept")[0] == 0
    assert (
        (tmp_path / "kept" / "manifests.json")
        .read_text()
        .endswith(" --wait 600 --full --log-format text\n")
    )


@pytest.mark.parametrize("environment", ["", "Prod", "prod; rm -rf x", "--env"])
def test_an_unknown_environment_is_refused_before_anything_runs(call, tmp_path, environment):
    code, told = call(ENV=environment, GITHUB_ACTIONS="true")
    line = f"statpipe: ENV is {environment!r}; name an environment, as in `make ingest ENV=staging` (exit 2)"
    assert (code, told) == (2, f"{line}\n::error title=statpipe::{line}\n")
    assert not (tmp_path / "out" / "manifests.json").exists()


def test_a_run_that_did_not_start_is_annotated_with_its_last_line(call, tmp_path):
    (tmp_path / "statpipe.py").write_text(
        "import sys; sys.exit('first\\nstatpipe: no sink, 100 % sure (exit 2)')"
    )
    code, told = call(ENV="prod", GITHUB_ACTIONS="true")
    assert code == 1
    assert told.endswith("\n::error title=statpipe::statpipe: no sink, 100 %25 sure (exit 2)\n")


@pytest.fixture(scope="module")
def account():
    """An emulated account."""
    with emulated_account() as address:
        yield address


@pytest.fixture
def bastion(account):
    """The bastion of prod, made in a region anew."""

    def bastion(region="us-east-1"):
        ec2 = boto3.client(
            "ec2", region, endpoint_url=account,
            aws_access_key_id="AKIA", aws_secret_access_key="canary",
        )  # fmt: skip
        tag = {"Key": "Name", "Value": "statpipe-prod-bastion"}
        marked = [{"ResourceType": "instance", "Tags": [tag]}]
        made = ec2.run_instances(
            ImageId="ami-12345678", MinCount=1, MaxCount=1, TagSpecifications=marked
        )
        ended.append((ec2, made["Instances"][0]["InstanceId"]))
        return ended[-1][1]

    ended = []
    yield bastion
    for ec2, instance in ended:
        ec2.terminate_instances(InstanceIds=[instance])


@pytest.fixture
def private(account, port):
    """The variables of a run whose database is private."""
    return {
        "ENV": "prod",
        "STATPIPE_PROD_PG": f"host=db.example hostaddr=127.0.0.1 port={port} dbname=statpipe",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "AWS_ENDPOINT_URL": account,
    }


def test_a_machine_that_reads_the_log_gets_json_with_the_run_in_each_line(call, tmp_path):
    """With the real program, on its sample."""
    (tmp_path / "statpipe.py").unlink()
    (tmp_path / "statpipe.toml").write_text(
        '[sources.bea_pce_state]\ntables = ["SAPCE1"]\nareas = ["CA"]\nlines = [1]\n'
        "[notifiers.github]\n[environments.local.sinks.lake]\n"
    )
    code, told = call(ENV="local", LOG_FORMAT="json", GITHUB_ACTIONS="true")
    assert code == 0, told
    (manifest,) = json.loads((tmp_path / "out" / "manifests.json").read_text())
    lines = (tmp_path / "out" / "run.log").read_text().splitlines()
    assert {json.loads(line)["run_id"] for line in lines} == {manifest["run_id"]}
    assert json.loads(lines[-1])["event"] == "run loaded"


def test_commands_for_githubs_runner_are_passed_on_and_not_logged(call, tmp_path):
    text = "::warning title=tea::cold\na log line\n"
    (tmp_path / "statpipe.py").write_text(f"import sys; sys.stderr.write({text!r})")
    assert call(ENV="prod") == (0, text)
    assert (tmp_path / "out" / "run.log").read_text() == "a log line\n"


def test_a_run_that_did_not_begin_is_annotated_in_plain_words_also_with_a_log_in_json(
    call, tmp_path
):
    (tmp_path / "statpipe.py").unlink()
    (tmp_path / "statpipe.toml").write_text("[sources.bea_pce_state]\nmilk = 1\n")
    code, told = call(ENV="local", LOG_FORMAT="json", GITHUB_ACTIONS="true")
    assert code == 2
    json.loads((tmp_path / "out" / "run.log").read_text().splitlines()[-1])
    assert told.splitlines()[-1].startswith("::error title=statpipe::statpipe: ")
    assert told.endswith(" (exit 2)\n")


class TestTunnel:
    def test_the_tunnel_is_open_during_the_run_and_closed_afterwards(
        self, call, tmp_path, port, bastion, private
    ):
        instance = bastion()
        code, told = call(**private, TEST_HOW="tunnel")
        assert code == 0, told
        assert "hello from the database" in (tmp_path / "out" / "manifests.json").read_text()
        assert (tmp_path / "aws.txt").read_text() == (
            f"ssm start-session --target {instance} --document-name "
            "AWS-StartPortForwardingSessionToRemoteHost --parameters "
            f"host=db.example,portNumber=5432,localPortNumber={port}"
        )
        assert is_free(port)

    def test_a_replaced_bastion_needs_no_edit(self, call, tmp_path, bastion, private):
        """An id that somebody once copied is not asked for: it would be that of an older one."""
        newest = bastion()
        code, told = call(**private, TEST_HOW="tunnel", STATPIPE_BASTION_ID="i-older")
        assert code == 0, told
        assert f"--target {newest} " in (tmp_path / "aws.txt").read_text()

    def test_a_bastion_that_does_not_answer_is_reported_with_awss_message(
        self, call, bastion, private
    ):
        bastion()
        code, told = call(**private, TEST_AWS="bad")
        assert code == 5
        assert told == (
            "statpipe: the tunnel to the database does not open; aws said: An error occurred "
            "(TargetNotConnected): it is not connected; check whether the bastion runs, and whether "
            "the role may start a session on it (exit 5)\n"
        )

    def test_a_tunnel_that_does_not_open_times_out(self, call, bastion, private):
        bastion()
        code, told = call(**private, TEST_AWS="slow", STATPIPE_TUNNEL_SECONDS="0.5")
        assert code == 5
        assert "does not open" in told

    def test_a_connection_string_without_a_database_is_a_configuration_error(self, call, port):
        way = f"hostaddr=127.0.0.1 port={port}"
        code, told = call(ENV="prod", STATPIPE_PROD_PG=way)
        assert code == 2
        assert told == (
            f"statpipe: STATPIPE_PROD_PG begins at the tunnel's port {port} and names no database; "
            "write host=<the database's name> into it (exit 2)\n"
        )

    def test_a_database_that_is_reached_directly_needs_neither_aws_nor_a_tunnel(
        self, call, tmp_path
    ):
        (tmp_path / "bin" / "aws").unlink()
        way = "host=db.example port=5432 user=loader password=x dbname=statpipe"
        assert call(ENV="prod", STATPIPE_PROD_PG=way) == (0, "a log line\n")

    def test_a_port_in_use_is_reported(self, port, monkeypatch, tmp_path):
        from scripts import tunnel

        monkeypatch.setattr(tunnel, "LOCAL_PORT", port)
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(tunnel.CannotRun, match=f"port {port} is in use; end the program that"),
            tunnel.tunnel("i-1", "db", tmp_path / "log"),
        ):
            pass

    def test_a_missing_aws_command_line_is_reported(self, call, tmp_path, bastion, private):
        bastion()
        (tmp_path / "bin" / "aws").unlink()
        code, told = call(**private, PATH=str(tmp_path))
        assert code == 2
        assert "the AWS command line is not installed" in told

    @pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
    def test_an_interrupted_run_ends_itself_and_the_tunnel_is_closed(
        self, call, tmp_path, signal_, bastion, private
    ):
        bastion()
        running = call.start(**private, TEST_HOW="hang")
        log = tmp_path / "out" / "run.log"
        assert running.stderr.readline() == "ready\n"
        running.send_signal(signal_)
        # The stand-ins would go on for much longer by themselves.
        _, told = running.communicate(timeout=PATIENCE)
        assert running.returncode == 130
        assert told == "statpipe: tea: interrupted (exit 130)\n"
        assert log.read_text().endswith("interrupted (exit 130)\n")
        assert is_free(int(private["STATPIPE_PROD_PG"].partition("port=")[2].split()[0]))


class TestSettingsInDotenv:
    """Nothing is exported: what `.env` says reaches statpipe and AWS's command line alike."""

    @pytest.fixture
    def written(self, tmp_path, port, account):
        def written(*lines):
            file = tmp_path / ".env"
            address = f"host=db.example hostaddr=127.0.0.1 port={port} dbname=statpipe"
            text = ["AWS_REGION=eu-west-1", f'STATPIPE_PROD_PG="{address}"', *lines]
            file.write_text("\n".join([*text, f"AWS_ENDPOINT_URL={account}"]) + "\n")
            file.chmod(0o600)
            return file

        return written

    KEYS = ("AWS_ACCESS_KEY_ID=AKIAFILE", "AWS_SECRET_ACCESS_KEY=canary")

    def test_the_tunnel_has_its_region_keys_bastion_and_database(
        self, call, tmp_path, written, bastion
    ):
        bastion("us-east-1")
        instance = bastion("eu-west-1")
        written(*self.KEYS, "AWS_SESSION_TOKEN=token")
        code, told = call(ENV="prod", TEST_HOW="tunnel")
        assert (code, told) == (0, "a log line\n")
        assert (tmp_path / "aws.txt.who").read_text() == "eu-west-1 AKIAFILE token"
        asked = (tmp_path / "aws.txt").read_text()
        assert f"--target {instance} " in asked
        assert "host=db.example," in asked

    def test_an_identity_of_the_process_is_not_mixed_with_that_of_the_file(
        self, call, tmp_path, written, bastion
    ):
        bastion("eu-west-1")
        written(*self.KEYS, "AWS_SESSION_TOKEN=token")
        config = tmp_path / "config"
        config.write_text("[profile mine]\naws_access_key_id=A\naws_secret_access_key=B\n")
        code, told = call(
            ENV="prod", TEST_HOW="tunnel", AWS_PROFILE="mine", AWS_CONFIG_FILE=str(config)
        )
        assert (code, told) == (0, "a log line\n")
        assert (tmp_path / "aws.txt.who").read_text() == "eu-west-1   mine"

    def test_a_file_with_keys_that_others_can_read_is_reported(self, call, written, bastion):
        bastion("eu-west-1")
        file = written(*self.KEYS)
        file.chmod(0o644)
        code, told = call(ENV="prod", TEST_HOW="tunnel")
        assert (code, told) == (
            0,
            f"statpipe: warning: {file} contains AWS keys and other users can read it; run "
            f"`chmod 600 {file}`\na log line\n",
        )

    def test_an_environment_without_a_bastion_is_reported(self, call, written):
        written(*self.KEYS)
        code, told = call(ENV="prod", TEST_HOW="tunnel")
        assert code == 2
        assert told.startswith("statpipe: STATPIPE_PROD_PG begins at the tunnel's port")
        assert "prod has no bastion in eu-west-1; run `make provision ENV=prod`" in told

    def test_without_credentials_the_line_says_what_to_do(self, call, written):
        written()
        code, told = call(ENV="prod")
        assert (code, told) == (
            2,
            "statpipe: AWS does not say which instance is the bastion: Unable to locate credentials; "
            "log in to AWS, or open a tunnel of your own (exit 2)\n",
        )

    def test_an_open_tunnel_is_reused(self, call, written, port):
        written()
        with socket.create_server(("127.0.0.1", port)):
            assert call(ENV="prod") == (0, "a log line\n")
