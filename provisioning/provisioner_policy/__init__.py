"""What whoever provisions must be allowed: each right, and the requests that need it."""

from __future__ import annotations

from provisioning.provisioner_policy.all_grants import grants
from provisioning.provisioner_policy.parts import (
    ALL,
    CHANGE,
    LOOK,
    PARTS,
    ROLES,
    provisioner_policy,
)
from provisioning.provisioner_policy.repair import repairs

__all__ = ["ALL", "CHANGE", "LOOK", "PARTS", "ROLES", "grants", "provisioner_policy", "repairs"]
