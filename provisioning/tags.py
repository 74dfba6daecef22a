"""The tags that say whose a resource is. Tags of others are not changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from provisioning.names import PROJECT
from provisioning.reconcile import Aspect

SHARED = "shared"
"""The environment of what staging and prod have in common."""


def tags(environment: str) -> dict[str, str]:
    """
    Return the tags of a resource of *environment*.
    """
    return {"project": PROJECT, "environment": environment, "managed-by": "provision_aws.py"}


def as_list(wanted: Mapping[str, str]) -> list[dict[str, str]]:
    """
    Write tags as most of AWS's services want them.
    """
    return [{"Key": key, "Value": value} for key, value in wanted.items()]


def as_mapping(found: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """
    Read tags as most of AWS's services give them.
    """
    return {tag["Key"]: tag["Value"] for tag in found}


def tagged(
    now: Mapping[str, str], environment: str, write: Callable[[dict[str, str]], Any]
) -> Aspect:
    """
    Want our tags on a resource; *write* gets all of ours.
    """
    wanted = tags(environment)
    ours = {key: value for key, value in now.items() if key in wanted}
    return Aspect(name="tags", now=ours, wanted=wanted, write=lambda: write(wanted))
