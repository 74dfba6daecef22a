"""What BEA's API answers: rows, notes and errors in its shapes.

Facts come from recorded answers of the Regional dataset: every scalar is a string, the request is
echoed with the key in it, and errors come with HTTP 200.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from support.bea_figures import MARKER, Table, as_row

Cache = dict[tuple[str, ...], str]

_DIMENSIONS = [
    {"Name": name, "DataType": kind, "IsValue": value}
    for name, kind, value in (
        ("Code", "string", "0"),
        ("GeoFips", "string", "0"),
        ("GeoName", "string", "0"),
        ("TimePeriod", "string", "0"),
        ("DataValue", "numeric", "1"),
        ("CL_UNIT", "string", "0"),
        ("UNIT_MULT", "numeric", "0"),
    )
]
_PARAMETERS = [
    {
        "ParameterName": name,
        "ParameterDataType": kind,
        "ParameterDescription": description,
        "ParameterIsRequiredFlag": required,
        "MultipleAcceptedFlag": multiple,
    }
    for name, kind, description, required, multiple in (
        ("GeoFips", "string", "Comma-delimited list of 5-character geographic codes", "1", "1"),
        ("LineCode", "integer", "Line code for a statistic or industry", "1", "0"),
        ("TableName", "string", "Regional income or product table to retrieve", "1", "0"),
        ("Year", "string", "Comma-delimted list of years; LAST5; LAST10; ALL", "0", "1"),
    )
]
_answers = count(1)


class Refusal(Exception):
    """
    An error as BEA tells it: a code, a description, maybe details, and where it stands.
    """

    def __init__(self, code: str, description: str, detail: str = "", *, top: bool = False) -> None:
        super().__init__(description)
        self.node: dict[str, Any] = {"APIErrorCode": code, "APIErrorDescription": description}
        if detail:
            self.node["ErrorDetail"] = {"Description": detail}
        self.top = top


def answer(tables: dict[str, Table], key: str, asked: dict[str, str], cache: Cache) -> str:
    """
    Return the JSON text of the answer to the parameters *asked* (names in lower case).
    """
    try:
        results = _results(tables, key, asked, cache)
    except Refusal as refusal:
        error = _json(refusal.node)
        return (
            _whole(asked, "Error", error)
            if refusal.top
            else _whole(asked, "Results", f'{{"Error":{error}}}')
        )
    return _whole(asked, "Results", results)


def _whole(asked: dict[str, str], place: str, content: str) -> str:
    echo = [
        {
            "ParameterName": name.upper(),
            "ParameterValue": value if name == "userid" else value.upper(),
        }
        for name, value in asked.items()
    ]
    request = _json({"RequestParam": sorted(echo, key=lambda e: e["ParameterName"] != "USERID")})
    return f'{{"BEAAPI":{{"Request":{request},"{place}":{content}}}}}'


def _results(tables: dict[str, Table], key: str, asked: dict[str, str], cache: Cache) -> str:
    if asked.get("userid", "").upper() != key.upper():
        raise Refusal("1", "Invalid Request - Invalid API UserId.")
    methods = {
        "getdata": _get_data,
        "getparametervaluesfiltered": _get_line_codes,
        "getparameterlist": _get_parameter_list,
    }
    method = methods.get(asked.get("method", "").lower())
    if method is None or asked.get("datasetname", "").lower() != "regional":
        raise _missing("Method" if method is None else "DatasetName")
    return method(tables, asked, cache)


def _missing(name: str) -> Refusal:
    return Refusal(
        "40",
        "The dataset requested requires parameters that were missing from the request.",
        f"{name} is missing or has an invalid value",
    )


def _get_parameter_list(_: dict[str, Table], __: dict[str, str], ___: Cache) -> str:
    return _json({"Parameter": _PARAMETERS})


def _get_line_codes(tables: dict[str, Table], asked: dict[str, str], _: Cache) -> str:
    if asked.get("targetparameter", "").lower() != "linecode":
        raise _missing("TargetParameter")
    table = _table(tables, asked)
    values = [
        {"Key": line, "Desc": f"[{table.name}] {title}"} for line, title in table.titles.items()
    ]
    return _json({"ParamValue": values})


def _get_data(tables: dict[str, Table], asked: dict[str, str], cache: Cache) -> str:
    table = _table(tables, asked)
    areas = _areas(table, asked)
    lines = _lines(table, asked, areas)
    years = _years(table, asked)
    place = (table.name, ",".join(lines), ",".join(areas), ",".join(years))
    if place not in cache:
        cache[place] = _data(table, lines, areas, years)
    if cache[place] == "[]":
        raise Refusal("201", "No data was found for the request.")
    single = lines[0] if len(lines) == 1 else None
    head = {
        "Statistic": f"{table.title}: {table.titles[single]}" if single else table.title,
        "UnitOfMeasure": table.units[lines[0]],
        "PublicTable": f"{table.name} {table.title}",
        "UTCProductionTime": _production_time(),
        "NoteRef": " ",
        "Dimensions": _DIMENSIONS,
    }
    notes = _json(_notes(table, cache[place]))
    return f'{_json(head)[:-1]},"Data":{cache[place]},"Notes":{notes}}}'


def _data(table: Table, lines: list[str], areas: list[str], years: list[str]) -> str:
    rows = [
        as_row(table, line, fips, year)
        for fips in areas
        for line in lines
        if fips in table.figures[line]
        for year in years
    ]
    return _json(rows)


def _notes(table: Table, data: str) -> list[dict[str, str]]:
    notes = [
        {"NoteRef": mark, "NoteText": text}
        for mark, text in table.notes.items()
        if MARKER.fullmatch(mark) and f'"{mark}"' in data
    ]
    if table.table_note:
        notes.append({"NoteRef": "Note.", "NoteText": table.table_note})
    return [*notes, {"NoteRef": " ", "NoteText": table.last_updated}]


def _table(tables: dict[str, Table], asked: dict[str, str]) -> Table:
    table = tables.get(asked.get("tablename", "").upper())
    if table is None:
        raise _missing("TableName")
    return table


def _areas(table: Table, asked: dict[str, str]) -> list[str]:
    wanted = [code.strip().upper() for code in asked.get("geofips", "").split(",")]
    if wanted == ["STATE"]:
        return sorted(table.areas)
    if not set(wanted) <= table.areas.keys():
        raise _missing("GeoFips")
    return sorted(set(wanted))


def _lines(table: Table, asked: dict[str, str], areas: list[str]) -> list[str]:
    wanted = asked.get("linecode", "").upper()
    if wanted == "ALL":
        if len(areas) != 1:
            raise Refusal(
                "41",
                "Multiple parameter values were supplied for a parameter that only allows "
                "single values.",
                "Only one geography can be submitted when LineCode value= ALL",
                top=True,
            )
        return list(table.titles)
    if wanted not in table.titles:
        raise _missing("LineCode")
    return [wanted]


def _years(table: Table, asked: dict[str, str]) -> list[str]:
    wanted = asked.get("year", "LAST5").upper()
    named = {"ALL": table.years, "LAST5": table.years[-5:], "LAST10": table.years[-10:]}
    # Years that are not published are silently left out.
    return named.get(wanted) or [year for year in table.years if year in wanted.split(",")]


def _production_time() -> str:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=1000 * (next(_answers) % 1000))
    return now.isoformat(timespec="milliseconds")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
