"""The account and region of AWS that everything is made in."""

from __future__ import annotations

from typing import Any

import boto3
from attrs import define, field
from botocore.config import Config

READING = ("Describe", "Get", "Head", "List")
"""How the names of requests begin that change nothing."""

_LOGGING_IN = {"SSO", "SSO OIDC", "STS", "Signin"}
"""Services that AWS's libraries ask for credentials of their own accord: a role of a profile, a token."""


@define(kw_only=True)
class Account:
    """
    Clients for one region. With ``plan``, a request that would change something raises.

    ``asked`` is the last request, as ``S3:CreateBucket``.
    """

    session: boto3.Session
    region: str
    plan: bool = False
    asked: str = field(default="", init=False)
    _clients: dict[str, Any] = field(factory=dict, init=False)
    _caller: dict[str, str] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.session.events.register("before-call.*.*", self._note)

    def client(self, service: str, region: str | None = None) -> Any:
        """
        Return the client of a service. Budgets has one region, all others ours.
        """
        key = f"{service} {region}"
        if key not in self._clients:
            # Standard mode retries throttling and lost connections, with jitter.
            config = Config(
                connect_timeout=10,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 5},
            )
            make: Any = self.session.client  # its stubs know no name that is computed
            self._clients[key] = make(service, region_name=region or self.region, config=config)
        return self._clients[key]

    @property
    def id(self) -> str:
        """
        The account's twelve digits.
        """
        return self._identity()["Account"]

    @property
    def is_known(self) -> bool:
        """
        Whether AWS has told us already which account this is.
        """
        return self._caller is not None

    def arn(self, service: str, resource: str, *, everywhere: bool = False) -> str:
        """
        Name a resource of this account; *everywhere* is for services without regions.
        """
        region = "" if everywhere else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.id}:{resource}"

    @property
    def partition(self) -> str:
        """
        ``aws``, or the name of one of AWS's separate worlds.
        """
        return str(self.session.get_partition_for_region(self.region))

    def _identity(self) -> dict[str, str]:
        if self._caller is None:
            self._caller = self.client("sts").get_caller_identity()
        return self._caller

    def _note(self, model: Any, **_: Any) -> None:
        service = str(model.service_model.service_id)
        self.asked = f"{service}:{model.name}"
        changes = service not in _LOGGING_IN and not model.name.startswith(READING)
        if self.plan and changes:
            msg = f"a plan must change nothing, and {self.asked} was asked for"
            raise RuntimeError(msg)
