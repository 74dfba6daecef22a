"""What is wanted in the account: settings, and the checks that AWS would make too late."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from provisioning.failures import Misconfigured
from provisioning.sources import configured_sources

ENVIRONMENTS = ("staging", "prod")

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""Days that CloudWatch Logs can keep a log group for."""

NUMBERED, NAMED = "numbered", "named"
"""Forms of the subject in GitHub's tokens: with the numbers of owner and repository, or without."""

RDS, OWN, NO_SERVER = "rds", "own", "none"
"""Who serves PostgreSQL: RDS, you, or nobody."""

_MAJORS = ("13", "14", "15", "16", "17", "18")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")
_LONGEST_BUCKET = 63
_LOGS = "-access-logs"


@frozen(kw_only=True)
class Settings:
    """
    What is wanted for one environment. ``storage`` is in GiB, ``budget`` in US dollars a month.
    """

    environment: str
    region: str
    bucket: str
    log_bucket: str
    repository: str
    owner_id: str
    repository_id: str
    subject: str
    email: str
    budget: Decimal
    server: str
    database_class: str
    storage: int
    version: str
    backup_days: int
    log_days: int
    noncurrent_days: int
    freshness_hours: int
    sources: tuple[str, ...]
    account_id: str | None = None
    bastion: bool = True

    @property
    def is_prod(self) -> bool:
        """
        Whether this is the environment that people rely on.
        """
        return self.environment == "prod"

    @property
    def on_rds(self) -> bool:
        """
        Whether AWS serves the database.
        """
        return self.server == RDS


@frozen(kw_only=True)
class Variable:
    """
    A variable: how its text is read, and what holds without it. Without ``default`` it is required.
    """

    name: str
    setting: str
    read: Callable[[str], Any]
    default: str | None = None
    optional: bool = field(default=False)


def read_settings(
    environment: str, variables: Mapping[str, str], *, regions: tuple[str, ...], bastion: bool
) -> Settings:
    """
    Read the settings of *environment*. *regions* are the ones that there are.

    :raises Misconfigured: With a line for each variable that is missing or wrong.
    """
    values: dict[str, Any] = {}
    problems = []
    for variable in VARIABLES:
        text = variables.get(variable.name, variable.default)
        if text is None:
            if not variable.optional:
                problems.append(f"{variable.name} is not set; .env.example says what it is")
            continue
        try:
            values[variable.setting] = variable.read(text)
        except ValueError as error:
            problems.append(f"{variable.name} is {text!r}; {error}")
    if (region := values.get("region")) and region not in regions:
        problems.append(_no_region(region, regions))
    if (bucket := values.get("bucket")) and "log_bucket" not in values:
        values["log_bucket"] = bucket + _LOGS
        if len(bucket + _LOGS) > _LONGEST_BUCKET:
            problems.append(
                f"STATPIPE_BUCKET is {bucket!r}; with {_LOGS} it is too long for the bucket of the "
                "access logs: choose a shorter one, or set STATPIPE_LOG_BUCKET"
            )
    if bucket and values.get("log_bucket") == bucket:
        problems.append("STATPIPE_LOG_BUCKET is the bucket itself; name another one for its logs")
    if problems:
        raise Misconfigured("\n".join(problems))
    values.setdefault("sources", configured_sources(environment))
    bastion = bastion and values["server"] == RDS
    return Settings(environment=environment, bastion=bastion, **values)


