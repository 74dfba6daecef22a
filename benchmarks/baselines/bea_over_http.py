"""BEA's API asked by httpx: the fewest requests for whole tables, over one connection."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx

AREAS = 60


class Bea:
    """A connection. Answers are bytes, as they came."""

    def __init__(self, url: str, key: str) -> None:
        common = {"UserID": key, "datasetname": "Regional", "ResultFormat": "JSON"}
        self._client = httpx.Client(params=common, timeout=60)
        self._url = url

    def ask(self, **parameters: str) -> bytes:
        """Send a request."""
        return self._client.get(self._url, params=parameters).raise_for_status().content

    def line(self, table: str, line: str) -> bytes:
        """Ask for a line of all areas. The first one shows whether there is a new release."""
        return self.ask(
            method="GetData", TableName=table, LineCode=line, GeoFips="STATE", Year="ALL"
        )

    def whole(self, table: str, first: bytes) -> list[bytes]:
        """Ask for a table, of which the first line is there: a line a request, or else an area."""
        lines = self._lines(table)
        if len(lines) <= AREAS:
            return [first, *(self.line(table, line) for line in lines[1:])]
        return list(self._by_area(table, first))

    def _lines(self, table: str) -> list[str]:
        listed = self.ask(
            method="GetParameterValuesFiltered", TargetParameter="LineCode", TableName=table
        )
        return [one["Key"] for one in json.loads(listed)["BEAAPI"]["Results"]["ParamValue"]]

    def _by_area(self, table: str, first: bytes) -> Iterator[bytes]:
        for area in sorted({row["GeoFips"] for row in json.loads(data(first))}):
            yield self.ask(
                method="GetData", TableName=table, LineCode="ALL", GeoFips=area, Year="ALL"
            )


def data(answer: bytes) -> bytes:
    """Cut the array of rows out of an answer."""
    return answer[answer.index(b'"Data":[') + 7 : answer.rindex(b',"Notes":')]


def released(answer: bytes) -> str:
    """Return the note that says when the table was last updated."""
    notes = json.loads(answer[answer.rindex(b',"Notes":') + 9 : -3])
    return next(n["NoteText"] for n in notes if n["NoteText"].startswith("Last updated"))
