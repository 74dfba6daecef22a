"""What goes wrong is one line that says what, and what to do; exit 2 to correct it, 5 to come back."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from provisioning.failures import told
from provisioning.provisioner_policy import grants

from support.ports import refusing_port

GRANTS = grants(partition="aws", account="123456789012", region="us-east-1", buckets=("b",))


def refused(code, message="no", status=400, operation="CreateBucket"):
    error = {"Error": {"Code": code, "Message": message}}
    error["ResponseMetadata"] = {"HTTPStatusCode": status}
    return ClientError(error, operation)


def said(error, asked="S3:CreateBucket"):
    found = told(error, asked=asked, region="us-east-1", grants=GRANTS)
    return found.exit_code, str(found)


def test_a_bucket_in_another_region_is_named(moto, provision, client):
    client("s3").create_bucket(
        Bucket="statpipe-data-test",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    code, _, err = provision()
    assert code == 2
    assert err.splitlines()[-1] == (
        "provision: the bucket statpipe-data-test lies in eu-central-1 and AWS_REGION is us-east-1; "
        "set AWS_REGION to eu-central-1, or choose another STATPIPE_BUCKET (exit 2)"
    )


def test_an_invalid_region_is_refused_before_any_request(provision, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-centrl-1")
    code, _, err = provision()
    assert (code, err.count("\n")) == (2, 1)
    assert "did you mean eu-central-1?" in err


def test_without_credentials_the_line_says_how_to_log_in(provision):
    code, _, err = provision()
    assert (code, err) == (
        2,
        "provision: no credentials for AWS (Unable to locate credentials); log in (`aws sso "
        "login`), or name a profile of AWS in AWS_PROFILE, and run again (exit 2)\n",
    )


def test_an_unknown_profile_is_named(provision, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    code, _, err = provision()
    assert code == 2
    assert "(The config profile (nowhere) could not be found)" in err


def test_the_wrong_account_is_noticed_before_anything_is_made(
    moto, provision, recorder, monkeypatch
):
    monkeypatch.setenv("AWS_ACCOUNT_ID", "999999999999")
    code, out, err = provision()
    assert (code, out) == (2, "")
    assert err == (
        "provision: these are credentials of account 123456789012 and AWS_ACCOUNT_ID is "
        "999999999999; name the right profile in AWS_PROFILE, or correct it (exit 2)\n"
    )
    assert recorder.mutating() == {}


def test_unreachable_aws_is_a_temporary_error(provision, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with refusing_port() as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        code, _, err = provision()
    assert code == 5
    assert err.startswith("provision: AWS cannot be reached in region us-east-1 (Could not connect")
    assert err.endswith("is online and AWS_REGION is right, and run again (exit 5)\n")
    assert "canary" not in err


def test_a_missing_default_vpc_is_reported_with_the_command_to_create_it(moto, provision, client):
    ec2 = client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for gateway in ec2.describe_internet_gateways()["InternetGateways"]:
        for attached in gateway["Attachments"]:
            ec2.detach_internet_gateway(
                InternetGatewayId=gateway["InternetGatewayId"], VpcId=attached["VpcId"]
            )
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    code, _, err = provision()
    assert code == 2
    assert err.splitlines()[-1] == (
        "provision: region us-east-1 has no default VPC; make one with `aws ec2 create-default-vpc "
        "--region us-east-1`, or choose another AWS_REGION (exit 2)"
    )


def test_a_major_version_is_not_upgraded_silently(moto, provision, monkeypatch):
    provision()
    monkeypatch.setenv("DB_VERSION", "18")
    code, _, err = provision()
    assert code == 2
    assert err.splitlines()[-1] == (
        "provision: the database statpipe-staging is PostgreSQL 17 and DB_VERSION is 18; set "
        "DB_VERSION=17, or upgrade it by hand: that cannot be undone (exit 2)"
    )


def test_an_interrupted_run_says_that_it_can_be_continued(moto, provision, recorder):
    def stop(name):
        if name == "SNS:CreateTopic":
            raise KeyboardInterrupt

    recorder.hooks.append(stop)
    code, _, err = provision()
    assert code == 130
    assert err.endswith("provision: interrupted; run again to complete it (exit 130)\n")


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_expired_credentials_are_reported(code):
    assert said(refused(code)) == (
        2,
        "the credentials for AWS have expired; log in (`aws sso login`), or name a profile of AWS "
        "in AWS_PROFILE, and run again",
    )


def test_unknown_credentials_and_disabled_regions_are_reported():
    assert said(refused("InvalidClientTokenId")) == (
        2,
        "AWS does not know the credentials (InvalidClientTokenId); log in (`aws sso login`), or name "
        "a profile of AWS in AWS_PROFILE, and run again; if they are right, region us-east-1 is not "
        "switched on in the account: choose another AWS_REGION",
    )


NOT_YOURS = (
    "User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole on resource: r"
)


def test_a_role_that_cannot_be_assumed_is_reported():
    assert said(refused("AccessDenied", NOT_YOURS, 403), "STS:AssumeRole") == (
        2,
        f"the role of the profile cannot be assumed ({NOT_YOURS}); correct role_arn of AWS_PROFILE, or "
        "have the role's trust and your rights say that you may",
    )


@pytest.fixture
def with_a_role(moto, monkeypatch, tmp_path):
    """A profile of AWS whose rights are those of a role."""
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id=a\naws_secret_access_key=canary\n"
        "[profile engineer]\nrole_arn=arn:aws:iam::123456789012:role/engineer\n"
        "source_profile=base\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "engineer")


@pytest.mark.parametrize("option", ["--plan", "--destroy-plan", "--policy"])
def test_read_only_requests_may_assume_a_role(with_a_role, provision, option, recorder):
    code, _, err = provision(option)
    assert code == 0, err
    assert recorder.mutating().keys() <= {"STS:AssumeRole"}


@pytest.mark.parametrize(
    ("operation", "error", "answer"),
    [
        (
            "STS:AssumeRole",
            refused("AccessDenied", NOT_YOURS, 403),
            (2, "the role of the profile cannot be assumed"),
        ),
        (
            "STS:GetCallerIdentity",
            refused("ExpiredToken"),
            (2, "the credentials for AWS have expired; log in"),
        ),
        (
            "RDS:CreateDBInstance",
            refused("ThrottlingException"),
            (5, "RDS:CreateDBInstance: AWS is busy (ThrottlingException); run again later"),
        ),
        (
            "S3:CreateBucket",
            refused("BucketAlreadyExists"),
            (2, "the bucket statpipe-data-test-access-logs belongs to somebody else"),
        ),
        (
            "S3:HeadBucket",
            refused("403", "Forbidden", 403),
            (2, "the bucket statpipe-data-test-access-logs belongs to somebody else"),
        ),
    ],
)
@pytest.mark.usefixtures("with_a_role")
def test_a_refusal_of_aws_is_one_line_and_an_exit_code(
    provision, recorder, operation, error, answer
):
    def refuse(name):
        if name == operation:
            raise error

    recorder.hooks.append(refuse)
    code, _, err = provision()
    line = err.splitlines()[-1]
    assert code == answer[0]
    assert line.startswith(f"provision: {answer[1]}")
    assert line.endswith(f"(exit {code})")
    assert "Traceback" not in err
    assert "canary" not in err


def test_a_foreign_bucket_in_another_region_is_not_called_ours(moto, provision, recorder):
    def refuse(name):
        if name == "S3:HeadBucket":
            error = refused("403", "Forbidden", 403, "HeadBucket")
            headers = {"x-amz-bucket-region": "eu-central-1"}
            error.response["ResponseMetadata"]["HTTPHeaders"] = headers
            raise error

    recorder.hooks.append(refuse)
    code, _, err = provision()
    assert code == 2
    assert "belongs to somebody else" in err
    assert "eu-central-1" not in err


def test_a_missing_file_of_settings_is_named(provision, tmp_path):
    code, _, err = provision("--env-file", str(tmp_path / "typo"))
    assert (code, err) == (
        2,
        f"provision: {tmp_path}/typo cannot be read (No such file or directory); correct it, or name "
        "another file with --env-file (exit 2)\n",
    )


def test_an_irrecoverable_database_is_not_changed(moto, provision, client, recorder):
    rds = client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="statpipe-staging",
        Engine="postgres",
        EngineVersion="17",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="somebody",
        MasterUserPassword="known-to-somebody",
        StorageEncrypted=False,
    )
    code, _, err = provision()
    assert code == 2
    assert err.splitlines()[-1] == (
        "provision: the database statpipe-staging is not encrypted, which can only be chosen when it is "
        "made; restore an encrypted copy of a snapshot under this name, and run again (exit 2)"
    )
    assert "RDS:ModifyDBInstance" not in recorder


@pytest.mark.parametrize("code", ["SlowDown", "Throttling", "RequestLimitExceeded"])
def test_throttling_is_a_temporary_error(code):
    assert said(refused(code)) == (
        5,
        f"S3:CreateBucket: AWS is busy ({code}); run again later, it goes on from here",
    )


def test_a_server_error_is_a_temporary_error():
    assert said(refused("InternalError", status=500))[0] == 5


def test_a_denied_request_names_action_and_statement():
    message = (
        "User: arn:aws:iam::1:user/u is not authorized to perform: s3:CreateBucket on resource"
    )
    exit_code, line = said(refused("AccessDenied", message, 403))
    assert exit_code == 2
    assert line == (
        "s3:CreateBucket is denied (at S3:CreateBucket); add this statement to the policy of "
        'whoever runs this: {"Sid": "Buckets", "Effect": "Allow", "Action": ["s3:CreateBucket"], '
        '"Resource": ["arn:aws:s3:::b"]} (it is part of Buckets; --policy prints all)'
    )


def test_a_right_in_several_statements_is_named_with_all_of_them():
    message = "User: u is not authorized to perform: ec2:CreateSecurityGroup on resource"
    _, line = said(refused("UnauthorizedOperation", message, 403), "EC2:CreateSecurityGroup")
    assert line.startswith(
        "ec2:CreateSecurityGroup is denied (at EC2:CreateSecurityGroup); add these statements to the "
        'policy of whoever runs this: {"Sid": "NewGroup", '
    )
    assert line.endswith("(they are part of NewGroup, Around; --policy prints all)")


def test_only_administrators_change_a_boundary():
    message = "User: u is not authorized to perform: iam:CreatePolicyVersion on resource: policy x"
    assert said(refused("AccessDenied", message, 403), "IAM:CreatePolicyVersion") == (
        2,
        "iam:CreatePolicyVersion is denied: only an administrator may change the boundary of the roles; "
        "have one run this once",
    )


def test_a_denied_request_without_a_message_is_identified_by_its_action():
    exit_code, line = said(refused("AccessDenied", "Access Denied", 403), "S3:HeadBucket")
    assert exit_code == 2
    assert line.startswith("s3:ListBucket is denied (at S3:HeadBucket); add this statement")


def test_an_additional_right_of_a_request_is_named():
    message = "User: x is not authorized to perform: iam:PassRole on resource: r"
    _, line = said(refused("UnauthorizedOperation", message, 403), "EC2:RunInstances")
    assert line.startswith("iam:PassRole is denied (at EC2:RunInstances); add this statement")
    assert '"Sid": "PassBastionRole"' in line


def test_an_explicit_deny_is_for_whoever_administers_the_account():
    message = "not authorized to perform: s3:CreateBucket with an explicit deny in a policy"
    _, line = said(refused("AccessDenied", message, 403))
    assert line == (
        "S3:CreateBucket: a policy denies it explicitly; ask whoever administers the account"
    )


def test_an_unexpected_error_is_one_line():
    assert said(refused("Odd", "two\nlines")) == (
        2,
        "S3:CreateBucket: AWS refuses it: Odd: two lines",
    )


def test_keys_in_dotenv_are_used(moto, provision, monkeypatch, tmp_path):
    """The file may also name a profile: AWS's own order takes keys first."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert provision("--plan")[0] == 2
    file = tmp_path / ".env"
    file.chmod(0o644)
    file.write_text("AWS_ACCESS_KEY_ID=testing\nAWS_SECRET_ACCESS_KEY=testing\n")
    code, out, err = provision("--plan")
    assert code == 0
    assert out.startswith("would create")
    assert err.splitlines()[0] == (
        f"warning: {file} contains AWS keys and other users can read it; run `chmod 600 {file}`"
    )


