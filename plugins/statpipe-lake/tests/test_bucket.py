"""What S3 says, in one line; and a lease that was lost."""

import json
import subprocess
import sys
import threading
import time
from decimal import Decimal

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from contract.sink_contract import manifest_of
from statpipe.api import ConfigError, Environment, Locked, Payload, Unavailable
from statpipe.testing.partitions import gold_partition
from statpipe_lake import bucket, lease, parquet, some_rows
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings
from support.patience import PATIENCE

BUCKET = "statpipe-lake-tests"


@pytest.fixture(scope="session")
def address():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(address, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "C0FFEE00-CAFE")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    made = boto3.client("s3", endpoint_url=address)
    made.create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def lake_in(client, address, tmp_path, request):
    def make(*, scratch=None, path=f"s3://{BUCKET}/{request.node.name}", url=address):
        environment = Environment(name="local", home=tmp_path, scratch=scratch)
        settings = LakeSettings(environment=environment, path=path, endpoint_url=url)
        return make_lake(settings)

    return make


def test_reading_some_rows_downloads_a_part_of_the_file(lake_in, client, monkeypatch, request):
    """Counted as they come: the end of the file, and the row group of the one area."""
    monkeypatch.setattr(parquet, "_ROWS_IN_GROUP", 40)
    monkeypatch.setattr(some_rows, "FOOTER", 4096)
    areas = ("AK", "CA", "NY", "TX", "WY")
    figures = {(area, 1990 + n): Decimal(n**5) / 10 for area in areas for n in range(40)}
    table, lake, came = gold_partition(figures), lake_in(), []
    lake.write(table)
    asked = bucket.BucketStore._bytes
    monkeypatch.setattr(
        bucket.BucketStore, "_bytes", lambda *of: came.append(asked(*of)) or came[-1]
    )
    found = lake.read_rows(table.key, {"area": ["CA"]})
    assert set(found["area"].to_pylist()) == {"CA"}
    at = f"{request.node.name}/local/{table.key.path}/part-0.parquet"
    about = pq.read_metadata(
        pa.BufferReader(client.get_object(Bucket=BUCKET, Key=at)["Body"].read())
    )
    start, end = parquet.group_ranges(about)[1]
    assert [len(body) for body, _ in came] == [4096, end - start]


class Server(threading.Thread):
    """Answers every request with the same words."""

    def __init__(self, status, body):
        super().__init__(daemon=True)
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_HEAD = do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def run(self):
        self.server.serve_forever(poll_interval=0.05)


@pytest.fixture
def answering():
    made = []

    def make(status, code=""):
        server = Server(status, f"<Error><Code>{code}</Code></Error>".encode() if code else b"")
        server.start()
        made.append(server)
        return server.url

    yield make
    for server in made:
        server.server.shutdown()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AccessDenied", "access denied; give the role s3:GetObject, s3:PutObject on"),
        (
            403,
            "InvalidAccessKeyId",
            "AWS does not accept the credentials (InvalidAccessKeyId); log in",
        ),
        (403, "SignatureDoesNotMatch", "AWS does not accept the credentials"),
        (400, "ExpiredToken", "the credentials for AWS have expired; log in with `aws sso login`"),
        (301, "PermanentRedirect", "is not in region us-east-1; set `region` of the lake"),
        (400, "AuthorizationHeaderMalformed", "is not in region us-east-1; set `region`"),
        (404, "NoSuchBucket", "does not exist; correct the lake's path, or create the bucket"),
    ],
)
@pytest.mark.parametrize("call", ["read", "write", "list", "lock"])
def test_a_refusal_is_one_line_with_a_remedy(  # noqa: PLR0917
    lake_in, answering, call, status, code, words
):
    lake = lake_in(url=answering(status, code))
    calls = {
        "read": lambda: lake.manifest("agency", "r"),
        "write": lambda: lake.keep("agency", "T", Payload(name="T", body=b"x")),
        "list": lake.run_ids,
        "lock": lambda: lake.lock("agency", 0, lambda: "1").__enter__(),
    }
    with pytest.raises(ConfigError) as caught:
        calls[call]()
    text = str(caught.value)
    assert words in text
    assert "\n" not in text
    assert "C0FFEE" not in text


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (502, "")])
def test_a_server_that_keeps_failing_is_unavailable(lake_in, answering, monkeypatch, status, code):
    from datetime import timedelta

    retries = {"max_retries": 1, "retry_timeout": timedelta(seconds=2)}
    monkeypatch.setattr(bucket, "_RETRIES", retries)
    with pytest.raises(Unavailable, match=f"cannot be reached now .{code or status}.; run again"):
        lake_in(url=answering(status, code)).run_ids()


