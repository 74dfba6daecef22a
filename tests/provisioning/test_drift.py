"""Every aspect of every resource: what somebody changed by hand is said by its name, and put right."""

from __future__ import annotations

import contextlib
import functools
import json
import os

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from provisioning.account import READING, Account
from provisioning.provision import provision
from provisioning.provision_aws import regions
from provisioning.reconcile import Reconciler
from provisioning.settings import read_settings

ID = "123456789012"
LAKE, LOGS = "statpipe-data-test", "statpipe-data-test-access-logs"
STEM = "statpipe-staging"
PARAMETERS = f"{STEM}-postgres17"
TOPIC = f"arn:aws:sns:us-east-1:{ID}:{STEM}"
ISSUER = "token.actions.githubusercontent.com"
BUDGET = {"AccountId": ID, "BudgetName": "statpipe"}
OURS = ["project", "environment", "managed-by"]


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


EVERYTHING = document(Action="*", Resource="*")
ANYBODY = document(Principal={"AWS": "*"}, Action="sts:AssumeRole")


class Site:
    """An environment, resource by resource, and what its account lacks in the emulator."""

    def __init__(self) -> None:
        settings = {"regions": regions(), "bastion": True}
        self.settings = read_settings("staging", VARIABLES, **settings)
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        for operation in (
            "rds.ModifyDBSubnetGroup",
            "rds.RemoveRoleFromDBInstance",
            "rds.ResetDBParameterGroup",
            "budgets.UpdateBudget",
            "iam.AddClientIDToOpenIDConnectProvider",
        ):
            session.events.register(f"before-call.{operation}", self.instead)
        self.account = Account(session=session, region="us-east-1")
        self.asked = set()
        session.events.register("before-call.*.*", self.note)
        # That of somebody else, whose requests are not ours.
        others = boto3.Session("testing", "testing", region_name="us-east-1")
        here = os.environ["AWS_ENDPOINT_URL"]  # by name: a test that uses this knows it no longer
        self.client = functools.cache(lambda service: others.client(service, endpoint_url=here))
        self.resources = {}
        self.said = []
        self.reconciler = Reconciler(plan=False, tell=self.said.append)
        self.repairing = Reconciler(plan=False, repair=True, tell=self.said.append)
        provision(self.account, self.settings, self)
        self.tell = self.said.append

    tell = print
    sleep = staticmethod(lambda _: None)

    def settle(self, resource):
        self.resources[resource.name] = resource
        return self.reconciler.settle(resource)

    def again(self, name, *, repair=False):
        self.said.clear()
        (self.repairing if repair else self.reconciler).settle(self.resources[name])
        return [line for line in self.said if not line.startswith("waiting")]

    def note(self, model, **_):
        self.asked.add(f"{model.service_model.service_id}:{model.name}")

    def instead(self, model, params, **_):
        """Do what the emulator does not, or does wrong."""
        from moto.budgets.models import budgets_backends
        from moto.ec2.models import ec2_backends
        from moto.iam.models import iam_backends
        from moto.rds.models import rds_backends

        asked = params["body"]
        if model.name == "ModifyDBSubnetGroup":
            group = rds_backends[ID]["us-east-1"].subnet_groups[asked["DBSubnetGroupName"]]
            wanted = [v for k, v in asked.items() if k.startswith("SubnetIds")]
            group._subnets = [ec2_backends[ID]["us-east-1"].get_subnet(name) for name in wanted]
        elif model.name == "RemoveRoleFromDBInstance":
            database = rds_backends[ID]["us-east-1"].databases[asked["DBInstanceIdentifier"]]
            database.associated_roles[:] = [
                role for role in database.associated_roles if role.role_arn != asked["RoleArn"]
            ]
        elif model.name == "ResetDBParameterGroup":
            assert asked["Parameters.Parameter.1.ApplyMethod"] == "pending-reboot"
            group = rds_backends[ID]["us-east-1"].db_parameter_groups[asked["DBParameterGroupName"]]
            del group.parameters[asked["Parameters.Parameter.1.ParameterName"]]
        elif model.name == "UpdateBudget":
            new = json.loads(asked)["NewBudget"]
            there = budgets_backends[ID]["aws"].budgets[ID][new["BudgetName"]].budget
            there.update({"CostFilters": {}, **new})
        else:
            providers = iam_backends[ID]["aws"].open_id_providers
            providers[asked["OpenIDConnectProviderArn"]].client_id_list.append(asked["ClientID"])
        return AWSResponse("", 200, {}, None), {}


