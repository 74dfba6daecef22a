"""The policy, whole or in parts."""

from __future__ import annotations

import re
from typing import Any

from provisioning.documents import policy
from provisioning.grant import Grant

ALL = "all"
PARTS = (LOOK, ROLES, CHANGE) = ("look", "roles", "change")
_PASSWORD = "secretsmanager:GetSecretValue"  # noqa: S105 - a right, not a password


def provisioner_policy(grants: tuple[Grant, ...], part: str = ALL) -> dict[str, Any]:
    """
    Return the policy, or one of its PARTS: a managed policy of AWS holds 6,144 characters, and the whole
    has more. LOOK is enough for a plan, and ROLES is needed only while roles are made or changed.
    """
    split = ((grant, [a for a in grant.actions if part in {ALL, _part(a)}]) for grant in grants)
    return policy(*(grant.statement(*actions) for grant, actions in split if actions))


def _part(action: str) -> str:
    looks = re.match(r"\w+:(Describe|Get|List|View)", action) and action != _PASSWORD
    return LOOK if looks else ROLES if action.startswith("iam:") else CHANGE