def _no_region(region: str, regions: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(region, regions, 1, 0.6)
    hint = f"did you mean {near[0]}?" if near else "write one such as us-east-1"
    return f"AWS_REGION is {region!r}; that is no region of AWS that boto3 knows: {hint}"


def _region(text: str) -> str:
    return _matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", "write a region such as us-east-1")(text)


def _bucket(text: str) -> str:
    # Dots are legal and break TLS: a certificate's wildcard stands for one label only.
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", text):
        msg = "a bucket's name has 3 to 63 lower-case letters, digits and hyphens (no dots: they break TLS)"
        raise ValueError(msg)
    if text.startswith(_PREFIXES) or text.endswith(_SUFFIXES):
        msg = "AWS keeps that beginning or end of a bucket's name for itself; choose another"
        raise ValueError(msg)
    return text


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(advice)
        return text

    return read


def _whole(least: int, most: int, what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            msg = f"write a whole number of {what} from {least} to {most}"
            raise ValueError(msg)
        return int(text)

    return read


def _retention(text: str) -> int:
    if text not in {str(days) for days in RETENTIONS}:
        msg = f"CloudWatch keeps logs for one of {', '.join(map(str, RETENTIONS))} days"
        raise ValueError(msg)
    return int(text)


def _money(text: str) -> Decimal:
    # Decimal takes more than Budgets does: exponents, underscores, other digits.
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", text) or not Decimal(text):
        msg = "write US dollars a month, such as 50"
        raise ValueError(msg)
    return Decimal(text)


def _version(text: str) -> str:
    major = text.split(".", 1)[0]
    if major not in _MAJORS or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        msg = f"write a version of PostgreSQL on RDS: {_MAJORS[0]} to {_MAJORS[-1]}"
        raise ValueError(msg)
    return text


def _sources(text: str) -> tuple[str, ...]:
    names = tuple(text.replace(",", " ").split())
    if not names or not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names):
        msg = "write names of sources as in statpipe.toml, with commas between them"
        raise ValueError(msg)
    return names


def _subject(text: str) -> str:
    if text not in {NUMBERED, NAMED}:
        msg = (
            f"write {NUMBERED}, or {NAMED} if GitHub still leaves the numbers out of the tokens of this "
            "repository"
        )
        raise ValueError(msg)
    return text


def _server(text: str) -> str:
    if text not in {RDS, OWN, NO_SERVER}:
        msg = f"write {RDS}, {OWN} for a PostgreSQL that you have, or {NO_SERVER} for a lake alone"
        raise ValueError(msg)
    return text


_NUMBER = _matching(r"[0-9]{1,20}", "write GitHub's number of it; docs/setup.md says how to ask")

VARIABLES = (
    Variable(name="AWS_REGION", setting="region", read=_region),
    Variable(
        name="AWS_ACCOUNT_ID",
        setting="account_id",
        read=_matching(r"[0-9]{12}", "write the 12 digits of the account"),
        optional=True,
    ),
    Variable(name="STATPIPE_BUCKET", setting="bucket", read=_bucket),
    Variable(name="STATPIPE_LOG_BUCKET", setting="log_bucket", read=_bucket, optional=True),
    Variable(
        name="GITHUB_REPOSITORY",
        setting="repository",
        read=_matching(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", "write owner/repository"),
    ),
    Variable(name="GITHUB_OWNER_ID", setting="owner_id", read=_NUMBER),
    Variable(name="GITHUB_REPOSITORY_ID", setting="repository_id", read=_NUMBER),
    Variable(name="GITHUB_SUBJECT", setting="subject", read=_subject, default=NUMBERED),
    Variable(
        name="ALERT_EMAIL",
        setting="email",
        read=_matching(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+", "write one address, name@example.org"),
    ),
    Variable(name="BUDGET_USD", setting="budget", read=_money, default="60"),
    Variable(name="DB_SERVER", setting="server", read=_server, default=RDS),
    Variable(
        name="DB_CLASS",
        setting="database_class",
        read=_matching(r"db\.[a-z0-9]+\.[a-z0-9]+", "write a class such as db.t4g.micro"),
        default="db.t4g.micro",
    ),
    Variable(
        name="DB_STORAGE_GB", setting="storage", read=_whole(20, 65536, "GiB"), default="20"
    ),
    Variable(name="DB_VERSION", setting="version", read=_version, default="17"),
    Variable(
        name="DB_BACKUP_DAYS", setting="backup_days", read=_whole(1, 35, "days"), default="7"
    ),
    Variable(name="LOG_RETENTION_DAYS", setting="log_days", read=_retention, default="90"),
    Variable(
        name="NONCURRENT_DAYS", setting="noncurrent_days", read=_whole(1, 3650, "days"), default="90"
    ),
    Variable(
        name="FRESHNESS_HOURS", setting="freshness_hours", read=_whole(1, 168, "hours"), default="48"
    ),
    Variable(name="STATPIPE_SOURCE", setting="sources", read=_sources, optional=True),
)  # fmt: skip
"""In the order of ``.env.example``, which explains each."""
