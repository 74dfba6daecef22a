"""The variables that a configuration refers to: the process environment, and ``.env`` below it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from statpipe.api import ConfigError, Secret
from statpipe.domain.secret import is_quoted


def read_variables(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """
    Return the variables that are set. Those of the process take precedence over those of *file*,
    which may be missing.

    An empty variable counts as not set: GitHub Actions passes unset secrets as empty texts, which
    must not hide the value in the file.

    :raises ConfigError: The file cannot be read.
    """
    written = _read(file) if file.is_file() else {}
    return {name: value for name, value in [*written.items(), *environment.items()] if value}


def secret_of(variables: Mapping[str, str], name: str) -> Secret | None:
    """
    Return a variable as a secret; ``None`` if it is not set.

    :raises ConfigError: It has quotes around it, or is not valid UTF-8. The message does not show
        it.
    """
    value = variables.get(name)
    if not value:
        return None
    if is_quoted(value):
        msg = (
            f"{name} has quotes around its value; remove them, or they would be sent as part of it"
        )
        raise ConfigError(msg)
    try:
        value.encode()
    except UnicodeEncodeError:
        msg = f"{name} contains bytes that are not valid UTF-8; set it again"
        raise ConfigError(msg) from None
    return Secret(value)


def _read(file: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        # Editors on Windows write a byte order mark.
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not valid UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}