VARIABLES = {}


@pytest.fixture(scope="module")
def site(alone):
    with alone() as variables:
        VARIABLES.update(variables)
        return Site()


DRIFTS = []


def drift(resource, aspect):
    """Note a way in which somebody changes an aspect of a resource."""

    def noted(change):
        DRIFTS.append(pytest.param(resource, aspect, change, id=f"{resource}-{change.__name__}"))
        return change

    return noted


def group_of(site, name):
    filters = [{"Name": "group-name", "Values": [name]}]
    return site.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]


def instance_of(site):
    from provisioning.bastion import find_bastion

    return find_bastion(site.account, "staging")


# ── Buckets ──────────────────────────────────────────────────────────────────────────────────────

for bucket in (LAKE, LOGS):
    for flag in (
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ):

        @drift(f"bucket {bucket}", "public access")
        def open_to_the_public(site, bucket=bucket, flag=flag):
            s3 = site.client("s3")
            there = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
            s3.put_public_access_block(
                Bucket=bucket, PublicAccessBlockConfiguration={**there, flag: False}
            )

    @drift(f"bucket {bucket}", "public access")
    def block_gone(site, bucket=bucket):
        site.client("s3").delete_public_access_block(Bucket=bucket)

    @drift(f"bucket {bucket}", "ownership")
    def owned_by_writers(site, bucket=bucket):
        rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        site.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)

    @drift(f"bucket {bucket}", "encryption")
    def encryption_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_encryption(Bucket=bucket)

    @drift(f"bucket {bucket}", "encryption")
    def another_encryption(site, bucket=bucket):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        site.client("s3").put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    @drift(f"bucket {bucket}", "policy")
    def policy_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_policy(Bucket=bucket)

    @drift(f"bucket {bucket}", "policy")
    def readable_by_the_world(site, bucket=bucket):
        s3 = site.client("s3")
        there = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        more = json.loads(
            document(
                Principal={"AWS": "*"},
                Action="s3:GetObject",
                Resource=f"arn:aws:s3:::{bucket}/*",
            )
        )
        there["Statement"] += more["Statement"]
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(there))

    @drift(f"bucket {bucket}", "tags")
    def bucket_tags_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_tagging(Bucket=bucket)

    @drift(f"bucket {bucket}", "lifecycle")
    def lifecycle_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_lifecycle(Bucket=bucket)


@drift(f"bucket {LAKE}", "versioning")
def versions_suspended(site):
    site.client("s3").put_bucket_versioning(
        Bucket=LAKE, VersioningConfiguration={"Status": "Suspended"}
    )


@drift(f"bucket {LAKE}", "access log")
def not_logged(site):
    site.client("s3").put_bucket_logging(Bucket=LAKE, BucketLoggingStatus={})


@drift(f"bucket {LAKE}", "access log")
def logged_elsewhere(site):
    from moto.s3.models import s3_backends

    s3_backends[ID]["aws"].buckets[LAKE].logging["TargetPrefix"] = "elsewhere/"


def bronze(site, **change):
    s3 = site.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=LAKE)["Rules"]
    for rule in rules:
        if rule["ID"] == "prod-bronze":
            rule.update(change)
    s3.put_bucket_lifecycle_configuration(Bucket=LAKE, LifecycleConfiguration={"Rules": rules})


@drift(f"bucket {LAKE}", "lifecycle")
def bronze_deleted_after_a_while(site):
    bronze(site, Expiration={"Days": 400})


@drift(f"bucket {LAKE}", "lifecycle")
def bronze_rule_off(site):
    bronze(site, Status="Disabled")


@drift(f"bucket {LAKE}", "lifecycle")
def bronze_rule_for_some_only(site):
    tag = {"Key": "cold", "Value": "yes"}
    bronze(site, Filter={"And": {"Prefix": "prod/bronze/", "Tags": [tag]}})


