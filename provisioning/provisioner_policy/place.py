"""The account and region in which rights are granted."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from provisioning.names import BUDGET, PROJECT, Names
from provisioning.settings import ENVIRONMENTS

OURS = f"{PROJECT}-*"


@frozen(kw_only=True)
class Place:
    """
    The account and region, and how resources in it are named.
    """

    partition: str
    account: str
    region: str
    buckets: tuple[str, ...]

    def here(self, service: str, resource: str) -> str:
        """
        Name a resource of this account and region.
        """
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def iam(self) -> str:
        """
        The beginning of the names of IAM.
        """
        return f"arn:{self.partition}:iam::{self.account}:"

    @property
    def roles(self) -> str:
        """
        Our roles.
        """
        return f"{self.iam}role/{OURS}"

    @property
    def boundaries(self) -> tuple[str, ...]:
        """
        Our boundaries, by their full names: one that could be called anything could say anything.
        """
        return tuple(f"{self.iam}policy/{Names(name).boundary}" for name in ENVIRONMENTS)

    def ec2(self, *kinds: str) -> tuple[str, ...]:
        """
        Name all resources of these kinds.
        """
        return tuple(self.here("ec2", f"{kind}/*") for kind in kinds)

    @property
    def buckets_s(self) -> tuple[str, ...]:
        """
        The buckets.
        """
        return tuple(f"arn:{self.partition}:s3:::{bucket}" for bucket in self.buckets)

    @property
    def budget(self) -> str:
        """
        The budget.
        """
        return f"arn:{self.partition}:budgets::{self.account}:budget/{BUDGET}"

    @property
    def log_groups(self) -> tuple[str, ...]:
        """
        Our log groups, and those of our databases.
        """
        return tuple(
            self.here("logs", f"log-group:{name}*")
            for name in (f"/{PROJECT}/", f"/aws/rds/instance/{PROJECT}-")
        )

    @property
    def password_of_ours(self) -> dict[str, Any]:
        """
        The password of a database of ours: RDS writes the database into the tags of its secret.
        """
        tag = "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn"
        return {"ArnLike": {tag: self.here("rds", f"db:{OURS}")}}
