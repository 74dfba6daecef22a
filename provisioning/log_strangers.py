"""What others can add to a log group: who gets its lines, and what is counted in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from provisioning.reconcile import Stranger


def log_strangers(logs: Any, group: dict[str, Any], arn: str) -> Iterator[Stranger]:
    """
    Look at a log group's subscriptions, filters and key, and at the account's policies about it.
    """
    name = group["logGroupName"]
    for entry in _all(logs, "describe_subscription_filters", name):
        yield Stranger(
            what=f"its lines are sent to {entry['destinationArn']}",
            remove=partial(
                logs.delete_subscription_filter, logGroupName=name, filterName=entry["filterName"]
            ),
        )
    # Such a metric could be the one that says all is well.
    for entry in _all(logs, "describe_metric_filters", name):
        made = ", ".join(
            f"{to['metricNamespace']} {to['metricName']}" for to in entry["metricTransformations"]
        )
        yield Stranger(
            what=f"the metric {made} is made of its lines",
            remove=partial(
                logs.delete_metric_filter, logGroupName=name, filterName=entry["filterName"]
            ),
        )
    if key := group.get("kmsKeyId"):
        yield Stranger(what=f"it is encrypted with the key {key}, which others can take away")
    yield from _policies(logs, arn)


def _policies(logs: Any, arn: str) -> Iterator[Stranger]:
    """They belong to the account and not to us, so a person must look at each."""
    pages = logs.get_paginator("describe_resource_policies").paginate()
    for found in (entry for page in pages for entry in page["resourcePolicies"]):
        if any(_opens(statement, arn) for statement in _statements(found["policyDocument"])):
            yield Stranger(
                what=f"the account's policy {found['policyName']} of CloudWatch Logs opens it to others"
            )


def _opens(statement: dict[str, Any], arn: str) -> bool:
    """Services of AWS that write into groups have such policies; accounts and everybody should not."""
    principal = statement.get("Principal", "*")
    services_only = isinstance(principal, dict) and principal.keys() == {"Service"}
    about = statement.get("Resource", "*")
    patterns = about if isinstance(about, list) else [about]
    return (
        statement["Effect"] == "Allow"
        and not services_only
        and any(fnmatchcase(form, pattern) for pattern in patterns for form in (arn, f"{arn}:*"))
    )


def _statements(document: str) -> list[dict[str, Any]]:
    found = json.loads(document)["Statement"]
    return found if isinstance(found, list) else [found]


def _all(logs: Any, request: str, name: str) -> list[dict[str, Any]]:
    pages = logs.get_paginator(request).paginate(logGroupName=name)
    (key,) = pages.result_keys
    return list(pages.search(key.expression))
