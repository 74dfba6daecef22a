"""The variables that settings are read from: the process environment, then ``.env``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from provisioning.failures import Misconfigured

_LINE = re.compile(
    r"""
    \s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
    (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>[^#\s](?:[^#]|(?<!\s)\#)*)?)
    \s*(?:\#.*)?
    """,
    re.VERBOSE,
)


def read_variables(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """
    Read ``NAME=value`` lines of *file*, if it is there; the process environment wins over it.

    A variable that is set to nothing counts as not set.

    :raises Misconfigured: A line is none.
    """
    found = dict(_read(file)) if file.is_file() else {}
    found.update({name: value for name, value in environment.items() if value})
    return {name: value for name, value in found.items() if value}


def _read(file: Path) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            msg = f"{file}, line {number}: this is no NAME=value; correct or remove it"
            raise Misconfigured(msg)
        value = match["single"] or match["double"] or (match["plain"] or "").strip()
        pairs.append((match["name"], value))
    return pairs
