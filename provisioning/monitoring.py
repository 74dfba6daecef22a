"""Log groups, a topic that writes mail, and the alarms that use it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.documents import meaning, policy
from provisioning.log_strangers import log_strangers
from provisioning.names import METRIC, Names
from provisioning.reconcile import Aspect, Resource, Stranger, absent_on
from provisioning.settings import Settings
from provisioning.tags import as_list, as_mapping, tagged, tags

_HOUR = 3600
_FREE_SHARE = 0.15
_GIB = 1024**3
_UNSET = ("Unit", "ExtendedStatistic", "Metrics")
"""What an alarm of ours has not, and what would make it look at other figures, or at none."""


def log_groups(account: Account, settings: Settings) -> list[Resource[Any]]:
    """
    The group of the runs, and that of PostgreSQL: RDS would create it and keep it permanently.
    """
    names = Names(settings.environment)
    wanted = [names.log_group, *([names.database_log_group] if settings.on_rds else [])]
    return [_log_group(account, settings, name) for name in wanted]


def topic_arn(account: Account, environment: str) -> str:
    """
    Name an environment's topic.
    """
    return account.arn("sns", Names(environment).stem)


def topic(account: Account, settings: Settings) -> Resource[Any]:
    """
    The topic of messages and alarms, with a subscription that somebody must confirm.

    It has no key of KMS: alarms may not publish to a topic under ``alias/aws/sns``, and a key of our
    own would cost more than it protects, since what is told is public figures.
    """
    sns, environment = account.client("sns"), settings.environment
    name, arn = Names(environment).stem, topic_arn(account, environment)
    ours = ("email", settings.email)

    def subscriptions() -> dict[tuple[str, str], str]:
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        return {
            (entry["Protocol"], entry["Endpoint"]): entry["SubscriptionArn"]
            for page in pages
            for entry in page["Subscriptions"]
            if entry["SubscriptionArn"] != "Deleted"  # shown for some days
        }

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        set_attribute = partial(sns.set_topic_attributes, TopicArn=arn)
        published = policy(_alarms_may_publish(account, environment))
        yield Aspect(
            name="encryption",
            now=found["Attributes"].get("KmsMasterKeyId", ""),
            wanted="",
            write=lambda: set_attribute(AttributeName="KmsMasterKeyId", AttributeValue=""),
        )
        yield Aspect(
            name="policy",
            now=meaning(found["Attributes"].get("Policy")),
            wanted=meaning(published),
            write=lambda: set_attribute(
                AttributeName="Policy", AttributeValue=json.dumps(published)
            ),
        )
        own = subscriptions().get(ours)
        yield Aspect(
            name="subscription",
            now=own is not None,
            wanted=True,
            write=lambda: sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=settings.email),
        )
        if own and own.startswith(arn):  # confirmed
            yield _filter(sns, own)
        yield tagged(
            as_mapping(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
            environment,
            lambda ours: sns.tag_resource(ResourceArn=arn, Tags=as_list(ours)),
        )

    return Resource(
        name=f"topic {name}",
        find=lambda: absent_on("NotFound", "NotFoundException")(
            lambda: sns.get_topic_attributes(TopicArn=arn)
        ),
        create=lambda: sns.create_topic(Name=name, Tags=as_list(tags(environment))),
        aspects=aspects,
        strangers=lambda _: (
            _subscriber(sns, *other, subscription)
            for other, subscription in sorted(subscriptions().items())
            if other != ours
        ),
    )


def _alarms_may_publish(account: Account, environment: str) -> dict[str, Any]:
    """
    Instead of AWS's default policy, which names everybody and relies on a condition. Those of the account
    need no more than rights of their own.
    """
    name = Names(environment).stem
    return {
        "Sid": "AlarmsMayPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic_arn(account, environment),
        "Condition": {
            "ArnLike": {"aws:SourceArn": account.arn("cloudwatch", f"alarm:{name}-*")},
            "StringEquals": {"aws:SourceAccount": account.id},
        },
    }


def _filter(sns: Any, subscription: str) -> Aspect:
    """A filter of messages would keep alarms from whoever waits for them."""
    asked = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    return Aspect(
        name="filter",
        now=meaning(asked.get("FilterPolicy") or "{}"),
        wanted={},
        write=lambda: sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue="{}"
        ),
    )


def _subscriber(sns: Any, protocol: str, endpoint: str, subscription: str) -> Stranger:
    what = f"{protocol} {endpoint} gets its messages"
    if not subscription.startswith("arn:"):
        return Stranger(what=f"{what} once that is confirmed, which expires in some days")
    return Stranger(what=what, remove=lambda: sns.unsubscribe(SubscriptionArn=subscription))


def alarms(account: Account, settings: Settings, bastion: str | None) -> list[Resource[Any]]:
    """
    The alarms: no good run of a source for some time, a database that is full, one that is busy, an
    instance *bastion*, if there is one, that fails AWS's checks.
    """
    wanted = (
        *(_freshness(settings, source) for source in settings.sources),
        *(_about_database(settings) if settings.on_rds else ()),
        *([] if bastion is None else [_bastion(settings, bastion)]),
    )
    return [_alarm(account, settings, alarm) for alarm in wanted]


def _about_database(settings: Settings) -> tuple[dict[str, Any], ...]:
    return (
        _database(
            settings,
            "storage",
            "FreeStorageSpace",
            ComparisonOperator="LessThanThreshold",
            Threshold=float(int(settings.storage * _GIB * _FREE_SHARE)),
            Statistic="Minimum",
        ),
        _database(
            settings,
            "cpu",
            "CPUUtilization",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=90.0,
            Statistic="Average",
        ),
    )


def _log_group(account: Account, settings: Settings, name: str) -> Resource[Any]:
    logs, arn = account.client("logs"), account.arn("logs", f"log-group:{name}")

    def find() -> Any:
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return next((group for group in groups if group["logGroupName"] == name), None)

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        yield Aspect(
            name="retention",
            now=found.get("retentionInDays"),
            wanted=settings.log_days,
            write=lambda: logs.put_retention_policy(
                logGroupName=name, retentionInDays=settings.log_days
            ),
        )
        yield tagged(
            logs.list_tags_for_resource(resourceArn=arn)["tags"],
            settings.environment,
            lambda ours: logs.tag_resource(resourceArn=arn, tags=ours),
        )

    return Resource(
        name=f"log group {name}",
        find=find,
        create=lambda: logs.create_log_group(logGroupName=name, tags=tags(settings.environment)),
        aspects=aspects,
        strangers=lambda found: log_strangers(logs, found, arn),
    )


def _freshness(settings: Settings, source: str) -> dict[str, Any]:
    """
    By the hour: with longer periods CloudWatch looks far behind the last one for data.

    The first source has the name that the alarm had when there was just one, so that no older alarm is
    left behind.
    """
    kind = "freshness" if source == settings.sources[0] else f"freshness-{source}"
    return {
        "AlarmName": Names(settings.environment).alarm(kind),
        "AlarmDescription": (
            f"No run of {source} has succeeded for {settings.freshness_hours} hours: "
            "look at the workflow `ingest` on GitHub"
        ),
        "Namespace": Names(settings.environment).namespace,
        "MetricName": METRIC,
        "Dimensions": _dimensions(environment=settings.environment, source=source),
        "Statistic": "Maximum",
        "Period": _HOUR,
        "EvaluationPeriods": settings.freshness_hours,
        "DatapointsToAlarm": settings.freshness_hours,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        # Nothing runs in staging by itself: there the alarm can be seen, and sends no mail.
        "ActionsEnabled": settings.is_prod,
    }


def _database(settings: Settings, kind: str, metric: str, **rule: Any) -> dict[str, Any]:
    names = Names(settings.environment)
    return {
        "AlarmName": names.alarm(kind),
        "AlarmDescription": f"The database {names.stem}: look at its {metric} in CloudWatch",
        "Namespace": "AWS/RDS",
        "MetricName": metric,
        "Dimensions": _dimensions(DBInstanceIdentifier=names.stem),
        "Period": 300,
        "EvaluationPeriods": 6,
        "DatapointsToAlarm": 6,
        "TreatMissingData": "missing",
        "ActionsEnabled": True,
        **rule,
    }


def _bastion(settings: Settings, instance: str) -> dict[str, Any]:
    """A stopped one sends nothing, and is noticed by the run that finds no tunnel."""
    name = Names(settings.environment).bastion
    return {
        "AlarmName": name,
        "AlarmDescription": (
            f"The bastion {name} fails AWS's status checks: reboot it, or end it and provision again"
        ),
        "Namespace": "AWS/EC2",
        "MetricName": "StatusCheckFailed",
        "Dimensions": _dimensions(InstanceId=instance),
        "Statistic": "Maximum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 3,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "missing",
        "ActionsEnabled": True,
    }


def _dimensions(**named: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(named.items())]


def _alarm(account: Account, settings: Settings, alarm: Mapping[str, Any]) -> Resource[Any]:
    cloudwatch, name = account.client("cloudwatch"), alarm["AlarmName"]
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    told = [topic_arn(account, settings.environment)]
    wanted = {**alarm, "AlarmActions": told, "OKActions": told, "InsufficientDataActions": []}
    arn = account.arn("cloudwatch", f"alarm:{name}")

    def find() -> Any:
        found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found[0] if found else None

    def put(found: dict[str, Any], **more: Any) -> None:
        if any(_sorted(found.get(key)) != value for key, value in metric.items()):
            _begin(cloudwatch, alarm)
        cloudwatch.put_metric_alarm(**wanted, **more)

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        yield Aspect(
            name="rule",
            now={
                **{key: _sorted(found.get(key)) for key in wanted},
                **{key: found[key] for key in _UNSET if found.get(key)},
            },
            wanted=wanted,
            write=lambda: put(found),
        )
        yield tagged(
            as_mapping(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
            settings.environment,
            lambda ours: cloudwatch.tag_resource(ResourceARN=arn, Tags=as_list(ours)),
        )

    return Resource(
        name=f"alarm {name}",
        find=find,
        create=lambda: put({}, Tags=as_list(tags(settings.environment))),
        aspects=aspects,
    )


def _begin(cloudwatch: Any, alarm: Mapping[str, Any]) -> None:
    """
    Let the hours count from now: an alarm about a metric that nobody has sent yet would go off at once.
    """
    if alarm["MetricName"] == METRIC and alarm["ActionsEnabled"]:
        point = {
            "MetricName": METRIC,
            "Dimensions": alarm["Dimensions"],
            "Value": 1.0,
            "Unit": "Count",
        }
        cloudwatch.put_metric_data(Namespace=alarm["Namespace"], MetricData=[point])


def _sorted(value: Any) -> Any:
    """Dimensions come back in any order."""
    dimensions = isinstance(value, list) and value and isinstance(value[0], dict)
    return sorted(value, key=lambda entry: str(entry["Name"])) if dimensions else value