def test_a_profile_in_the_environment_takes_precedence_over_keys_in_dotenv(
    moto, provision, monkeypatch, tmp_path
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    (tmp_path / ".env").write_text("AWS_ACCESS_KEY_ID=testing\nAWS_SECRET_ACCESS_KEY=testing\n")
    code, _, err = provision("--plan")
    assert (code, "profile (nowhere) could not be found" in err) == (2, True)


@pytest.mark.parametrize(
    "code",
    [
        "ConcurrentModification",
        "ConcurrentModificationException",
        "ConflictException",
        "ConditionalRequestConflict",
        "EntityTemporarilyUnmodifiable",
        "IncorrectInstanceState",
        "InvalidDBInstanceState",
        "InvalidDBParameterGroupStateFault",
        "PriorRequestNotComplete",
    ],
)
def test_a_parallel_change_is_a_temporary_error(code):
    assert said(refused(code), "IAM:TagRole") == (
        5,
        f"IAM:TagRole: something else changes it at the same time ({code}); run again, it goes on "
        "from here",
    )


@pytest.mark.parametrize(
    ("asked", "code", "quota"),
    [
        ("IAM:CreateRole", "LimitExceeded", "AWS IAM: Roles per account"),
        (
            "IAM:CreatePolicy",
            "LimitExceeded",
            "AWS IAM: Customer managed policies per account",
        ),
        ("S3:CreateBucket", "TooManyBuckets", "Amazon S3: General purpose buckets"),
        ("RDS:CreateDBInstance", "InstanceQuotaExceeded", "Amazon RDS: DB instances"),
        (
            "RDS:CreateDBInstance",
            "StorageQuotaExceeded",
            "Amazon RDS: Total storage for all DB instances",
        ),
        (
            "EC2:RunInstances",
            "VcpuLimitExceeded",
            "Amazon EC2: Running On-Demand Standard instances",
        ),
        ("SNS:CreateTopic", "TopicLimitExceededException", "Amazon SNS: Topics per account"),
        ("IAM:TagRole", "LimitExceeded", "the quota that IAM:TagRole needs"),
    ],
)
def test_a_used_up_quota_is_named(asked, code, quota):
    assert said(refused(code, "Cannot exceed 10"), asked) == (
        2,
        f"{asked}: a quota of the account is used up ({code}: Cannot exceed 10); ask for a higher one "
        f"in the console of Service Quotas ({quota}; region us-east-1), or remove what is not needed, "
        "and run again",
    )


def test_a_request_rate_limit_is_not_a_quota():
    assert said(refused("RequestLimitExceeded"), "EC2:RunInstances")[0] == 5
