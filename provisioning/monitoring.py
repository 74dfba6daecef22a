"""Log groups, and a topic that writes mail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.documents import meaning, policy
from provisioning.log_strangers import log_strangers
from provisioning.names import Names
from provisioning.reconcile import Aspect, Resource, Stranger, absent_on
from provisioning.settings import Settings
from provisioning.tags import as_list, as_mapping, tagged, tags


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
