"""How long S3 keeps what: Bronze and manifests permanently, the rest while it is useful."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from provisioning.settings import ENVIRONMENTS

_IA_DAYS, _GLACIER_DAYS = 90, 365
_ABORT_DAYS = 7
_LOCK_DAYS, _SCRATCH_DAYS, _STAGED_DAYS = 1, 7, 1


@frozen(kw_only=True)
class Rule:
    """
    One rule, for objects below ``prefix``. Each field is in days; one that is unset does nothing.
    """

    id: str
    prefix: str
    infrequent: int | None = None
    glacier: int | None = None
    expire: int | None = None
    noncurrent: int | None = None
    abort: int | None = None

    def as_request(self) -> dict[str, Any]:
        """
        Write the rule as S3 wants it.
        """
        rule: dict[str, Any] = {
            "ID": self.id,
            "Status": "Enabled",
            "Filter": {"Prefix": self.prefix},
        }
        classes = ((self.infrequent, "STANDARD_IA"), (self.glacier, "GLACIER_IR"))
        if moves := [{"Days": days, "StorageClass": name} for days, name in classes if days]:
            rule["Transitions"] = moves
        if self.expire:
            rule["Expiration"] = {"Days": self.expire}
        if self.noncurrent:
            rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": self.noncurrent}
        if self.abort:
            rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": self.abort}
        return rule

    @staticmethod
    def meaning(rule: Mapping[str, Any]) -> str:
        """
        Bring a rule into one form, whatever S3 adds to it.
        """
        which = rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}
        keys = (
            "ID",
            "Status",
            "Expiration",
            "NoncurrentVersionExpiration",
            "NoncurrentVersionTransitions",
            "AbortIncompleteMultipartUpload",
            "Transitions",
        )
        kept = {key: rule[key] for key in keys if rule.get(key)}
        if "Transitions" in kept:
            kept["Transitions"] = sorted(
                kept["Transitions"], key=lambda move: json.dumps(move, sort_keys=True)
            )
        return json.dumps({**kept, "which": which}, sort_keys=True)


def data_rules(noncurrent_days: int) -> tuple[Rule, ...]:
    """
    The rules of the lake, the same whichever environment is provisioned.

    Bronze and ``runs/`` are written once, so a noncurrent version there is somebody's mistake, and
    is kept to be put back. Glacier Instant Retrieval still answers at once.
    """
    rules = [Rule(id="uploads", prefix="", abort=_ABORT_DAYS)]
    for environment in ENVIRONMENTS:
        rules += [
            *(
                Rule(
                    id=f"{environment}-{layer}",
                    prefix=f"{environment}/{layer}/",
                    noncurrent=noncurrent_days,
                )
                for layer in ("silver", "changes", "gold", "prints")
            ),
            Rule(
                id=f"{environment}-bronze",
                prefix=f"{environment}/bronze/",
                infrequent=_IA_DAYS,
                glacier=_GLACIER_DAYS,
            ),
            # A lock is renewed every few seconds while a run lasts.
            Rule(
                id=f"{environment}-locks",
                prefix=f"{environment}/locks/",
                noncurrent=_LOCK_DAYS,
            ),
            # What smoke runs leave, and workers whose release was refused: the role may not delete.
            *(
                Rule(
                    id=f"{environment}-{place}",
                    prefix=f"{environment}/{place}/",
                    expire=days,
                    noncurrent=_LOCK_DAYS,
                )
                for place, days in (("scratch", _SCRATCH_DAYS), ("staged", _STAGED_DAYS))
            ),
        ]
    return tuple(rules)


def log_rules(days: int) -> tuple[Rule, ...]:
    """
    The rules of the access logs.
    """
    return (Rule(id="logs", prefix="", expire=days, noncurrent=days, abort=_ABORT_DAYS),)
