"""Lists of a table's lines: answers to GetParameterValuesFiltered."""

from __future__ import annotations

from statpipe.api import ContentError, Payload
from statpipe.domain.text import stripped
from statpipe_bea.results import parameter_values

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
    values = parameter_values(payload)
    titles = {stripped(key): stripped(title) for key, title in values}
    if not all(line.isdecimal() for line in titles):
        msg = f"payload {payload.name}: its keys are {sorted(titles)[:3]}; expected line numbers"
        raise ContentError(msg, payload=payload)
    return titles
