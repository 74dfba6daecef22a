"""The rights of the daily run: enough for all of it, none that could be left out, none that reach further.

The emulator enforces IAM for S3, SNS, logs and metrics, and the trust of the role. It has no Session Manager
and no RDS that is reached by tokens: there, the stand-ins for both ask its IAM whether the role may.
"""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from support import aws_command
from support.ministack import ACCOUNT, OWNER, allows, ministack, web_identity
from support.moto_account import emulated_account
from support.ports import reserved_port
from support.rds import Rds, signed_for
from support.user import ROOT, User

REGION, BUCKET = "us-east-1", "statpipe-rights"
HOST = f"statpipe-staging.abcdefghijkl.{REGION}.rds.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/statpipe-staging"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/statpipe-staging-boundary"
SETTINGS = f"""\
AWS_REGION={REGION}
STATPIPE_BUCKET={BUCKET}
GITHUB_REPOSITORY=octo/figures
GITHUB_OWNER_ID=11
GITHUB_REPOSITORY_ID=22
ALERT_EMAIL=ops@example.org
"""
NUMBERED = "repo:octo@11/figures@22:environment:staging"


class Account:
    """The account, by its owner or by the role."""

    def __init__(self, emulator) -> None:
        self.emulator = emulator
        self.owner = boto3.Session(ACCOUNT, "owner", region_name=REGION)

    def client(self, service, session=None):
        return (session or self.owner).client(
            service, endpoint_url=self.emulator.address, verify=str(self.emulator.bundle)
        )

    def assume(self, subject, **claims):
        return self.client("sts").assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="run", WebIdentityToken=web_identity(subject, **claims)
        )["Credentials"]

    def may(self, action, resource, **context):
        """Whether the role's policy allows it."""
        return allows(self.rights(), action, resource, context)

    def rights(self):
        found = self.client("iam").get_role_policy(
            RoleName="statpipe-staging", PolicyName="runtime"
        )
        return found["PolicyDocument"]

    def give(self, rights):
        self.client("iam").put_role_policy(
            RoleName="statpipe-staging", PolicyName="runtime", PolicyDocument=json.dumps(rights)
        )

    def most(self):
        """What the role's boundary allows."""
        iam = self.client("iam")
        version = iam.get_policy(PolicyArn=BOUNDARY)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=BOUNDARY, VersionId=version)
        return found["PolicyVersion"]["Document"]

    def bound(self, most):
        self.client("iam").create_policy_version(
            PolicyArn=BOUNDARY, PolicyDocument=json.dumps(most), SetAsDefault=True
        )

    def empty(self):
        s3 = self.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", ()):
                s3.delete_object(Bucket=BUCKET, Key=entry["Key"])


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield Account(emulator)


@pytest.fixture(scope="module")
def user(account, tmp_path_factory):
    """Somebody who has provisioned both environments."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / ".env").write_text(SETTINGS)
    user = User(folder, {**account.emulator.variables, **OWNER})
    with emulated_account() as other:
        # What the first emulator has not: budgets, and AWS's own names of images.
        user.environment |= {"AWS_ENDPOINT_URL_BUDGETS": other, "AWS_ENDPOINT_URL_SSM": other}
        user.provisions("--outputs", "staging.values")
        user.provisions(env="prod")
    (user.folder / "rights.json").write_text(json.dumps(account.rights()))
    return user


def provisioned(user):
    """The statements as they were provisioned."""
    return json.loads((user.folder / "rights.json").read_text())["Statement"]


@pytest.fixture(scope="module")
def database(account):
    """RDS's own name of the database, that rights to log in are about."""
    found = account.client("rds").describe_db_instances(DBInstanceIdentifier="statpipe-staging")
    return found["DBInstances"][0]["DbiResourceId"]


@pytest.fixture(scope="module")
def rds(account, database, tmp_path_factory):
    def admits(login, word):
        if login == "statpipe_admin":
            return word == "administrator"
        arn = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{database}/{login}"
        return bool(signed_for(word, HOST, login)) and account.may("rds-db:connect", arn)

    with Rds(tmp_path_factory.mktemp("rds"), HOST, admits) as running:
        running.make_roles("statpipe_admin", "statpipe")
        yield running


