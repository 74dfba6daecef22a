"""AWS's variables in ``.env``, for libraries that only read the process environment.

AWS's libraries and its command line know nothing of ``.env``. So that all of them act as the same
identity in the same region, its variables are put into the process environment for as long as a command
works, where child processes find them, too.
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
"""Variables that say who acts."""

_OTHERS = 0o044


def aws_environment(variables: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """
    Return what *environment* lacks of AWS's *variables*.

    Who acts is taken whole from one place: if the environment names a profile or holds a key, no part
    of an identity is added. AWS's own order then says whether a key or a profile counts. A region gets
    both of its names, since AWS's command line reads the one and boto3 the other.
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
    Add AWS's *variables*, which come from *file* and the process environment, to the latter; take them
    out at the end. *warn* gets a sentence if the file holds keys that others can read.
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
