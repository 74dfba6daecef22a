"""Lists of a table's lines: answers to GetParameterValuesFiltered, with codes but no figures."""

from __future__ import annotations

from statpipe.api import ContentError, Payload
from statpipe.domain.text import stripped
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.results import listed, results, unexpected

METHOD = "GetParameterValuesFiltered"


def is_line_list(payload: Payload) -> bool:
    """
    Return whether a payload is a line list. Older versions did not mark it as structure, so the
    request is also examined.
    """
    return payload.structure or payload.request.get("method") == METHOD


def listed_lines(payload: Payload) -> list[PrintedLine]:
    """
    Return the lines of a list.

    :raises ContentError: The list is empty, or contains anything but numbers and titles.
    """
    values = listed(results(payload).get("ParamValue"))
    if not values:
        raise unexpected(payload, "BEAAPI.Results.ParamValue", "lists no values")
    found = []
    for number, value in enumerate(values):
        if not isinstance(value, dict) or not {"Key", "Desc"} <= value.keys():
            place = f"BEAAPI.Results.ParamValue[{number}]"
            raise unexpected(payload, place, "is not an object with Key and Desc")
        line, title = stripped(str(value["Key"])), stripped(str(value["Desc"]))
        where = f"payload {payload.name}"
        found.append(PrintedLine(line=line, title=title, where=where, led=True))
    if not all(one.line.isdecimal() for one in found):
        keys = sorted(one.line for one in found)
        msg = f"{where}: its keys are {keys[:3]}; expected line numbers"
        raise ContentError(msg, payload=payload)
    return found
