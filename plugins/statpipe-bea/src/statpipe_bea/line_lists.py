"""Lists of a table's lines: answers to GetParameterValuesFiltered, which describe codes and hold no figures."""

from __future__ import annotations

from statpipe.api import ContentError, Payload
from statpipe.domain.text import stripped
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.results import parameter_values

METHOD = "GetParameterValuesFiltered"


def is_line_list(payload: Payload) -> bool:
    """
    Tell whether a payload is a line list. Older versions did not mark it as structure, so what was asked
    counts as well.
    """
    return payload.structure or payload.request.get("method") == METHOD


def listed_lines(payload: Payload) -> list[PrintedLine]:
    """
    Return the lines of a list.

    :raises ContentError: It is no list of keys and descriptions.
    """
    found = [
        PrintedLine(
            line=stripped(key), title=stripped(title), where=f"payload {payload.name}", led=True
        )
        for key, title in parameter_values(payload)
    ]
    if not all(one.line.isdecimal() for one in found):
        keys = sorted(one.line for one in found)
        msg = f"payload {payload.name}: its keys are {keys[:3]}; expected line numbers"
        raise ContentError(msg, payload=payload)
    return found
