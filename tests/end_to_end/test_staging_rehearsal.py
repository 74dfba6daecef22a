"""What docs/setup.md asks of a user, done in its order: on an emulated account, with a server like RDS
and one that answers as BEA. `make staging-rehearsal` runs it, and shows what the user would see.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from support import aws_command
from support.bea_faults import api_error
from support.fake_bea import FakeBea
from support.moto_account import emulated_account
from support.rds import Rds, signed_for
from support.user import ROOT, User

DATA = ROOT / "tests" / "data"
REGION, BUCKET = "us-west-2", "statpipe-rehearsal"
SETTINGS = f"""\
AWS_REGION={REGION}
STATPIPE_BUCKET={BUCKET}
GITHUB_REPOSITORY=octo/figures
GITHUB_OWNER_ID=11
GITHUB_REPOSITORY_ID=22
ALERT_EMAIL=ops@example.org
AWS_ACCESS_KEY_ID=AKIAOWNER
AWS_SECRET_ACCESS_KEY=owners-secret-key
"""


class Account:
    """The emulated account, seen by its owner."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = boto3.Session(
            aws_access_key_id="AKIAOWNER", aws_secret_access_key="owner", region_name=REGION
        )

    def client(self, service: str):
        return self.session.client(service, endpoint_url=self.address)

    def objects(self, below: str = "staging/") -> dict[str, str]:
        """Keys and contents' marks, but for locks."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        found = {e["Key"]: e["ETag"] for page in pages for e in page.get("Contents", ())}
        return {
            key: mark
            for key, mark in found.items()
            if key.startswith(below) and "/locks/" not in key
        }

    def mailbox(self, topic: str) -> str:
        """A queue that gets what the topic's subscribers get."""
        sqs = self.client("sqs")
        queue = sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        self.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )
        return queue

    def mail(self, queue: str) -> list[dict[str, str]]:
        sqs = self.client("sqs")
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in got:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in got]

    def successes(self, alarm: dict) -> list[float]:
        """What the alarm sees: the metric by the name and the dimensions that the alarm has."""
        now = datetime.now(UTC)
        answer = self.client("cloudwatch").get_metric_statistics(
            Namespace=alarm["Namespace"],
            MetricName=alarm["MetricName"],
            Dimensions=alarm["Dimensions"],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["SampleCount", "Sum"],
        )
        points = answer["Datapoints"]
        return [sum(p["SampleCount"] for p in points), sum(p["Sum"] for p in points)]


@pytest.fixture
def account():
    with emulated_account() as address:
        yield Account(address)


@pytest.fixture
def user(tmp_path, account):
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / ".env").touch(mode=0o600)
    (folder / ".env").write_text(SETTINGS)
    return User(folder, {"AWS_ENDPOINT_URL": account.address})  # nothing else is exported


@pytest.fixture
def bea():
    with FakeBea(DATA / "SAPCE.zip") as running:
        running.publish(DATA / "SAEXP1.zip", {"SAEXP1": "SAPCE1"})
        yield running


def test_staging_can_be_set_up_from_nothing_to_an_alert(user, account, bea, tmp_path):
    # Provision. A plan first; then all; then once more, when nothing is left to do.
    planned = user.provisions("--plan").stdout.splitlines()
    assert {line.split("  ")[0] for line in planned} == {"would create"}
    made = user.provisions("--outputs", "staging.values")
    assert (user.folder / "staging.values").stat().st_mode & 0o777 == 0o600
    assert len([x for x in made.stdout.splitlines() if x.startswith("created")]) == len(planned)
    again = user.provisions().stdout.split("\n\n")[0].splitlines()
    assert {line.split()[0] for line in again} == {"unchanged"}

    with_env, variables = user.values(".env"), user.values("GitHub, environment staging, variables")
    with (user.folder / ".env").open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in with_env.items())
    (instance,) = account.client("rds").describe_db_instances()["DBInstances"]
    secret = account.client("secretsmanager").get_secret_value(
        SecretId=instance["MasterUserSecret"]["SecretArn"]
    )
    administrator, password = (
        instance["MasterUsername"],
        json.loads(secret["SecretString"])["password"],
    )
    role = account.client("sts").assume_role_with_web_identity(
        RoleArn=variables["AWS_ROLE_ARN"], RoleSessionName="run", WebIdentityToken="github"
    )["Credentials"]

    def admits(login: str, word: str) -> bool:
        if login == administrator:
            return word == password
        return signed_for(word, rds.host, login) in {role["AccessKeyId"], "AKIAOWNER"}

    with Rds(tmp_path / "rds", instance["Endpoint"]["Address"], admits) as rds:
        rds.make_roles(administrator, "statpipe")
        sources = ('channel = "api"', f'api_url = "{bea.url}"', 'tables = ["SAPCE1"]')
        user.configures(rds, account.address, *sources)
        user.environment |= aws_command.install(tmp_path / "bin", rds.port)
        rehearse_the_database(user, rds, password)
        own = user.environment
        user.environment = own | {
            # What the action configure-aws-credentials and GitHub set for the job.
            "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
            "AWS_SESSION_TOKEN": role["SessionToken"],
            "BEA_API_KEY": bea.key,
            "ENV": "staging",
            **variables,
            **user.values("GitHub, environment staging, secrets"),
        }
        rehearse_the_runs(user, account, bea, rds, variables)
        user.environment = own | {"ENV": "staging", "BEA_API_KEY": bea.key}
        own_run = run(user, "on a machine of one's own, all else from .env")
        assert own_run["outcome"] == "unchanged"
        assert rds.logins[-1] == ("statpipe_ingest", True)
    everything = [path for path in user.folder.rglob("*") if path.is_file()]
    for secret in (bea.key, password, role["SecretAccessKey"], role["SessionToken"]):
        for path in everything:
            assert secret.encode() not in path.read_bytes(), path


