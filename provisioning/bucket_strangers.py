"""What others can add to a bucket: each hands on its objects, names them, or keeps us from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from provisioning.reconcile import Stranger, absent_on

_NOT_SET = absent_on(
    "NoSuchCORSConfiguration",
    "NoSuchWebsiteConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "ReplicationConfigurationNotFoundError",
)
_EVENTS = {
    "TopicConfigurations": "TopicArn",
    "QueueConfigurations": "QueueArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
"""Kinds of targets of a bucket's events, and what names one."""


def bucket_strangers(s3: Any, here: dict[str, str]) -> Iterator[Stranger]:
    """
    Look at all that a bucket can have besides its properties. *here* names the bucket and its owner.

    Access points are not looked at: a request through one needs the bucket's own policy and public access
    block to allow it as well, and both are compared as a whole.
    """
    yield from _single(s3, here)
    yield from _events(s3, here)
    for kind in ("inventory", "analytics"):
        yield from _reports(s3, here, kind)


def _single(s3: Any, here: dict[str, str]) -> Iterator[Stranger]:
    if _asked(s3.get_bucket_website, here, "IndexDocument", "RedirectAllRequestsTo"):
        yield Stranger(what="it is a website", remove=lambda: s3.delete_bucket_website(**here))
    if rules := _asked(s3.get_bucket_cors, here, "CORSRules"):
        origins = sorted({origin for rule in rules for origin in rule.get("AllowedOrigins", ())})
        yield Stranger(
            what=f"web pages of {', '.join(origins)} may ask for objects (CORS)",
            remove=lambda: s3.delete_bucket_cors(**here),
        )
    if copied := _asked(s3.get_bucket_replication, here, "ReplicationConfiguration"):
        targets = sorted({rule["Destination"]["Bucket"] for rule in copied["Rules"]})
        yield Stranger(
            what=f"objects are copied to {', '.join(targets)}",
            remove=lambda: s3.delete_bucket_replication(**here),
        )
    if _asked(s3.get_bucket_request_payment, here, "Payer") == "Requester":
        payer = {"Payer": "BucketOwner"}
        yield Stranger(
            what="whoever reads must pay, which fails all requests that do not say so",
            remove=lambda: s3.put_bucket_request_payment(**here, RequestPaymentConfiguration=payer),
        )
    locked = _asked(s3.get_object_lock_configuration, here, "ObjectLockConfiguration") or {}
    if rule := locked.get("Rule"):
        yield Stranger(what=f"objects are locked by a rule, {rule['DefaultRetention']}")


def _events(s3: Any, here: dict[str, str]) -> Iterator[Stranger]:
    """All of them are one setting, so they are removed together."""
    found = s3.get_bucket_notification_configuration(**here)
    targets = [entry[name] for kind, name in _EVENTS.items() for entry in found.get(kind, ())]
    if "EventBridgeConfiguration" in found:
        targets.append("EventBridge")
    if targets:
        yield Stranger(
            what=f"events are sent to {', '.join(sorted(targets))}",
            remove=lambda: s3.put_bucket_notification_configuration(
                **here, NotificationConfiguration={}
            ),
        )


def _reports(s3: Any, here: dict[str, str], kind: str) -> Iterator[Stranger]:
    """They tell the names of objects, and not what is in them."""
    found = getattr(s3, f"list_bucket_{kind}_configurations")(**here)
    for entry in found.get(f"{kind.title()}ConfigurationList", ()):
        yield Stranger(what=f"the {kind} report {entry['Id']} is written")


def _asked(request: Callable[..., Any], here: dict[str, str], *keys: str) -> Any:
    """Return the first of *keys* that is set."""
    answer = _NOT_SET(partial(request, **here)) or {}
    return next((answer[key] for key in keys if answer.get(key)), None)
