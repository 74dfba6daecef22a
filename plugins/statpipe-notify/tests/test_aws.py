"""SNS and CloudWatch, on moto; and AWS that refuses or does not exist."""

import json
import sys
from datetime import UTC, date, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from statpipe.api import (
    CheckFinished,
    ConfigError,
    PartitionWritten,
    Receipt,
    RunStarted,
    Vintage,
    VintageFound,
)
from statpipe_notify.aws import call, client
from statpipe_notify.cloudwatch import Cloudwatch
from statpipe_notify.log_events import LogEvent, batches
from statpipe_notify.not_sent import NotSent
from statpipe_notify.settings import CloudwatchSettings, SnsSettings
from statpipe_notify.sns import Sns
from support.ports import refusing_port

REGION, GROUP, CANARY = "eu-west-1", "/statpipe/prod", "canary-secret-key"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:statpipe"
IDS = {"run_id": "20221006T141700000000Z-3fa9", "source": "tea"}


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACANARY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


@pytest.fixture
def aws():
    with mock_aws():
        yield


@pytest.fixture
def topic(aws):
    """A topic, and what was published to it."""
    sns = boto3.client("sns", region_name=REGION)
    arn = sns.create_topic(Name="statpipe")["TopicArn"]
    from moto.sns import sns_backends

    account = arn.split(":")[4]
    return arn, sns_backends[account][REGION].topics[arn].sent_notifications


@pytest.fixture
def group(aws):
    logs = boto3.client("logs", region_name=REGION)
    logs.create_log_group(logGroupName=GROUP)
    return logs


def cloudwatch(**settings):
    return Cloudwatch(CloudwatchSettings(region=REGION, **settings))


def metrics():
    found = boto3.client("cloudwatch", region_name=REGION)
    listed = found.list_metrics(Namespace="statpipe/prod")["Metrics"]
    for metric in listed:
        points = found.get_metric_statistics(
            Namespace="statpipe/prod",
            MetricName=metric["MetricName"],
            Dimensions=metric["Dimensions"],
            StartTime=datetime(2022, 10, 6, tzinfo=UTC),
            EndTime=datetime(2022, 10, 7, tzinfo=UTC),
            Period=86400,
            Statistics=["Maximum", "SampleCount"],
        )["Datapoints"]
        dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
        yield metric["MetricName"], dimensions, points[0]["Maximum"]


def test_a_topic_gets_one_message_per_run_with_news(topic, finished):
    arn, sent = topic
    sns = Sns(SnsSettings(topic=arn))
    sns.statpipe_run_finished(finished("unchanged"))
    sns.statpipe_run_finished(finished("failed", 5, message="BEA is down"))
    ((_, message, subject, *_),) = sent
    assert subject == "statpipe: tea in prod: failed"
    assert message.splitlines()[:3] == [
        "tea in prod: failed",
        "Exit 5: the agency or a sink is down; run again later",
        "BEA is down",
    ]


def test_a_subject_is_short_and_ascii(topic, finished):
    arn, sent = topic
    Sns(SnsSettings(topic=arn)).statpipe_run_finished(finished(source="t\u00e9e" * 50))
    assert sent[0][2].startswith("statpipe: t?e")
    assert len(sent[0][2]) == 100


@pytest.mark.parametrize("topic", ["statpipe", "arn:aws:sqs:eu-west-1:123456789012:statpipe"])
def test_an_invalid_topic_is_refused(topic):
    with pytest.raises(ConfigError) as raised:
        Sns(SnsSettings(topic=topic))
    assert str(raised.value) == (
        f"the notifier sns has the topic {topic!r}, which is not a topic ARN; write it as "
        "arn:aws:sns:<region>:<account>:<name>"
    )


def test_a_missing_topic_is_reported_with_a_remedy(aws, finished):
    with pytest.raises(NotSent) as raised:
        Sns(SnsSettings(topic=TOPIC)).statpipe_run_finished(finished())
    assert str(raised.value) == (
        f"sns:Publish on {TOPIC} is refused: NotFound; name an existing one, or create it"
    )


@pytest.mark.parametrize(
    ("outcome", "code", "value"),
    [
        ("loaded", 0, 1.0),
        ("unchanged", 0, 1.0),
        ("refused", 3, 0.0),
        ("failed", 5, 0.0),
        ("interrupted", 130, 0.0),
    ],
)
def test_each_run_counts_as_success_or_failure(aws, finished, outcome, code, value):
    cloudwatch(metric=True).statpipe_run_finished(finished(outcome, code))
    of_tea = {"environment": "prod", "source": "tea"}
    late = [("Late", of_tea, 0.0)] if value else []  # a run that failed does not know
    assert list(metrics()) == [("Success", of_tea, value), *late]


def test_a_late_release_is_counted(aws, finished):
    cloudwatch(metric=True).statpipe_run_finished(finished("unchanged", 0, late=True))
    assert [(name, value) for name, _, value in metrics()] == [("Success", 1.0), ("Late", 1.0)]


def test_runs_outside_the_schedule_are_not_counted(aws, finished):
    watch = cloudwatch(metric=True)
    watch.statpipe_run_finished(finished("failed", 6, message="another run is at work"))
    watch.statpipe_run_finished(finished(command="load"))
    cloudwatch().statpipe_run_finished(finished())
    assert list(metrics()) == []


