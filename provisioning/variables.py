"""The variables that settings are read from: the process environment, then ``.env``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from provisioning.failures import Misconfigured


def read_variables(
    file: Path, environment: Mapping[str, str], *, required: bool = False
) -> dict[str, str]:
    """
    Read ``NAME=value`` lines of *file* as statpipe reads them; the process environment wins over it.
    Unless it is *required*, it may be missing.

    A variable that is set to nothing counts as not set.

    :raises Misconfigured: A line is none, or the file cannot be read.
    """
    found = dict(_read(file)) if required or file.exists() else {}
    found.update({name: value for name, value in environment.items() if value})
    return {name: value for name, value in found.items() if value}


def _read(file: Path) -> Iterator[tuple[str, str]]:
    try:
        # Editors of Windows begin a file with a mark.
        with file.open(encoding="utf-8-sig") as lines:
            bindings = list(parse_stream(lines))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
        msg = f"{file} cannot be read ({why}); correct it, or name another file with --env-file"
        raise Misconfigured(msg) from None
    for binding in bindings:
        if binding.key is not None and binding.value is not None:
            yield binding.key, binding.value
        elif binding.error or binding.key is not None:
            # What was read begins with the empty lines before it.
            text = binding.original.string
            line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            msg = f"{file}, line {line}: this is no NAME=value; correct or remove it"
            raise Misconfigured(msg)
