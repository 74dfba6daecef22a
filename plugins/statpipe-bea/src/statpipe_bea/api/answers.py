"""Reads BEA's answers, in each shape in which they have been seen.

``{"BEAAPI": {"Request": {...}, "Results": {...}}}``. Results may be a list of one, keys may be in
lower case, texts may hold raw control characters. Large answers are only looked over here; the
normalizer reads their figures in columns.
"""

from __future__ import annotations

import json
from typing import Any

from statpipe.api import ContentError, Payload

_KEYS = """
    BEAAPI Request RequestParam ParameterName ParameterValue Results Error APIErrorCode
    APIErrorDescription ErrorDetail Description Statistic UnitOfMeasure PublicTable UTCProductionTime
    NoteRef NoteText Notes Dimensions Name DataType IsValue Data Code GeoFips GeoName TimePeriod
    CL_UNIT UNIT_MULT DataValue ParamValue Key Desc Parameter
"""
_SPELLINGS = {key.lower(): key for key in _KEYS.split()}
_HEAD, _TAIL = 300, 100


def text_of(body: bytes) -> str:
    """
    Return the text: UTF-8, or Latin-1 where it is none, as BEA's own client reads it.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def looks_whole(body: bytes) -> bool:
    """
    Tell cheaply whether this is a whole answer without an error in it. ``False`` means: look closer.
    """
    lowered = body.lower()
    return (
        body.startswith(b"{")
        and b'"beaapi"' in lowered[:_HEAD]
        and b'"results"' in lowered
        and b"".join(body[-_TAIL:].split()).endswith(b"}}")
        and b'"error"' not in lowered
        and b"apierror" not in lowered
    )


def api_node(payload: Payload, *, trailing: bool = False) -> dict[str, Any]:
    """
    Return the content of BEAAPI; *trailing* tells whether anything may follow the JSON.

    :raises ContentError: The payload is no answer of BEA's; the text says where it stops being one.
    """
    text = text_of(payload.body)
    start = len(text) - len(text.lstrip())
    if start == len(text):
        raise _unreadable(payload, text, 0, "the answer is empty")
    try:
        document, end = _decoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _unreadable(payload, text, error.pos, f"no JSON from here on: {error.msg}") from None
    except RecursionError:
        raise _unreadable(payload, text, start, "the JSON is nested too deeply") from None
    if not trailing and text[end:].strip():
        raise _unreadable(payload, text, end, "something else follows the JSON")
    if not isinstance(document, dict):
        raise _unreadable(payload, text, start, "the JSON is not an object")
    api = document.get("BEAAPI")
    if not isinstance(api, dict):
        raise _unreadable(payload, text, start, "the object has no BEAAPI, or it is not an object")
    return api


def results(payload: Payload) -> dict[str, Any]:
    """
    Return BEAAPI.Results with keys in BEA's usual spelling and every scalar as text.

    For small answers: it reads the whole JSON into Python objects.

    :raises ContentError: There is none.
    """
    found = listed(api_node(payload).get("Results"))
    if len(found) != 1 or not isinstance(found[0], dict):
        raise _unexpected(payload, "BEAAPI.Results", "is not one object")
    return found[0]


def parameter_values(payload: Payload) -> list[tuple[str, str]]:
    """
    Return key and description of each value that GetParameterValuesFiltered lists.

    :raises ContentError: The answer lists no values.
    """
    values = listed(results(payload).get("ParamValue"))
    if not values:
        raise _unexpected(payload, "BEAAPI.Results.ParamValue", "lists no values")
    for number, value in enumerate(values):
        if not isinstance(value, dict) or not {"Key", "Desc"} <= value.keys():
            place = f"BEAAPI.Results.ParamValue[{number}]"
            raise _unexpected(payload, place, "is not an object with Key and Desc")
    return [(str(value["Key"]), str(value["Desc"])) for value in values]


def last_updated(payload: Payload) -> str:
    """
    Return the note that says when the table was last updated, in BEA's words.

    :raises ContentError: No note does.
    """
    for note in listed(results(payload).get("Notes")):
        text = str(note.get("NoteText", "")).strip() if isinstance(note, dict) else ""
        if text.lower().startswith("last updated"):
            return text
    raise _unexpected(
        payload, "BEAAPI.Results.Notes", 'has no note that starts with "Last updated"'
    )


def listed(node: Any) -> list[Any]:
    """
    Return a list as it is, nothing as an empty list, and anything else as a list of one.
    """
    if node is None:
        return []
    return node if isinstance(node, list) else [node]


def one_line(text: str, longest: int = 300) -> str:
    """
    Return a text from outside as one printable line.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[:longest]}..."


def _decoder() -> json.JSONDecoder:
    # Numbers stay text: figures are decimals, and codes are compared as text.
    return json.JSONDecoder(
        strict=False, parse_int=str, parse_float=str, object_pairs_hook=_spelled
    )


def _spelled(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_SPELLINGS.get(key.lower(), key): value for key, value in pairs}


def _unreadable(payload: Payload, text: str, place: int, what: str) -> ContentError:
    before = text[:place]
    seen = one_line(text[place : place + 80], 60)
    # Latin-1 has a byte a letter; of UTF-8, counting from the end leaves out a byte order mark.
    size = len(payload.body)
    byte = place if len(text) == size else size - len(text[place:].encode())
    return ContentError(
        f"{payload.name}: byte {byte:,} (line {before.count(chr(10)) + 1}): {what}"
        + (f", found {seen!r}" if seen else "")
        + '; expected one JSON object {"BEAAPI": {"Results": ...}}. '
        "Look at the payload in Bronze",
        payload=payload,
    )


def _unexpected(payload: Payload, place: str, what: str) -> ContentError:
    return ContentError(
        f"{payload.name}: {place} {what}: BEA's answer has changed its shape; look at the payload in "
        "Bronze",
        payload=payload,
    )