@drift(f"bucket {LAKE}", "lifecycle")
def one_rule_more(site):
    s3 = site.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=LAKE)["Rules"]
    rules.append(
        {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    )
    s3.put_bucket_lifecycle_configuration(Bucket=LAKE, LifecycleConfiguration={"Rules": rules})


for bucket in (LAKE, LOGS):

    @drift(f"bucket {bucket}", "access list")
    def everybody_on_the_access_list(site, bucket=bucket):
        site.client("s3").put_bucket_acl(Bucket=bucket, ACL="public-read")


# ── Logs, topic, alarms ──────────────────────────────────────────────────────────────────────────

for group in ("/statpipe/staging", f"/aws/rds/instance/{STEM}/postgresql"):

    @drift(f"log group {group}", "retention")
    def kept_for_ever(site, group=group):
        site.client("logs").delete_retention_policy(logGroupName=group)

    @drift(f"log group {group}", "tags")
    def log_tags_gone(site, group=group):
        arn = f"arn:aws:logs:us-east-1:{ID}:log-group:{group}"
        site.client("logs").untag_resource(resourceArn=arn, tagKeys=OURS)


@drift(f"topic {STEM}", "subscription")
def unsubscribed(site):
    sns = site.client("sns")
    for found in sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])


@drift(f"topic {STEM}", "encryption")
def under_a_key_that_alarms_may_not_use(site):
    site.client("sns").set_topic_attributes(
        TopicArn=TOPIC, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )


@drift(f"topic {STEM}", "encryption")
def under_a_key_of_somebody(site):
    site.client("sns").set_topic_attributes(
        TopicArn=TOPIC, AttributeName="KmsMasterKeyId", AttributeValue="alias/theirs"
    )


for whom in ({"AWS": "*"}, {"AWS": "arn:aws:iam::999999999999:root"}):

    @drift(f"topic {STEM}", "policy")
    def others_may_publish_and_subscribe(site, whom=whom):
        actions = ["sns:Publish", "sns:Subscribe"]
        site.client("sns").set_topic_attributes(
            TopicArn=TOPIC,
            AttributeName="Policy",
            AttributeValue=document(Principal=whom, Action=actions, Resource=TOPIC),
        )


@drift(f"topic {STEM}", "policy")
def one_statement_more(site):
    site.client("sns").add_permission(
        TopicArn=TOPIC, Label="x", AWSAccountId=["999999999999"], ActionName=["Publish"]
    )


@drift(f"topic {STEM}", "filter")
def mail_about_nothing_only(site):
    sns = site.client("sns")
    for found in sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
        sns.set_subscription_attributes(
            SubscriptionArn=found["SubscriptionArn"],
            AttributeName="FilterPolicy",
            AttributeValue='{"never": ["sent"]}',
        )


@drift(f"topic {STEM}", "tags")
def topic_tags_gone(site):
    site.client("sns").untag_resource(ResourceArn=TOPIC, TagKeys=OURS)


for kind in ("freshness", "freshness-bea_rpp_state", "storage", "cpu", "bastion"):
    alarm = f"{STEM}-{kind}"
    for key, value in (
        ("Namespace", "other"),
        ("MetricName", "Other"),
        ("Dimensions", [{"Name": "environment", "Value": "prod"}]),
        ("Statistic", "Sum"),
        ("Period", 60),
        ("EvaluationPeriods", 100),
        ("DatapointsToAlarm", 1),
        ("Threshold", 0.5),
        ("ComparisonOperator", "GreaterThanOrEqualToThreshold"),
        ("TreatMissingData", "notBreaching"),
        ("AlarmActions", []),
        ("OKActions", []),
        ("InsufficientDataActions", ["arn:aws:sns:us-east-1:999999999999:theirs"]),
        ("AlarmActions", ["arn:aws:sns:us-east-1:999999999999:theirs"]),
        ("Unit", "Bytes"),
        ("ActionsEnabled", None),
        ("AlarmDescription", "not ours"),
    ):

        @drift(f"alarm {alarm}", "rule")
        def alarm_changed(site, alarm=alarm, key=key, value=value):
            cloudwatch = site.client("cloudwatch")
            (there,) = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
            names = site_names("PutMetricAlarm", cloudwatch)
            request = {k: v for k, v in there.items() if k in names and k != "Tags"}
            new = (not there[key]) if value is None else value
            cloudwatch.put_metric_alarm(**{**request, key: new})

    @drift(f"alarm {alarm}", "tags")
    def alarm_tags_gone(site, alarm=alarm):
        arn = f"arn:aws:cloudwatch:us-east-1:{ID}:alarm:{alarm}"
        site.client("cloudwatch").untag_resource(ResourceARN=arn, TagKeys=OURS)


def site_names(operation, client):
    return client.meta.service_model.operation_model(operation).input_shape.members


# ── Network and bastion ──────────────────────────────────────────────────────────────────────────

