"""Lists of a table's lines: answers to GetParameterValuesFiltered."""

from __future__ import annotations

import json

from statpipe.api import ContentError, Payload

METHOD = "GetParameterValuesFiltered"


def is_line_list(payload: Payload) -> bool:
    """
    Tell whether a payload is a line list, by what was asked.
    """
    return payload.request.get("method") == METHOD


def line_titles(payload: Payload) -> dict[str, str]:
    """
    Return the titles by line code.

    :raises ContentError: It is no list of keys and descriptions.
    """
    try:
        values = json.loads(payload.body)["BEAAPI"]["Results"]
        values = (values[0] if isinstance(values, list) else values)["ParamValue"]
        values = [values] if isinstance(values, dict) else values
        titles = {str(v["Key"]).strip(): str(v["Desc"]).strip() for v in values}
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        msg = f"payload {payload.name}: no list of lines ({error}); expected Key and Desc in ParamValue"
        raise ContentError(msg, payload=payload) from error
    if not titles or not all(line.isdecimal() for line in titles):
        msg = f"payload {payload.name}: its keys are {sorted(titles)[:3]}; expected line numbers"
        raise ContentError(msg, payload=payload)
    return titles
