"""What somebody changes about logs, topic, alarms and budget."""

from __future__ import annotations

from support.drifts.site import BUDGET, ID, OURS, STEM, TOPIC, document, drift

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


KINDS = (
    *("freshness", "freshness-bea_rpp_state", "late-bea_pce_state", "late-bea_rpp_state"),
    *("storage", "cpu", "bastion"),
)

for kind in KINDS:
    alarm = f"{STEM}-{kind}"
    for key, value in (
        ("Namespace", "other"),
        ("MetricName", "Other"),
        ("Dimensions", [{"Name": "environment", "Value": "prod"}]),
        ("Statistic", "Sum"),
        ("Period", 60),
        ("EvaluationPeriods", 100),
        ("DatapointsToAlarm", 2),
        ("Threshold", 0.5),
        ("ComparisonOperator", "LessThanOrEqualToThreshold"),
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
