"""Alarms, which send mail by the topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioning.account import Account
from provisioning.monitoring import topic_arn
from provisioning.names import LATE, METRIC, Names
from provisioning.reconcile import Aspect, Resource
from provisioning.settings import Settings
from provisioning.tags import as_list, as_mapping, tagged, tags

_HOUR, _DAY = 3600, 86400
_FREE_SHARE = 0.15
_GIB = 1024**3
_UNSET = ("Unit", "ExtendedStatistic", "Metrics")
"""What an alarm of ours has not, and what would make it look at other figures, or at none."""


def alarms(account: Account, settings: Settings, bastion: str | None) -> list[Resource[Any]]:
    """
    The alarms: no good run of a source for some time, a release of one that is late, a database that
    is full, one that is busy, an instance *bastion*, if there is one, that fails AWS's checks.
    """
    wanted = (
        *(_freshness(settings, source) for source in settings.sources),
        *(_late(settings, source) for source in settings.sources),
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


def _late(settings: Settings, source: str) -> dict[str, Any]:
    """On days without a good run nobody knows, so the alarm stays as it is: the other one tells of them."""
    return {
        "AlarmName": Names(settings.environment).alarm(f"late-{source}"),
        "AlarmDescription": (
            f"A release of {source} is late: see `statpipe status`, and the agency's release calendar"
        ),
        "Namespace": Names(settings.environment).namespace,
        "MetricName": LATE,
        "Dimensions": _dimensions(environment=settings.environment, source=source),
        "Statistic": "Maximum",
        "Period": _DAY,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
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