@pytest.fixture(scope="module")
def job(account, user, rds, tmp_path_factory):
    """The user's folder as GitHub's runner sees it, with the credentials of the role."""
    user.configures(
        rds,
        account.emulator.address,
        'channel = "bulk"',
        f'bulk = "{ROOT / "tests" / "data" / "SAPCE.zip"}"',
        'tables = ["SAPCE1"]',
        'areas = ["US", "CA"]',
        "years = [2020, 2021]",
    )
    # The emulator does not know which namespace a metric is for; a test below holds the condition.
    for document, give in ((account.rights(), account.give), (account.most(), account.bound)):
        (metric,) = [s for s in document["Statement"] if s["Sid"] == "SendMetric"]
        namespace = {"cloudwatch:namespace": "statpipe/staging"}
        assert metric.pop("Condition") == {"StringEquals": namespace}
        give(document)
    variables = user.values("GitHub, environment staging, variables")
    port = str(reserved_port())  # other tests use the tunnel's own
    way = f"host={HOST} hostaddr=127.0.0.1 port={port} dbname=statpipe"
    user.does(
        "statpipe db init",
        *("-m", "statpipe", "db", "init", "--env", "staging"),
        **variables,
        STATPIPE_STAGING_PG=f"{way} user=statpipe_admin password=administrator".replace(
            port, str(rds.port)
        ),
    )
    credentials = account.assume(NUMBERED)
    door = aws_command.Door(
        role="statpipe-staging", policy="runtime", owner=ACCOUNT, region=REGION, account=ACCOUNT
    )
    user.environment |= {
        **variables,
        **aws_command.install(tmp_path_factory.mktemp("bin"), rds.port, door),
        "STATPIPE_TUNNEL_PORT": port,
        "STATPIPE_STAGING_PG": f"{way} user=statpipe_ingest",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "AWS_DEFAULT_REGION": REGION,
        "ENV": "staging",
    }
    return user


@pytest.fixture
def first_run(account, job, rds):
    """The job, when nothing has been loaded yet."""
    account.empty()
    with rds.connect("statpipe") as inside:
        inside.execute("DROP SCHEMA gold, statpipe CASCADE")
        inside.execute("CREATE SCHEMA gold AUTHORIZATION statpipe_loader")
        inside.execute("CREATE SCHEMA statpipe AUTHORIZATION statpipe_loader")
    return job


def told(job):
    """Everything that the run said, the tunnel's log included."""
    return "".join((job.folder / "out" / name).read_text() for name in ("run.log", "tunnel.log"))


COMPLAINTS = ("observer failed", "denied", "cannot", "may not", "ERROR", "WARNING")


def test_the_whole_run_is_green_with_the_roles_own_credentials(first_run, rds):
    first_run.runs("with the role's rights")
    assert first_run.manifest()["outcome"] == "loaded"
    assert not [word for word in COMPLAINTS if word in told(first_run)]
    with rds.connect("statpipe") as inside:
        (count,) = inside.execute("SELECT count(*) FROM gold.pce_state").fetchone()
    assert count == 2 * 24 * 2
    first_run.runs("again")
    assert first_run.manifest()["outcome"] == "unchanged"
    assert not [word for word in COMPLAINTS if word in told(first_run)]


WITHOUT = {
    "ReadAndWriteObjects": (2, "access denied; give the role s3:GetObject, s3:PutObject"),
    "ListObjects": (2, "access denied; give the role"),
    "SendMessages": (0, "sns:Publish"),
    "WriteLog": (0, "logs:CreateLogStream"),
    "SendMetric": (0, "cloudwatch:PutMetricData"),
    "LogInToDatabase": (2, "PAM authentication failed"),
    "FindBastion": (2, "AWS does not say which instance is the bastion"),
    "StartTunnel": (5, "the tunnel to the database does not open"),
    "UseTunnel": (5, "the tunnel to the database does not open"),
    "EndOwnTunnel": (0, "may not ssm:TerminateSession"),
}
"""Exit code, and what is said, without a statement."""


def test_every_statement_is_named_here(account, user):
    assert {s["Sid"] for s in account.rights()["Statement"]} == set(WITHOUT)


@pytest.mark.slow
@pytest.mark.parametrize("sid", WITHOUT)
def test_each_statement_is_necessary(account, first_run, sid):
    rights = account.rights()
    kept = [s for s in rights["Statement"] if s["Sid"] != sid]
    account.give({**rights, "Statement": kept})
    try:
        code, said = WITHOUT[sid]
        done = first_run.runs(f"without {sid}", code=code)
    finally:
        account.give(rights)
    log = first_run.folder / "out" / "run.log"
    assert said in done.stderr + (told(first_run) if log.exists() else "")


