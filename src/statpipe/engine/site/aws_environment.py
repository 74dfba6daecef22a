"""AWS's variables in ``.env``, for libraries that only read the process environment.

AWS's libraries and its command line do not read ``.env``. So its variables are added to the process
environment while a command runs, where child processes also find them. Then all of them use the
same identity and region.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables that give access to the account to anyone who reads them."""

_IDENTITY = frozenset(
    {
        *("AWS_ACCESS_KEY_ID", *SECRETS, "AWS_SECURITY_TOKEN"),
        *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    }
)
"""Variables that determine the identity."""

_OTHERS = 0o044


def aws_environment(variables: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """
    Return the AWS *variables* that *environment* lacks.

    All variables of an identity come from one place: if the environment names a profile or has a
    key, no part of an identity is added. Then AWS's own order decides whether the key or the
    profile counts. A region gets both of its names, because AWS's command line reads one and boto3
    the other.
    """
    there = {name for name, value in environment.items() if value}
    kept = there | _IDENTITY if there & _IDENTITY else there
    added = {
        name: value
        for name, value in variables.items()
        if value and name.startswith("AWS_") and name not in kept
    }
    region = variables.get("AWS_REGION")
    if region and environment.get("AWS_DEFAULT_REGION") != region:
        added["AWS_DEFAULT_REGION"] = region
    return added


@contextmanager
def aws_exported(
    variables: Mapping[str, str], file: Path, warn: Callable[[str], None]
) -> Iterator[None]:
    """
    Add AWS's *variables*, which come from *file* and the process environment, to the process
    environment, and remove them at the end. *warn* gets a sentence if the file holds keys that
    others can read.
    """
    added = aws_environment(variables, os.environ)
    if added.keys() & set(SECRETS) and file.stat().st_mode & _OTHERS:
        warn(f"{file} contains AWS keys and other users can read it; run `chmod 600 {file}`")
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
