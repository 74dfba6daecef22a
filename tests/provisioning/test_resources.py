"""What is made, property by property; and settings that change are followed."""

from __future__ import annotations

import json

import pytest

ACCOUNT = "arn:aws:iam::123456789012"
BUCKETS = ("statpipe-data-test", "statpipe-data-test-access-logs")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_private_and_encrypted_and_require_tls(both, bucket):
    s3 = both("s3")
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(closed) == 4
    assert all(closed.values())
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    (deny,) = [s for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert deny["Principal"] == {"AWS": "*"}
    assert deny["Action"] == "s3:*"
    assert deny["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    for allow in (s for s in policy["Statement"] if s["Effect"] == "Allow"):
        assert allow["Principal"] == {"Service": "logging.s3.amazonaws.com"}
        assert allow["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}


def test_the_lake_keeps_versions_and_a_log_of_access(both):
    s3 = both("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKETS[0])["Status"] == "Enabled"
    log = s3.get_bucket_logging(Bucket=BUCKETS[0])["LoggingEnabled"]
    assert (log["TargetBucket"], log["TargetPrefix"]) == (BUCKETS[1], "statpipe-data-test/")


def test_bronze_moves_to_cheaper_storage_and_is_never_deleted(both):
    answer = both("s3").get_bucket_lifecycle_configuration(Bucket=BUCKETS[0])
    rules = {rule["Filter"]["Prefix"]: rule for rule in answer["Rules"]}
    for environment in ("staging", "prod"):
        bronze = rules[f"{environment}/bronze/"]
        moves = {(m["Days"], m["StorageClass"]) for m in bronze["Transitions"]}
        assert moves == {(90, "STANDARD_IA"), (365, "GLACIER_IR")}
        assert "Expiration" not in bronze
        assert "NoncurrentVersionExpiration" not in bronze
        for layer in ("silver", "gold"):
            rule = rules[f"{environment}/{layer}/"]
            assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
            assert "Expiration" not in rule
        assert f"{environment}/runs/" not in rules
        assert rules[f"{environment}/scratch/"]["Expiration"] == {"Days": 7}
    assert rules[""]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "Expiration" not in rules[""]
    (logs,) = both("s3").get_bucket_lifecycle_configuration(Bucket=BUCKETS[1])["Rules"]
    assert logs["Expiration"]["Days"] == 90


def test_the_role_trusts_one_repository_in_one_environment(both):
    role = both("iam").get_role(RoleName="statpipe-staging")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": f"{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": (
                    "repo:octo@11/statpipe@22:environment:staging"
                ),
            }
        },
    }
    assert (
        both("iam").list_attached_role_policies(RoleName="statpipe-staging")["AttachedPolicies"]
        == []
    )


def test_a_new_alarm_of_prod_counts_from_now(both):
    """Without a first point it would send mail before the first run could take place."""
    found = both("cloudwatch").list_metrics(MetricName="Success")["Metrics"]
    assert {(m["Namespace"], d["Value"]) for m in found for d in m["Dimensions"]} == {
        ("statpipe/prod", "prod"),
        ("statpipe/prod", "bea_pce_state"),
        ("statpipe/prod", "bea_rpp_state"),
    }


def test_no_policy_of_ours_allows_anybody_or_anything(both):
    iam = both("iam")
    for role in iam.list_roles()["Roles"]:
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            found = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)
            for statement in found["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                actions = [actions] if isinstance(actions, str) else actions
                assert not any("*" in action for action in actions)
                assert not any("Delete" in action for action in actions)
                if statement["Resource"] == "*":
                    assert statement["Condition"], statement["Sid"]


def test_nobody_can_connect_to_the_bastion_and_only_it_to_the_database(both):
    ec2 = both("ec2")
    groups = {g["GroupName"]: g for g in ec2.describe_security_groups()["SecurityGroups"]}
    bastion, database = groups["statpipe-staging-bastion"], groups["statpipe-staging-database"]
    assert bastion["IpPermissions"] == []
    (rule,) = database["IpPermissions"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 5432, 5432)
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [bastion["GroupId"]]
    assert not rule.get("IpRanges")
    assert not rule.get("Ipv6Ranges")
    of_staging = [{"Name": "tag:environment", "Values": ["staging"]}]
    answer = ec2.describe_instances(Filters=of_staging)
    (instance,) = answer["Reservations"][0]["Instances"]
    assert instance["InstanceType"] == "t4g.nano"
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert [g["GroupId"] for g in instance["SecurityGroups"]] == [bastion["GroupId"]]
    assert "KeyName" not in instance
    (attached,) = both("iam").list_attached_role_policies(RoleName="statpipe-staging-bastion")[
        "AttachedPolicies"
    ]
    assert attached["PolicyArn"] == "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_the_database_is_private_encrypted_and_has_no_password_of_ours(both, environment):
    rds, name = both("rds"), f"statpipe-{environment}"
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    assert found["Engine"] == "postgres"
    assert found["PubliclyAccessible"] is False
    assert found["StorageEncrypted"] is True
    assert found["IAMDatabaseAuthenticationEnabled"] is True
    assert found["DeletionProtection"] is (environment == "prod")
    assert found["BackupRetentionPeriod"] == 7
    assert found["MasterUserSecret"]["SecretArn"]
    assert found["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert (found["DBInstanceClass"], found["AllocatedStorage"]) == ("db.t4g.micro", 20)
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == f"statpipe-{environment}"
    group = found["DBParameterGroups"][0]["DBParameterGroupName"]
    parameters = rds.describe_db_parameters(DBParameterGroupName=group, Source="user")
    assert {p["ParameterName"]: p["ParameterValue"] for p in parameters["Parameters"]} == {
        "rds.force_ssl": "1"
    }


def test_alarms_and_logs_are_configured(both):
    alarms = {a["AlarmName"]: a for a in both("cloudwatch").describe_alarms()["MetricAlarms"]}
    fresh = alarms["statpipe-prod-freshness"]
    assert (fresh["Namespace"], fresh["MetricName"]) == ("statpipe/prod", "Success")
    assert {d["Name"]: d["Value"] for d in fresh["Dimensions"]} == {
        "environment": "prod",
        "source": "bea_pce_state",
    }
    assert (fresh["Statistic"], fresh["ComparisonOperator"]) == ("Maximum", "LessThanThreshold")
    assert (fresh["Threshold"], fresh["TreatMissingData"]) == (1.0, "breaching")
    assert (fresh["Period"], fresh["EvaluationPeriods"]) == (3600, 48)
    topic = "arn:aws:sns:us-east-1:123456789012:statpipe-prod"
    other = alarms["statpipe-prod-freshness-bea_rpp_state"]
    assert {d["Name"]: d["Value"] for d in other["Dimensions"]} == {
        "environment": "prod",
        "source": "bea_rpp_state",
    }
    assert (other["Namespace"], other["ActionsEnabled"]) == ("statpipe/prod", True)
    assert fresh["AlarmActions"] == fresh["OKActions"] == [topic]
    assert fresh["ActionsEnabled"] is True
    assert alarms["statpipe-staging-freshness"]["ActionsEnabled"] is False
    late = alarms["statpipe-prod-late-bea_rpp_state"]
    assert (late["Namespace"], late["MetricName"]) == ("statpipe/prod", "Late")
    assert (late["Dimensions"], late["AlarmActions"]) == (other["Dimensions"], [topic])
    assert (late["Statistic"], late["ComparisonOperator"]) == (
        "Maximum",
        "GreaterThanOrEqualToThreshold",
    )
    assert (late["Threshold"], late["TreatMissingData"]) == (1.0, "ignore")
    assert (late["ActionsEnabled"], late["Period"]) == (True, 86400)
    assert alarms["statpipe-staging-late-bea_pce_state"]["ActionsEnabled"] is False
    assert alarms["statpipe-prod-storage"]["MetricName"] == "FreeStorageSpace"
    assert alarms["statpipe-prod-cpu"]["MetricName"] == "CPUUtilization"
    groups = {g["logGroupName"]: g for g in both("logs").describe_log_groups()["logGroups"]}
    for name in ("/statpipe/prod", "/aws/rds/instance/statpipe-prod/postgresql"):
        assert groups[name]["retentionInDays"] == 90
    (mail,) = both("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "ops@example.org")
    attributes = both("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert not attributes.get("KmsMasterKeyId")  # alarms may not publish under alias/aws/sns


def test_the_budget_sends_mail_before_and_when_it_is_spent(both):
    budgets = both("budgets")
    here = {"AccountId": "123456789012", "BudgetName": "statpipe"}
    budget = budgets.describe_budget(**here)["Budget"]
    assert (float(budget["BudgetLimit"]["Amount"]), budget["TimeUnit"]) == (60.0, "MONTHLY")
    notices = budgets.describe_notifications_for_budget(**here)["Notifications"]
    assert {(n["NotificationType"], n["Threshold"]) for n in notices} == {
        ("ACTUAL", 80.0),
        ("FORECASTED", 100.0),
    }


@pytest.fixture
def made(moto, provision, client):
    """Staging, as the first run leaves it."""
    code, _, err = provision()
    assert code == 0, err
    return client


def changed(out):
    lines = (line.removeprefix("changed").strip() for line in out.splitlines())
    return {
        name: set(what.rstrip(")").split(", "))
        for line, raw in zip(lines, out.splitlines(), strict=True)
        if raw.startswith("changed")
        for name, _, what in (line.partition(" ("),)
    }


def test_changed_settings_are_applied(made, provision, monkeypatch):
    for name, value in (
        ("LOG_RETENTION_DAYS", "30"),
        ("NONCURRENT_DAYS", "10"),
        ("FRESHNESS_HOURS", "30"),
        ("DB_STORAGE_GB", "40"),
        ("ALERT_EMAIL", "others@example.org"),
    ):
        monkeypatch.setenv(name, value)
    code, out, _ = provision()
    # Whoever has the earlier address may still need the mail: a person decides.
    former = "topic statpipe-staging: email ops@example.org gets its messages\n"
    assert (code, f"not ours      {former}" in out) == (4, True)
    found = changed(out.split("\n\n")[0])
    assert found["bucket statpipe-data-test"] == {"lifecycle"}
    assert found["log group /statpipe/staging"] == {"retention"}
    assert found["alarm statpipe-staging-freshness"] == {"rule"}
    assert found["database statpipe-staging"] == {"AllocatedStorage"}
    assert found["topic statpipe-staging"] == {"subscription"}
    (instance,) = made("rds").describe_db_instances()["DBInstances"]
    assert instance["AllocatedStorage"] == 40
    code, out, _ = provision("--repair")
    assert (code, f"removed       {former}" in out) == (0, True)
    # Storage never shrinks: RDS would refuse it.
    monkeypatch.setenv("DB_STORAGE_GB", "20")
    assert "AllocatedStorage" not in provision()[1]


def test_a_second_run_migrates_resources_of_an_older_version(made, provision):
    """One metric namespace served both environments, and the trust also took names without numbers."""
    cloudwatch, iam = made("cloudwatch"), made("iam")
    names = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["statpipe-staging-freshness"])["MetricAlarms"]
    kept = {key: value for key, value in alarm.items() if key in names and key != "Tags"}
    cloudwatch.put_metric_alarm(**{**kept, "Namespace": "statpipe"})
    trust = iam.get_role(RoleName="statpipe-staging")["Role"]["AssumeRolePolicyDocument"]
    condition = trust["Statement"][0]["Condition"]["StringEquals"]
    subject = condition["token.actions.githubusercontent.com:sub"]
    condition["token.actions.githubusercontent.com:sub"] = [
        "repo:octo/statpipe:environment:staging",
        subject,
    ]
    iam.update_assume_role_policy(RoleName="statpipe-staging", PolicyDocument=json.dumps(trust))
    _, out, _ = provision()
    assert changed(out.split("\n\n")[0]) == {
        "alarm statpipe-staging-freshness": {"rule"},
        "role statpipe-staging": {"trust"},
    }


def test_a_repository_without_numbers_in_its_tokens_is_trusted_on_request(
    made, provision, monkeypatch
):
    monkeypatch.setenv("GITHUB_SUBJECT", "named")
    code, _, err = provision()
    role = made("iam").get_role(RoleName="statpipe-staging")["Role"]
    condition = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:sub"] == (
        "repo:octo/statpipe:environment:staging"
    )
    assert (code, err.splitlines()[1]) == (
        0,
        "warning: GITHUB_SUBJECT=named trusts octo/statpipe by its name alone: whoever gets that "
        "name, after a rename or a deletion, gets the role; switch on immutable subject claims for "
        "the repository on GitHub, and remove the setting",
    )


def test_roles_that_an_older_version_made_get_their_boundary(made, provision, recorder):
    iam = made("iam")
    roles = ("statpipe-staging", "statpipe-staging-bastion")
    for role in roles:
        iam.delete_role_permissions_boundary(RoleName=role)
    recorder.clear()
    code, out, _ = provision()
    assert code == 0
    assert changed(out.split("\n\n")[0]) == {f"role {role}": {"boundary"} for role in roles}
    for role in roles:
        bound = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]
        assert bound["PermissionsBoundaryArn"].endswith(":policy/statpipe-staging-boundary")


def test_the_boundary_only_allows_the_run_and_session_manager(both):
    iam = both("iam")
    arn = "arn:aws:iam::123456789012:policy/statpipe-staging-boundary"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    asked = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    most = asked["PolicyVersion"]["Document"]
    rights = iam.get_role_policy(RoleName="statpipe-staging", PolicyName="runtime")
    for statement in rights["PolicyDocument"]["Statement"]:
        assert [s["Action"] for s in most["Statement"] if s["Sid"] == statement["Sid"]] == [
            statement["Action"]
        ]
    actions = {a for s in most["Statement"] for a in [s["Action"]] if isinstance(a, str)}
    actions |= {a for s in most["Statement"] if isinstance(s["Action"], list) for a in s["Action"]}
    assert not any("*" in action or action.startswith("iam:") for action in actions)
    # AWS's own policy for the bastion reads all parameters of the account, and some hold secrets.
    assert not {"ssm:GetParameter", "ssm:GetParameters"} & actions
    assert {"ssm:UpdateInstanceInformation", "ssmmessages:CreateDataChannel"} <= actions