@pytest.mark.slow
@pytest.mark.parametrize("sid", ["ReadAndWriteObjects", "WriteLog", "StartTunnel"])
def test_each_action_and_resource_of_a_statement_is_necessary(account, first_run, sid):
    rights = account.rights()
    (statement,) = [s for s in rights["Statement"] if s["Sid"] == sid]
    others = [s for s in rights["Statement"] if s["Sid"] != sid]
    part = "Action" if isinstance(statement["Action"], list) else "Resource"
    for one in statement[part]:
        less = {**statement, part: [entry for entry in statement[part] if entry != one]}
        account.give({**rights, "Statement": [*others, less]})
        try:
            done = first_run.runs(f"without {one}", code=None)
        finally:
            account.give(rights)
        assert done.returncode or "observer failed" in told(first_run), one
        account.empty()


FORBIDDEN = [
    ("s3", "get_object", {"Bucket": BUCKET, "Key": "prod/runs/x"}),
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "prod/silver/x", "Body": b""}),
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "elsewhere/x", "Body": b""}),
    ("s3", "list_objects_v2", {"Bucket": BUCKET}),
    ("s3", "list_objects_v2", {"Bucket": BUCKET, "Prefix": "prod/"}),
    ("s3", "delete_object", {"Bucket": BUCKET, "Key": "staging/there"}),
    (
        "s3",
        "delete_objects",
        {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "staging/there"}]}},
    ),
    (
        "s3",
        "copy_object",
        {"Bucket": BUCKET, "Key": "staging/x", "CopySource": f"{BUCKET}/prod/there"},
    ),
    ("s3", "list_object_versions", {"Bucket": BUCKET, "Prefix": "staging/"}),
    ("s3", "get_object", {"Bucket": f"{BUCKET}-access-logs", "Key": "x"}),
    ("s3", "get_bucket_policy", {"Bucket": BUCKET}),
    ("s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": "{}"}),
    ("s3", "delete_bucket_policy", {"Bucket": BUCKET}),
    (
        "s3",
        "put_bucket_versioning",
        {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Suspended"}},
    ),
    ("s3", "delete_bucket", {"Bucket": BUCKET}),
    ("s3", "create_bucket", {"Bucket": "statpipe-of-our-own"}),
    ("s3", "list_buckets", {}),
    ("iam", "get_role", {"RoleName": "statpipe-staging"}),
    (
        "iam",
        "put_role_policy",
        {"RoleName": "statpipe-staging", "PolicyName": "more", "PolicyDocument": "{}"},
    ),
    ("iam", "create_access_key", {"UserName": "anybody"}),
    (
        "iam",
        "update_assume_role_policy",
        {"RoleName": "statpipe-staging", "PolicyDocument": "{}"},
    ),
    (
        "sns",
        "publish",
        {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:statpipe-prod", "Message": "x"},
    ),
    (
        "sns",
        "subscribe",
        {
            "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:statpipe-staging",
            "Protocol": "email",
            "Endpoint": "me@example.org",
        },
    ),
    (
        "logs",
        "create_log_stream",
        {"logGroupName": "/statpipe/prod", "logStreamName": "x"},
    ),
    ("logs", "delete_log_group", {"logGroupName": "/statpipe/staging"}),
    ("cloudwatch", "delete_alarms", {"AlarmNames": ["statpipe-staging-freshness"]}),
    ("rds", "describe_db_instances", {}),
    (
        "rds",
        "delete_db_instance",
        {"DBInstanceIdentifier": "statpipe-staging", "SkipFinalSnapshot": True},
    ),
    ("ec2", "describe_security_groups", {}),
    ("ec2", "start_instances", {"InstanceIds": ["i-0"]}),
    ("ec2", "stop_instances", {"InstanceIds": ["i-0"]}),
    ("ec2", "terminate_instances", {"InstanceIds": ["i-0"]}),
    ("secretsmanager", "list_secrets", {}),
    ("ssm", "get_parameter", {"Name": "x"}),
    ("sts", "assume_role", {"RoleArn": ROLE.replace("staging", "prod"), "RoleSessionName": "run"}),
]


@pytest.fixture(scope="module")
def as_role(account, user):
    s3 = account.client("s3")
    for key in ("staging/there", "prod/there", "prod/runs/x"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    credentials = account.assume(NUMBERED)
    session = boto3.Session(
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        region_name=REGION,
    )
    return lambda service: account.client(service, session)


@pytest.mark.parametrize(
    ("service", "request_", "arguments"),
    FORBIDDEN,
    ids=[f"{service}:{name}-{number}" for number, (service, name, _) in enumerate(FORBIDDEN)],
)
def test_the_role_may_not(as_role, service, request_, arguments):
    with pytest.raises(ClientError) as caught:
        getattr(as_role(service), request_)(**arguments)
    code = caught.value.response["Error"]["Code"]
    assert code in {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "UnauthorizedOperation",
    }, code


@pytest.mark.parametrize(
    "namespace", ["statpipe/prod", "statpipe", "statpipe/staging/x", "AWS/RDS"]
)
def test_the_role_may_not_send_metrics_to_another_namespace(account, user, namespace):
    """Staging could otherwise report success for prod, and its alarm would stay silent."""
    ours, other = ({"cloudwatch:namespace": name} for name in ("statpipe/staging", namespace))
    statement = next(s for s in provisioned(user) if s["Sid"] == "SendMetric")
    rights = {"Version": "2012-10-17", "Statement": [statement]}
    assert allows(rights, "cloudwatch:PutMetricData", "*", ours)
    assert not allows(rights, "cloudwatch:PutMetricData", "*", other)


def test_the_role_may_not_log_in_as_somebody_else_or_elsewhere(account, user, database):
    def arn(instance, login):
        return f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{instance}/{login}"

    assert account.may("rds-db:connect", arn(database, "statpipe_ingest"))
    assert not account.may("rds-db:connect", arn(database, "statpipe_admin"))
    assert not account.may("rds-db:connect", arn("db-ANOTHER", "statpipe_ingest"))


def test_the_role_may_open_a_tunnel_and_no_shell(account, user):
    asked = account.client("ec2").describe_instances(
        Filters=[{"Name": "tag:Name", "Values": ["statpipe-staging-bastion"]}]
    )
    bastion = asked["Reservations"][0]["Instances"][0]["InstanceId"]
    instance = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/"
    forwarding = "AWS-StartPortForwardingSessionToRemoteHost"
    document = f"arn:aws:ssm:{REGION}::document/"
    checked = {"ssm:SessionDocumentAccessCheck": "true"}
    assert account.may("ssm:StartSession", instance + bastion, **checked)
    assert account.may("ssm:StartSession", document + forwarding, **checked)
    assert not account.may("ssm:StartSession", document + "SSM-SessionManagerRunShell", **checked)
    unchecked = {"ssm:SessionDocumentAccessCheck": "false"}
    assert not account.may("ssm:StartSession", instance + bastion, **unchecked)
    assert not account.may("ssm:StartSession", instance + "i-0123456789", **checked)


def test_the_repository_in_its_environment_gets_the_role(account, user):
    assert account.assume(NUMBERED)["SessionToken"]


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ("repo:octo/figures:environment:staging", {}),
        ("repo:octo/figures:environment:prod", {}),
        ("repo:octo@11/figures@22:environment:prod", {}),
        ("repo:octo/figures:pull_request", {}),
        ("repo:octo/figures:ref:refs/heads/main", {}),
        ("repo:octo/other:environment:staging", {}),
        ("repo:other/figures:environment:staging", {}),
        ("repo:octo@12/figures@22:environment:staging", {}),
        ("repo:octo@11/figures@23:environment:staging", {}),
        ("repo:octo/figures:environment:staging-x", {}),
        ("repo:x/octo/figures:environment:staging", {}),
        (NUMBERED, {"audience": "https://github.com/octo"}),
        (NUMBERED, {"issuer": "https://token.actions.example.org"}),
    ],
)
def test_nobody_else_gets_the_role(account, user, subject, claims):
    with pytest.raises(ClientError) as caught:
        account.assume(subject, **claims)
    assert caught.value.response["Error"]["Code"] in {"AccessDenied", "InvalidIdentityToken"}


def test_the_bucket_refuses_requests_without_tls(account, user):
    policy = json.loads(account.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")


def test_added_rights_of_the_role_are_limited_by_its_boundary(account, user):
    """In the emulator, that enforces it: the role may not do what its own policy now allows."""
    iam = account.client("iam")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(
        RoleName="statpipe-staging",
        PolicyName="more",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    try:
        key = account.assume(NUMBERED)
        role = boto3.Session(
            key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], region_name=REGION
        )
        for service, request, arguments in (
            ("s3", "delete_bucket", {"Bucket": BUCKET}),
            ("s3", "list_objects_v2", {"Bucket": BUCKET, "Prefix": "prod/"}),
            ("iam", "list_roles", {}),
            ("iam", "delete_role_permissions_boundary", {"RoleName": "statpipe-staging"}),
            ("secretsmanager", "list_secrets", {}),
        ):
            with pytest.raises(ClientError, match="AccessDenied"):
                getattr(account.client(service, role), request)(**arguments)
        account.client("s3", role).list_objects_v2(Bucket=BUCKET, Prefix="staging/")
    finally:
        iam.delete_role_policy(RoleName="statpipe-staging", PolicyName="more")