STRANGERS = {
    "the_world": {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    "the_world_by_ipv6": {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
    "an_address_with_a_word": {"IpRanges": [{"CidrIp": "192.0.2.7/32", "Description": "me"}]},
    "a_list": {"PrefixListIds": [{"PrefixListId": "pl-00a54069"}]},
}
for name in (f"{STEM}-bastion", f"{STEM}-database"):
    for callers in STRANGERS.values():

        @drift(f"security group {name}", "inbound rules")
        def lets_in(site, name=name, callers=callers):
            rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **callers}
            site.client("ec2").authorize_security_group_ingress(
                GroupId=group_of(site, name)["GroupId"], IpPermissions=[rule]
            )

    @drift(f"security group {name}", "tags")
    def group_tags_gone(site, name=name):
        site.client("ec2").delete_tags(
            Resources=[group_of(site, name)["GroupId"]], Tags=[{"Key": key} for key in OURS]
        )


@drift(f"security group {STEM}-database", "inbound rules")
def the_bastion_shut_out(site):
    found = group_of(site, f"{STEM}-database")
    site.client("ec2").revoke_security_group_ingress(
        GroupId=found["GroupId"], IpPermissions=found["IpPermissions"]
    )


@drift(f"bastion {STEM}-bastion", "running")
def stopped(site):
    site.client("ec2").stop_instances(InstanceIds=[instance_of(site)["InstanceId"]])


@drift(f"bastion {STEM}-bastion", "older instances")
def an_older_one_left_over(site):
    marks = instance_of(site)["Tags"]
    site.client("ec2").run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": marks}],
    )


@drift(f"bastion {STEM}-bastion", "security group")
def in_another_group(site):
    site.client("ec2").modify_instance_attribute(
        InstanceId=instance_of(site)["InstanceId"], Groups=[group_of(site, "default")["GroupId"]]
    )


@drift(f"bastion {STEM}-bastion", "metadata")
def metadata_without_tokens(site):
    site.client("ec2").modify_instance_metadata_options(
        InstanceId=instance_of(site)["InstanceId"], HttpTokens="optional"
    )


@drift(f"bastion {STEM}-bastion", "tags")
def instance_tags_gone(site):
    site.client("ec2").delete_tags(
        Resources=[instance_of(site)["InstanceId"]], Tags=[{"Key": key} for key in OURS]
    )


@drift(f"bastion {STEM}-bastion", "instance profile")
def profile_taken_off(site):
    ec2 = site.client("ec2")
    ec2.disassociate_iam_instance_profile(AssociationId=association_of(site))


@drift(f"bastion {STEM}-bastion", "instance profile")
def profile_exchanged(site):
    site.client("iam").create_instance_profile(InstanceProfileName="theirs")
    site.client("ec2").replace_iam_instance_profile_association(
        AssociationId=association_of(site), IamInstanceProfile={"Name": "theirs"}
    )


def association_of(site):
    filters = [{"Name": "instance-id", "Values": [instance_of(site)["InstanceId"]]}]
    found = site.client("ec2").describe_iam_instance_profile_associations(Filters=filters)
    return found["IamInstanceProfileAssociations"][0]["AssociationId"]


# ── Identity ─────────────────────────────────────────────────────────────────────────────────────

BOUNDARY = f"arn:aws:iam::{ID}:policy/{STEM}-boundary"


@drift(f"boundary {STEM}-boundary", "text")
def wide_boundary(site):
    site.client("iam").create_policy_version(
        PolicyArn=BOUNDARY, PolicyDocument=EVERYTHING, SetAsDefault=True
    )


@drift(f"boundary {STEM}-boundary", "text")
def wide_boundary_of_many_versions(site):
    """With this one, AWS keeps no more."""
    iam = site.client("iam")
    while len(iam.list_policy_versions(PolicyArn=BOUNDARY)["Versions"]) < 5:
        iam.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=EVERYTHING, SetAsDefault=True)


@drift(f"boundary {STEM}-boundary", "tags")
def boundary_tags_gone(site):
    site.client("iam").untag_policy(PolicyArn=BOUNDARY, TagKeys=OURS)


