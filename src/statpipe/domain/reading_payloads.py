"""Python's errors while reading a payload do not help an operator, so this names the payload."""

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
"""What Python and its standard library raise when bytes are not what was expected."""


@contextmanager
def reading(payload: Payload, expected: str, *, at: str = "") -> Iterator[None]:
    """
    Turn a wrong key, type or value that is met while a payload is read into an error about the payload.

    *expected* says what should be there, *at* where, if that is known::

        with reading(payload, "rows with port and price"):
            for number, row in enumerate(json.loads(payload.body)["rows"], 1):
                with reading(payload, "port and price", at=f"row {number}"):
                    yield {"ref_area": row["port"], "obs_value": exact(row["price"]), ...}

    :raises ContentError: The text names payload, place and what was expected.
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