def rehearse_the_database(user: User, rds: Rds, password: str) -> None:
    script = str(ROOT / "provisioning" / "init_database.py")
    for first in (True, False):
        done = user.does(
            "make database ENV=staging",
            script,
            "--env",
            "staging",
            "--env-file",
            ".env",
            BEA_API_KEY="not-needed-yet-not-needed-yet-000000",
        )
        verbs = {line.split()[0] for line in done.stdout.splitlines()}
        assert ("created" in verbs) is first
        assert first or verbs == {"unchanged"}
        assert password not in done.stdout + done.stderr
    with rds.connect("statpipe") as inside:
        found = inside.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'statpipe!_%' ESCAPE '!'"
        )
        assert {name for (name,) in found} == {
            "statpipe_admin",
            "statpipe_ingest",
            "statpipe_loader",
            "statpipe_reader",
        }


def rehearse_the_runs(user, account, bea, rds, variables) -> None:
    queue = account.mailbox(variables["STATPIPE_STAGING_TOPIC"])
    (alarm,) = account.client("cloudwatch").describe_alarms(
        AlarmNames=["statpipe-staging-freshness"]
    )["MetricAlarms"]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1.0)

    manifest = run(user, "the first run")
    assert manifest["outcome"] == "loaded"
    first = california(rds)
    assert first["2018"] == ("1852976.3", "2020-10-08")
    (mail,) = account.mail(queue)
    assert "loaded" in mail["Subject"]
    assert account.successes(alarm) == [1, 1]
    assert log_lines(account, variables, manifest["run_id"])

    before = account.objects()
    manifest = run(user, "the same again: unchanged")
    assert manifest["outcome"] == "unchanged"
    changed = {key for key, mark in account.objects().items() if before.get(key) != mark}
    assert {key.split("/")[1] for key in changed} <= {"runs", "copies"}
    assert account.mail(queue) == []
    assert account.successes(alarm) == [2, 2]

    bea.publish(DATA / "SAPCE.zip")
    manifest = run(user, "BEA publishes a vintage")
    assert manifest["outcome"] == "loaded"
    after = california(rds)
    assert after["2018"] == ("1833872.8", "2022-10-06")
    (mail,) = account.mail(queue)
    assert "SAPCE1 2022-10-06 since 2020-10-08" in mail["Message"]
    assert account.successes(alarm) == [3, 3]

    bea.always = api_error(3, "The API UserId provided in the request does not exist")
    manifest = run(user, "BEA refuses the key: an alert", code=1)
    assert manifest["outcome"] == "failed"
    (mail,) = account.mail(queue)
    assert "failed" in mail["Subject"]
    assert account.successes(alarm) == [4, 3]
    assert california(rds) == after

    bea.always = None
    assert run(user, "the next day")["outcome"] == "unchanged"
    assert {login for login in rds.logins if not login[1]} == set()
    assert ("statpipe_ingest", True) in rds.logins


def run(user: User, what: str, code: int = 0) -> dict:
    user.runs(what, code=code)
    return user.manifest()


def california(rds: Rds) -> dict[str, tuple[str, str]]:
    with rds.connect("statpipe") as inside:
        rows = inside.execute(
            "SELECT time_period, value::text, vintage FROM gold.pce_state"
            " WHERE ref_area = 'CA' AND category = 'SAPCE1:1'"
        )
        return {period: (value, vintage) for period, value, vintage in rows}


def log_lines(account: Account, variables: dict[str, str], run_id: str) -> list[str]:
    answer = account.client("logs").filter_log_events(
        logGroupName=variables["STATPIPE_STAGING_LOG_GROUP"]
    )
    return [e["message"] for e in answer["events"] if run_id in e["message"]]