for name in (STEM, f"{STEM}-bastion"):

    @drift(f"role {name}", "trust")
    def trusts_anybody(site, name=name):
        site.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=ANYBODY)

    @drift(f"role {name}", "boundary")
    def without_a_boundary(site, name=name):
        site.client("iam").delete_role_permissions_boundary(RoleName=name)

    @drift(f"role {name}", "boundary")
    def another_boundary(site, name=name):
        iam = site.client("iam")
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_policy(PolicyName="wide", PolicyDocument=EVERYTHING)
        iam.put_role_permissions_boundary(
            RoleName=name, PermissionsBoundary=f"arn:aws:iam::{ID}:policy/wide"
        )

    @drift(f"role {name}", "session")
    def sessions_of_twelve_hours(site, name=name):
        site.client("iam").update_role(RoleName=name, MaxSessionDuration=12 * 3600)

    @drift(f"role {name}", "tags")
    def role_tags_gone(site, name=name):
        site.client("iam").untag_role(RoleName=name, TagKeys=OURS)


def trust_changed(site, change):
    iam = site.client("iam")
    there = iam.get_role(RoleName=STEM)["Role"]["AssumeRolePolicyDocument"]
    change(there["Statement"][0]["Condition"])
    iam.update_assume_role_policy(RoleName=STEM, PolicyDocument=json.dumps(there))


@drift(f"role {STEM}", "trust")
def trusts_every_branch(site):
    def change(condition):
        condition["StringLike"] = {f"{ISSUER}:sub": "repo:octo/statpipe:*"}
        del condition["StringEquals"][f"{ISSUER}:sub"]

    trust_changed(site, change)


@drift(f"role {STEM}", "trust")
def trusts_every_audience(site):
    trust_changed(site, lambda condition: condition["StringEquals"].pop(f"{ISSUER}:aud"))


@drift(f"role {STEM}", "trust")
def trusts_names_without_numbers_only(site):
    def change(condition):
        condition["StringEquals"][f"{ISSUER}:sub"] = "repo:octo/statpipe:environment:staging"

    trust_changed(site, change)


@drift(f"role {STEM}", "rights")
def rights_gone(site):
    site.client("iam").delete_role_policy(RoleName=STEM, PolicyName="runtime")


@drift(f"role {STEM}", "rights")
def may_do_everything(site):
    site.client("iam").put_role_policy(
        RoleName=STEM, PolicyName="runtime", PolicyDocument=document(Action="*", Resource="*")
    )


@drift(f"role {STEM}-bastion", "rights")
def managed_policy_gone(site):
    site.client("iam").detach_role_policy(
        RoleName=f"{STEM}-bastion",
        PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    )


@drift(f"instance profile {STEM}-bastion", "role")
def profile_without_role(site):
    site.client("iam").remove_role_from_instance_profile(
        InstanceProfileName=f"{STEM}-bastion", RoleName=f"{STEM}-bastion"
    )


@drift(f"instance profile {STEM}-bastion", "role")
def profile_with_a_role_of_others(site):
    profile_without_role(site)
    iam = site.client("iam")
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=ANYBODY)
    iam.add_role_to_instance_profile(InstanceProfileName=f"{STEM}-bastion", RoleName="theirs")


@drift(f"instance profile {STEM}-bastion", "tags")
def profile_tags_gone(site):
    site.client("iam").untag_instance_profile(InstanceProfileName=f"{STEM}-bastion", TagKeys=OURS)


@drift(f"identity provider {ISSUER}", "audience")
def made_for_others(site):
    from moto.iam.models import iam_backends

    (provider,) = iam_backends[ID]["aws"].open_id_providers.values()
    provider.client_id_list[:] = ["somebody-else"]


# ── Database ─────────────────────────────────────────────────────────────────────────────────────


@drift(f"subnet group {STEM}", "subnets")
def one_zone_only(site):
    from moto.rds.models import rds_backends

    group = rds_backends[ID]["us-east-1"].subnet_groups[STEM]
    group._subnets = group._subnets[:1]


@drift(f"parameter group {PARAMETERS}", "rds.force_ssl")
def without_tls(site):
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "0"}
    site.client("rds").modify_db_parameter_group(
        DBParameterGroupName=PARAMETERS, Parameters=[{**parameter, "ApplyMethod": "immediate"}]
    )


for name, arn in (
    (f"subnet group {STEM}", f"subgrp:{STEM}"),
    (f"parameter group {PARAMETERS}", f"pg:{PARAMETERS}"),
    (f"database {STEM}", f"db:{STEM}"),
):

    @drift(name, "tags")
    def rds_tags_gone(site, arn=arn):
        site.client("rds").remove_tags_from_resource(
            ResourceName=f"arn:aws:rds:us-east-1:{ID}:{arn}", TagKeys=OURS
        )


