"""What somebody adds."""

from __future__ import annotations

import contextlib

from support.drifts.site import (
    BUDGET,
    EVERYTHING,
    ID,
    LAKE,
    LOGS,
    PARAMETERS,
    STEM,
    TOPIC,
    added,
    document,
)

ADMINISTRATOR = f"arn:aws:iam::{ID}:policy/Administrator"
for name in (STEM, f"{STEM}-bastion"):

    @added(f"role {name}", "the policy theirs is written into it")
    def another_inline_policy(site, name=name):
        site.client("iam").put_role_policy(
            RoleName=name, PolicyName="theirs", PolicyDocument=EVERYTHING
        )

    @added(f"role {name}", f"the policy {ADMINISTRATOR} is attached to it")
    def administrator(site, name=name):
        iam = site.client("iam")
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_policy(PolicyName="Administrator", PolicyDocument=EVERYTHING)
        iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)

    @added(f"role {name}", "the instance profile other gives it to instances")
    def in_another_profile(site, name=name):
        iam = site.client("iam")
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_instance_profile(InstanceProfileName="other")
        iam.add_role_to_instance_profile(InstanceProfileName="other", RoleName=name)


QUEUE = f"arn:aws:sqs:us-east-1:{ID}:theirs"
for bucket in (LAKE, LOGS):

    @added(f"bucket {bucket}", "it is a website")
    def website(site, bucket=bucket):
        index = {"IndexDocument": {"Suffix": "index.html"}}
        site.client("s3").put_bucket_website(Bucket=bucket, WebsiteConfiguration=index)

    @added(f"bucket {bucket}", "web pages of * may ask for objects (CORS)")
    def pages_of_others(site, bucket=bucket):
        rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
        site.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})

    @added(f"bucket {bucket}", f"events are sent to {QUEUE}")
    def events(site, bucket=bucket):
        site.client("sqs").create_queue(QueueName="theirs")
        told = {"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
        site.client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [told]}
        )


@added(f"bucket {LAKE}", "objects are copied to arn:aws:s3:::theirs")
def copies(site):
    s3 = site.client("s3")
    s3.create_bucket(Bucket="theirs")
    s3.put_bucket_versioning(Bucket="theirs", VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "x",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::theirs"},
    }
    s3.put_bucket_replication(
        Bucket=LAKE,
        ReplicationConfiguration={"Role": f"arn:aws:iam::{ID}:role/x", "Rules": [rule]},
    )


for protocol, endpoint in (
    ("email", "stranger@example.org"),
    ("email-json", "ops@example.org"),
    ("https", "https://example.org/hook"),
    ("sqs", QUEUE),
):

    @added(f"topic {STEM}", f"{protocol} {endpoint} gets its messages")
    def subscriber(site, protocol=protocol, endpoint=endpoint):
        site.client("sqs").create_queue(QueueName="theirs")
        site.client("sns").subscribe(TopicArn=TOPIC, Protocol=protocol, Endpoint=endpoint)


STREAM = f"arn:aws:kinesis:us-east-1:{ID}:stream/theirs"
for group in ("/statpipe/staging", f"/aws/rds/instance/{STEM}/postgresql"):

    @added(f"log group {group}", f"its lines are sent to {STREAM}")
    def lines_sent(site, group=group):
        kinesis = site.client("kinesis")
        with contextlib.suppress(kinesis.exceptions.ResourceInUseException):
            kinesis.create_stream(StreamName="theirs", ShardCount=1)
        site.client("logs").put_subscription_filter(
            logGroupName=group,
            filterName="theirs",
            filterPattern="",
            destinationArn=STREAM,
            roleArn=f"arn:aws:iam::{ID}:role/x",
        )

    @added(f"log group {group}", "the metric statpipe/prod Success is made of its lines")
    def counts_as_success(site, group=group):
        made = {
            "metricName": "Success",
            "metricNamespace": "statpipe/prod",
            "metricValue": "1",
        }
        site.client("logs").put_metric_filter(
            logGroupName=group,
            filterName="theirs",
            filterPattern="x",
            metricTransformations=[made],
        )


@added(f"parameter group {PARAMETERS}", "log_statement is set to all")
def every_statement_in_the_log(site):
    parameter = {"ParameterName": "log_statement", "ParameterValue": "all"}
    site.client("rds").modify_db_parameter_group(
        DBParameterGroupName=PARAMETERS, Parameters=[{**parameter, "ApplyMethod": "immediate"}]
    )


@added(f"database {STEM}", f"it may act as arn:aws:iam::{ID}:role/theirs (s3Export)")
def acts_as_another(site):
    site.client("rds").add_role_to_db_instance(
        DBInstanceIdentifier=STEM,
        RoleArn=f"arn:aws:iam::{ID}:role/theirs",
        FeatureName="s3Export",
    )


for name, whom, said in (
    ("for-all", "all", "everybody"),
    ("for-one", "999999999999", "999999999999"),
):

    @added(f"database {STEM}", f"its snapshot {name} is shared with {said}")
    def shared_snapshot(site, name=name, whom=whom):
        rds = site.client("rds")
        rds.create_db_snapshot(DBInstanceIdentifier=STEM, DBSnapshotIdentifier=name)
        rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[whom]
        )


@added(f"database {STEM}", "the secret of its administrator has a policy for others")
def password_for_others(site):
    secrets = site.client("secretsmanager")
    for secret in secrets.list_secrets()["SecretList"]:
        secrets.put_resource_policy(
            SecretId=secret["ARN"],
            ResourcePolicy=document(
                Principal={"AWS": "999999999999"},
                Action="secretsmanager:GetSecretValue",
                Resource="*",
            ),
        )


@added("budget statpipe", "a notice of 10 USD actual is sent")
def notice_for_others(site):
    notice = {
        "NotificationType": "ACTUAL",
        "Threshold": 10.0,
        "ComparisonOperator": "GREATER_THAN",
        "ThresholdType": "ABSOLUTE_VALUE",
    }
    others = [{"SubscriptionType": "EMAIL", "Address": "stranger@example.org"}]
    site.client("budgets").create_notification(**BUDGET, Notification=notice, Subscribers=others)