def test_the_log_has_the_events_in_order_as_json(group, finished, found):
    watch = cloudwatch(log_group=GROUP)
    watch.statpipe_run_started(RunStarted(**IDS, environment="prod", notice="a sample"))
    watch.statpipe_vintage_found(
        VintageFound(
            **IDS,
            dataset="black",
            vintage=Vintage(released=date(2022, 10, 6)),
            action="fetch",
            reason="new",
            expected=2,
        )
    )
    watch.statpipe_check_finished(CheckFinished(**IDS, result=found("warning")))
    receipt = Receipt(sink="lake", path="silver/tea", fingerprint="f", rows=3, inserted=3)
    watch.statpipe_partition_written(PartitionWritten(**IDS, receipt=receipt))
    watch.statpipe_run_finished(finished(message="well"))
    told = group.get_log_events(logGroupName=GROUP, logStreamName=f"tea/{IDS['run_id']}")
    lines = [json.loads(event["message"]) for event in told["events"]]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "run started"),
        ("info", "vintage"),
        ("warning", "check failed"),
        ("info", "written"),
        ("info", "run loaded"),
    ]
    assert all(line.items() >= IDS.items() for line in lines)
    assert lines[1]["requests"] == 2
    assert lines[2]["cells"] == [{"ref_area": "CAL", "category": "dust", "obs_value": "1.5"}]
    assert (lines[-1]["exit_code"], lines[-1]["seconds"]) == (0, 90.0)


def test_each_run_has_its_own_log(group, finished):
    watch = cloudwatch(log_group=GROUP)
    for run in ("one", "two"):
        watch.statpipe_run_started(RunStarted(run_id=run, source="tea", environment="prod"))
        watch.statpipe_run_finished(finished("unchanged", run_id=run))
        told = group.get_log_events(logGroupName=GROUP, logStreamName=f"tea/{run}")["events"]
        assert [json.loads(e["message"])["run_id"] for e in told] == [run, run]


def test_a_stream_that_exists_because_a_reply_was_lost_is_used(group, finished):
    group.create_log_stream(logGroupName=GROUP, logStreamName=f"tea/{IDS['run_id']}")
    cloudwatch(log_group=GROUP).statpipe_run_finished(finished())
    told = group.get_log_events(logGroupName=GROUP, logStreamName=f"tea/{IDS['run_id']}")
    assert len(told["events"]) == 1


def test_a_missing_group_does_not_prevent_the_metric(aws, finished):
    with pytest.raises(NotSent) as raised:
        cloudwatch(metric=True, log_group=GROUP).statpipe_run_finished(finished())
    assert str(raised.value) == (
        "logs:CreateLogStream on the log group /statpipe/prod is refused: "
        "ResourceNotFoundException; name an existing one, or create it"
    )
    assert [name for name, _, _ in metrics()] == ["Success", "Late"]


def test_a_missing_region_is_reported_with_its_setting(finished):
    with pytest.raises(NotSent) as raised:
        Cloudwatch(CloudwatchSettings(metric=True)).statpipe_run_finished(finished())
    assert str(raised.value) == (
        "cloudwatch:PutMetricData on the namespace statpipe/prod failed: NoRegionError; check "
        "the connection to AWS and the credentials"
    )


def test_unreachable_aws_times_out_for_metric_and_log(finished, monkeypatch):
    with refusing_port() as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(NotSent) as raised:
            cloudwatch(metric=True, log_group=GROUP).statpipe_run_finished(finished())
    metric, log = str(raised.value).split("; also: ")
    assert metric.startswith(
        "cloudwatch:PutMetricData on the namespace statpipe/prod failed: Endpoint"
    )
    assert log.startswith("logs:CreateLogStream on the log group /statpipe/prod failed: Endpoint")
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AuthorizationError", "allow sns:Publish to the role of this run"),
        ("AccessDeniedException", "allow sns:Publish to the role of this run"),
        ("ExpiredTokenException", "log in to AWS again"),
        ("ThrottlingException", "AWS asks to slow down; the next run will report again"),
        ("SignatureDoesNotMatch", "see AWS's documentation of that code"),
    ],
)
def test_a_refusal_names_the_code_and_what_to_do_and_quotes_no_signature(code, remedy):
    from botocore.exceptions import ClientError

    def refuse():
        text = f"x-amz-security-token:{CANARY}"
        raise ClientError({"Error": {"Code": code, "Message": text}}, "Publish")

    with pytest.raises(NotSent) as raised:
        call("sns:Publish", "a topic", refuse)
    assert str(raised.value) == f"sns:Publish on a topic is refused: {code}; {remedy}"


def test_a_log_is_sent_in_portions_within_cloudwatchs_limits():
    begin = datetime(2022, 10, 6, tzinfo=UTC)
    events = [
        LogEvent(
            time=begin - timedelta(seconds=number),
            level="info",
            event="x",
            details={"message": "y" * 150_000},
        )
        for number in range(20)
    ]
    events.append(LogEvent(time=begin, level="info", event="huge", details={"z": "z" * 300_000}))
    portions = list(batches(events))
    assert len(portions) == 4
    for portion in portions:
        assert sum(len(event["message"]) + 26 for event in portion) <= 1_048_576
    times = [event["timestamp"] for portion in portions for event in portion]
    assert times == sorted(times)
    assert json.loads(portions[-1][-1]["message"])["cut"] == (
        "too long; the manifest has the full text"
    )
    many = [LogEvent(time=begin, level="info", event="x", details={})] * 10_001
    assert [len(portion) for portion in batches(many)] == [10_000, 1]


def test_without_boto3_the_warning_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(NotSent) as caught:
        client("sns", region=REGION, profile="")
    assert str(caught.value) == (
        "the service sns of AWS needs boto3, which is not installed; run `make runtime`, or pip "
        "install boto3"
    )