@drift(f"database {STEM}", "running")
def database_stopped(site):
    site.client("rds").stop_db_instance(DBInstanceIdentifier=STEM)


for setting, value in (
    ("DBInstanceClass", "db.r6g.16xlarge"),
    ("StorageType", "io1"),
    ("BackupRetentionPeriod", 1),
    ("DeletionProtection", True),
    ("PubliclyAccessible", True),
    ("AutoMinorVersionUpgrade", False),
    ("CopyTagsToSnapshot", False),
    ("EnableIAMDatabaseAuthentication", False),
):

    @drift(f"database {STEM}", setting)
    def database_changed(site, setting=setting, value=value):
        site.client("rds").modify_db_instance(
            DBInstanceIdentifier=STEM, ApplyImmediately=True, **{setting: value}
        )


@drift(f"database {STEM}", "VpcSecurityGroupIds")
def database_in_another_group(site):
    site.client("rds").modify_db_instance(
        DBInstanceIdentifier=STEM,
        VpcSecurityGroupIds=[group_of(site, "default")["GroupId"]],
        ApplyImmediately=True,
    )


@drift(f"database {STEM}", "DBParameterGroupName")
def with_other_parameters(site):
    rds = site.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="other", DBParameterGroupFamily="postgres17", Description="x"
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=STEM, DBParameterGroupName="other", ApplyImmediately=True
    )


@drift(f"database {STEM}", "ManageMasterUserPassword")
def password_known_to_somebody(site):
    site.client("rds").modify_db_instance(
        DBInstanceIdentifier=STEM,
        ManageMasterUserPassword=False,
        MasterUserPassword="known-to-somebody",
        ApplyImmediately=True,
    )


@drift(f"database {STEM}", "CloudwatchLogsExportConfiguration")
def log_not_kept(site):
    site.client("rds").modify_db_instance(
        DBInstanceIdentifier=STEM,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]},
        ApplyImmediately=True,
    )


# ── Budget ───────────────────────────────────────────────────────────────────────────────────────


@drift("budget statpipe", "limit")
def more_may_be_spent(site):
    from moto.budgets.models import budgets_backends

    budget = budgets_backends[ID]["aws"].budgets[ID]["statpipe"].budget
    budget["BudgetLimit"] = {"Amount": "100000", "Unit": "USD"}


@drift("budget statpipe", "filters")
def costs_of_one_service_only(site):
    from moto.budgets.models import budgets_backends

    budget = budgets_backends[ID]["aws"].budgets[ID]["statpipe"].budget
    budget["CostFilters"] = {"Service": ["Amazon Route 53"]}


for notice in ("ACTUAL", "FORECASTED"):
    threshold = {"ACTUAL": 80.0, "FORECASTED": 100.0}[notice]

    @drift("budget statpipe", f"notice of {threshold:g} % {notice.lower()}")
    def notice_gone(site, notice=notice, threshold=threshold):
        asked = {
            "NotificationType": notice,
            "Threshold": threshold,
            "ComparisonOperator": "GREATER_THAN",
            "ThresholdType": "PERCENTAGE",
        }
        site.client("budgets").delete_notification(**BUDGET, Notification=asked)


# ── What others add ──────────────────────────────────────────────────────────────────────────────

STRANGE = []


def added(resource, what):
    """Note something that somebody adds to a resource, and what is said of it."""

    def noted(add):
        STRANGE.append(pytest.param(resource, what, add, id=f"{resource}-{add.__name__}"))
        return add

    return noted


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


def once(cases):
    """Both buckets have the same aspects; the second one's are longer extras."""
    return [
        pytest.param(*case, marks=pytest.mark.slow) if "access-logs" in case[0] else case
        for case in cases
    ]


@pytest.mark.parametrize(("resource", "aspect", "change"), once(DRIFTS))
def test_what_somebody_changed_is_said_by_its_name_and_put_right(site, resource, aspect, change):
    assert site.again(resource) == [f"unchanged     {resource}"]
    change(site)
    site.asked.clear()
    assert site.again(resource) == [f"changed       {resource} ({aspect})"]
    assert [name for name in site.asked if not name.split(":")[1].startswith(READING)]
    by_administrators = {"IAM:CreatePolicyVersion", "IAM:DeletePolicyVersion"}
    assert site.asked <= rights()[0] | (by_administrators if aspect == "text" else set())
    assert site.again(resource) == [f"unchanged     {resource}"]


