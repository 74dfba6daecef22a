"""Small answers of BEA's shape, for tests that bend them."""

import json
from typing import Any

NOTE = "Last updated: October 6, 2022-- new statistics for 2021; revised statistics for 2017-2020."


def row(without: str = "", **changes: str) -> dict[str, str]:
    whole = {
        "Code": "SAPCE1-2",
        "GeoFips": "06000",
        "GeoName": "California",
        "TimePeriod": "2020",
        "CL_UNIT": "Millions of current dollars",
        "UNIT_MULT": "6",
        "DataValue": "1.5",
    }
    return {k: v for k, v in (whole | changes).items() if k != without}


def answer(rows: list[Any], note: str = NOTE, **results: Any) -> dict[str, Any]:
    return {
        "BEAAPI": {
            "Request": {"RequestParam": []},
            "Results": {
                "Statistic": "Personal consumption expenditures: Goods",
                "UTCProductionTime": "2026-01-01T00:00:00.000",
                "Data": rows,
                "Notes": [
                    {"NoteRef": "(L)", "NoteText": "Less than $50,000."},
                    {"NoteRef": "2", "NoteText": "A footnote."},
                    {"NoteRef": " ", "NoteText": note},
                ],
                **results,
            },
        }
    }


def line_list(titles: dict[str, str]) -> dict[str, Any]:
    values = [{"Key": key, "Desc": title} for key, title in titles.items()]
    return {"BEAAPI": {"Request": {}, "Results": {"ParamValue": values}}}


def body_of(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
