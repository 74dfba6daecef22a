"""Reads BEA's JSON in every form that BEA has used. Client and normalizer share this reader.

``{"BEAAPI": {"Request": {...}, "Results": {...}}}``. Results may be a list with one entry, keys may
be in another case, and texts may contain raw control characters. Numbers become text, so no digit
is lost.
"""

from __future__ import annotations

import json
from typing import Any

from statpipe.api import ContentError, Payload
from statpipe_bea.text import byte_of, text_of

_KEYS = """
    BEAAPI Request RequestParam ParameterName ParameterValue Results Error APIErrorCode
    APIErrorDescription ErrorDetail Description Statistic UnitOfMeasure PublicTable UTCProductionTime
    NoteRef NoteText Notes Dimensions Name DataType IsValue Data Code GeoFips GeoName TimePeriod
    CL_UNIT UNIT_MULT DataValue ParamValue Key Desc Parameter
"""
_SPELLINGS = {key.lower(): key for key in _KEYS.split()}


def api_node(payload: Payload, *, trailing: bool = False) -> dict[str, Any]:
    """
    Return the content of BEAAPI. If *trailing*, other bytes may follow the JSON.

    :raises ContentError: The payload is not an answer from BEA; the message says where it is wrong.
    """
    text = text_of(payload)
    start = len(text) - len(text.lstrip())
    if start == len(text):
        raise _unreadable(payload, text, 0, "the answer is empty")
    try:
        document, end = _decoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _unreadable(payload, text, error.pos, f"not valid JSON: {error.msg}") from None
    except RecursionError:
        raise _unreadable(payload, text, start, "the JSON is nested too deeply") from None
    except _Unexpected as error:
        msg = f"payload {payload.name}: {error}; expected BEA's answer"
        raise ContentError(msg, payload=payload) from None
    if not trailing and text[end:].strip():
        raise _unreadable(payload, text, end, "something else follows the JSON")
    if not isinstance(document, dict):
        raise _unreadable(payload, text, start, "the JSON is not an object")
    api = document.get("BEAAPI")
    if not isinstance(api, dict):
        raise _unreadable(payload, text, start, "the key BEAAPI is missing or not an object")
    return api


def results(payload: Payload) -> dict[str, Any]:
    """
    Return BEAAPI.Results with keys in BEA's usual spelling and every number as text.

    It parses the whole JSON into Python objects; :mod:`statpipe_bea.answers` avoids that for rows.

    :raises ContentError: Results are missing.
    """
    found = listed(api_node(payload).get("Results"))
    if len(found) != 1 or not isinstance(found[0], dict):
        raise unexpected(payload, "BEAAPI.Results", "is not a single object")
    return found[0]


def listed(node: Any) -> list[Any]:
    """
    Return a list unchanged, ``None`` as an empty list, and anything else as a list with one entry.
    """
    if node is None:
        return []
    return node if isinstance(node, list) else [node]


def unexpected(payload: Payload, place: str, what: str) -> ContentError:
    """
    Return the error for an unexpected value at a place in an answer.
    """
    return ContentError(
        f"payload {payload.name}: {place} {what}; expected the usual structure of BEA's answers. "
        "Look at the payload in Bronze",
        payload=payload,
    )


class _Unexpected(Exception):
    """Valid JSON whose meaning is ambiguous."""


def _decoder() -> json.JSONDecoder:
    # Numbers stay text: figures are decimals, and codes are compared as text.
    return json.JSONDecoder(
        strict=False,
        parse_int=str,
        parse_float=str,
        parse_constant=_refused,
        object_pairs_hook=_spelled,
    )


def _spelled(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    node = {_SPELLINGS.get(key.lower(), key): value for key, value in pairs}
    if len(node) < len(pairs):
        names = [_SPELLINGS.get(key.lower(), key) for key, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Unexpected(f"an object has the key {twice!r} twice")
    return node


def _refused(constant: str) -> None:
    raise _Unexpected(f"{constant} is not a figure")


def _unreadable(payload: Payload, text: str, place: int, what: str) -> ContentError:
    before = text[:place]
    seen = text[place : place + 40]
    byte = byte_of(payload, text, place)
    return ContentError(
        f"payload {payload.name}: byte {byte:,} (line {before.count(chr(10)) + 1}): {what}"
        + (f", found {seen!r}" if seen else "")
        + '; expected one JSON object {"BEAAPI": {"Results": ...}}. '
        "Look at the payload in Bronze",
        payload=payload,
    )