@pytest.mark.parametrize(("resource", "what", "add"), once(STRANGE))
def test_what_somebody_added_is_named_and_removed_when_that_is_asked_for(site, resource, what, add):
    assert site.again(resource) == [f"unchanged     {resource}"]
    add(site)
    site.asked.clear()
    site.reconciler.left.clear()
    assert site.again(resource) == [f"not ours      {resource}: {what}"]
    assert len(site.reconciler.left) == 1
    assert not [name for name in site.asked if not name.split(":")[1].startswith(READING)]
    assert site.asked <= rights()[0], "who provisions may look"
    assert site.again(resource, repair=True) == [f"removed       {resource}: {what}"]
    assert site.repairing.left == []
    assert site.asked <= rights()[1], "the rights of repairs are known"
    assert site.again(resource) == [f"unchanged     {resource}"]


def test_what_only_a_person_can_remove_is_named_and_stays(site):
    """With what it needs to be undone here, since the emulated account is used again."""
    s3, ec2 = site.client("s3"), site.client("ec2")
    report = {
        "Id": "theirs",
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::theirs", "Format": "CSV"}},
    }
    s3.put_bucket_inventory_configuration(Bucket=LAKE, Id="theirs", InventoryConfiguration=report)
    member = ec2.create_network_interface(
        SubnetId=instance_of(site)["SubnetId"],
        Groups=[group_of(site, f"{STEM}-bastion")["GroupId"]],
    )["NetworkInterface"]["NetworkInterfaceId"]
    site.client("logs").put_resource_policy(
        policyName="theirs", policyDocument=document(Principal="*", Action="logs:*", Resource="*")
    )
    service = document(Principal={"Service": "es.amazonaws.com"}, Action="logs:*", Resource="*")
    site.client("logs").put_resource_policy(policyName="of-aws", policyDocument=service)
    try:
        for repair in (False, True):
            for resource, what in (
                (f"bucket {LAKE}", "the inventory report theirs is written"),
                (
                    f"bastion {STEM}-bastion",
                    f"{member} has its security group as well, and so reaches the database",
                ),
                (
                    "log group /statpipe/staging",
                    "the account's policy theirs of CloudWatch Logs opens it to others",
                ),
            ):
                assert site.again(resource, repair=repair) == [
                    f"not ours      {resource}: {what}; remove it by hand"
                ]
        assert len(site.repairing.left) == 3
    finally:
        from moto.s3.models import s3_backends

        s3_backends[ID]["aws"].buckets[LAKE].inventory_configs.clear()
        ec2.delete_network_interface(NetworkInterfaceId=member)
        site.client("logs").delete_resource_policy(policyName="theirs")
        site.repairing.left.clear()


@functools.cache
def rights():
    from provisioning.provisioner_policy import grants, repairs

    place = {"partition": "aws", "account": ID, "region": "us-east-1", "buckets": (LAKE, LOGS)}
    known = {op for grant in grants(**place) for op in grant.operations}
    besides = {op for grant in repairs(**place) for op in grant.operations}
    return known | {"STS:GetCallerIdentity"}, known | besides | {"STS:GetCallerIdentity"}


def test_every_aspect_of_every_resource_is_among_them(site):
    from provisioning.database import _wanted  # what "configuration" stands for

    there = {
        (name, aspect.name)
        for name, resource in site.resources.items()
        for aspect in resource.aspects(resource.find())
    }
    database = f"database {STEM}"
    there -= {(database, "configuration")}
    there |= {(database, entry.request) for entry in _wanted(site.settings, "sg-0")}
    there -= {(database, "AllocatedStorage")}  # it only grows: test_settings_that_changed...
    assert there <= {(drift.values[0], drift.values[1]) for drift in DRIFTS}


def test_a_rule_about_a_group_of_another_account_is_named_with_its_account():
    from provisioning.network import _rules

    theirs = {"GroupId": "sg-1", "UserId": "999999999999", "VpcPeeringConnectionId": "pcx-1"}
    ours = {"GroupId": "sg-2", "UserId": ID, "Description": "a word"}
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [theirs, ours]}
    ports = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
    assert _rules({"IpPermissions": [rule]}, ID) == [
        {**ports, "UserIdGroupPairs": [theirs]},
        {**ports, "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
    ]
