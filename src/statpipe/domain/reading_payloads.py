"""Adds the payload to Python's errors, which alone do not help an operator."""

from __future__ import annotations

import csv
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from statpipe.domain.errors import ContentError
from statpipe.domain.payload import Payload

_WRONG = (
    *(AttributeError, EOFError, LookupError, RecursionError, SyntaxError, TypeError, ValueError),
    *(csv.Error, struct.error, zipfile.BadZipFile, zlib.error),
)
"""Exceptions of Python and its standard library for unexpected bytes."""


@contextmanager
def reading(payload: Payload, expected: str, *, at: str = "") -> Iterator[None]:
    """
    Turn a wrong key, type or value found in a payload into an error about the payload.

    *expected* says what should be there, and *at* where, if known::

        with reading(payload, "rows with port and price"):
            for number, row in enumerate(json.loads(payload.body)["rows"], 1):
                with reading(payload, "port and price", at=f"row {number}"):
                    yield {"ref_area": row["port"], "obs_value": exact(row["price"]), ...}

    :raises ContentError: The message names payload, place and expectation.
    """
    try:
        yield
    except UnicodeError:
        raise  # the engine names the byte
    except _WRONG as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        where = f"payload {payload.name}, {at}" if at else f"payload {payload.name}"
        msg = f"{where}: {what}; expected {expected}"
        raise ContentError(msg, payload=payload) from error
