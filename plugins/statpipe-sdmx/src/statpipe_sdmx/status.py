"""The status of an observation, as in SDMX's CL_OBS_STATUS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_EUROSTAT = {
    "b": "B",
    "c": "Q",
    "d": "D",
    "e": "E",
    "f": "F",
    "i": "I",
    "n": "N",
    "p": "P",
    "r": "A",
    "s": "E",
    "u": "U",
    "z": "M",
}
"""
Eurostat's flags, from its page "Statistical codes". Revised (``r``) is not used as a status,
because the history shows it.
"""


def coded_status(flags: pa.DictionaryArray) -> pa.DictionaryArray:
    """
    Return a status code for each flag: codes as they are, Eurostat's lower-case letters by what they mean. Of several
    (``bp``, ``B;P``), the first counts.
    """
    import pyarrow as pa

    codes = [_code(text) for text in flags.dictionary.to_pylist()]
    return pa.array(codes, pa.string()).take(flags.indices).dictionary_encode()


def flag_symbols(flags: pa.DictionaryArray) -> pa.Array:
    """
    Return the flags that are not status codes, to keep them as printed.
    """
    import pyarrow as pa

    texts = flags.dictionary.to_pylist()
    printed = [text if text and _code(text) != text.strip() else None for text in texts]
    return pa.array(printed, pa.string()).take(flags.indices)


def _code(text: str | None) -> str | None:
    first = re.split(r"[;,\s]", text.strip(), maxsplit=1)[0] if text else text
    return _EUROSTAT.get(first[0], first) if first and first.islower() else first