def test_an_unreachable_server_is_unavailable(lake_in, monkeypatch):
    monkeypatch.setattr(bucket, "_RETRIES", {"max_retries": 0})
    with pytest.raises(Unavailable, match="cannot be reached now"):
        lake_in(url="http://127.0.0.1:9").run_ids()


def test_without_credentials_the_message_says_how_to_log_in(lake_in, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(
        ConfigError, match=r"no credentials for AWS .*; log in with `aws sso login`"
    ):
        lake_in()


def test_an_unknown_profile_is_named(client, address, tmp_path):
    environment = Environment(name="local", home=tmp_path)
    settings = LakeSettings(environment=environment, path=f"s3://{BUCKET}", profile="nobody")
    with pytest.raises(ConfigError, match="nobody"):
        make_lake(settings)


def test_a_run_that_lost_its_lease_records_nothing(lake_in, monkeypatch):
    one, other = lake_in(), lake_in()
    with one.lock("agency", 0, lambda: "run-1"):
        monkeypatch.setattr(lease, "LASTS", 0.5)
        time.sleep(2)  # the first one believes in a minute
        with other.lock("agency", 0, lambda: "run-2"):
            with pytest.raises(Locked) as caught:
                one.record(manifest_of("run-1"))
            other.record(manifest_of("run-2"))
    assert str(caught.value) == (
        "the lock locks/agency.lock was lost during this run (another run has taken it): "
        "nothing more was recorded; run again"
    )
    assert [run for _, run in other.run_ids()] == ["run-2"]


def test_a_lease_is_renewed_while_it_is_held(lake_in, monkeypatch):
    monkeypatch.setattr(lease, "LASTS", 2.0)
    one, other = lake_in(), lake_in()
    with one.lock("agency", 0, lambda: "run-1"):
        time.sleep(4)
        with pytest.raises(Locked, match="run-1"), other.lock("agency", 0, lambda: "run-2"):
            pass
        one.record(manifest_of("run-1"))


def test_one_of_many_processes_takes_a_stale_lease(lake_in, client, monkeypatch):
    monkeypatch.setattr(lease, "LASTS", 0.5)
    lakes = [lake_in() for _ in range(4)]
    store = lakes[0]._objects
    store.put("locks/agency.lock", json.dumps({"run_id": "dead"}).encode())
    time.sleep(2)
    won, lost = [], []

    def take(lake):
        try:
            with lake.lock("agency", 0, lambda: "x"):
                won.append(lake)
                time.sleep(0.4)
        except Locked:
            lost.append(lake)

    monkeypatch.setattr(lease, "LASTS", 1.5)
    threads = [threading.Thread(target=take, args=(lake,)) for lake in lakes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert (len(won), len(lost)) == (1, 3)


def test_only_the_scratch_corner_is_emptied(lake_in):
    plain, corner = lake_in(), lake_in(scratch="smoke_1")
    for lake in (plain, corner):
        lake.keep("agency", "T", Payload(name="T", body=b"x"))
    plain.remove_scratch()
    corner.remove_scratch()
    assert corner._objects.paths("bronze") == []
    assert len(plain._objects.paths("bronze")) == 2


@pytest.mark.slow
def test_objects_on_several_pages_are_all_listed(lake_in):
    lake = lake_in()
    for number in range(1005):
        lake._objects.put(f"runs/agency/{number:04}.json", b"{}")
    assert len(lake.run_ids("agency")) == 1005


def test_the_doctor_and_the_address_name_the_bucket(lake_in, request):
    lake = lake_in()
    assert lake.locations() == {"lake": f"s3://{BUCKET}/{request.node.name}/local"}
    (finding,) = lake.diagnose()
    assert (finding.state, "can be listed and written" in finding.finding) == ("ok", True)
    (finding,) = lake_in(path="s3://no-such-bucket").diagnose()
    assert finding.state == "error"
    assert "the bucket no-such-bucket does not exist" in finding.finding


def test_a_lake_in_a_folder_never_loads_boto3(tmp_path):
    code = (
        "import sys; from pathlib import Path; from statpipe.api import Environment;"
        "from statpipe_lake.plugin import make_lake; from statpipe_lake.settings import LakeSettings;"
        f"make_lake(LakeSettings(environment=Environment(name='l', home=Path({str(tmp_path)!r}))));"
        "print('boto3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
