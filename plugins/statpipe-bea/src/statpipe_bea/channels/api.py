"""The channel ``api``: BEA's API, with the fewest requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import attrs

from statpipe.api import Dataset, Diagnosis, Payload, Secret, Unavailable, Vintage
from statpipe_bea.answers import Answer, read_answer, rows_of
from statpipe_bea.channels.channel import Channel, vintage_of
from statpipe_bea.crosswalk import is_renumbered
from statpipe_bea.key import checked_key
from statpipe_bea.line_lists import METHOD, listed_lines
from statpipe_bea.lines import release_lines

if TYPE_CHECKING:
    from pathlib import Path

    from statpipe_bea.api.client import BeaClient


class ApiChannel(Channel):
    """
    Sends one request per line for all areas, or one per area for all lines, whichever is fewer.

    The first request is also the probe: it shows the "Last updated" note and the headline figures.
    The folder *remembered* records how much of BEA's limits is used, for other sources and later
    runs.
    """

    name = "api"
    attribution = (
        "This product uses the Bureau of Economic Analysis (BEA) Data API but is not endorsed or "
        "certified by BEA."
    )

    def __init__(
        self,
        key: Secret,
        url: str,
        source: str = "bea_pce_state",
        *,
        seconds: float = 300.0,
        requests_per_minute: int | None = None,
        remembered: Path | None = None,
    ) -> None:
        self._key = checked_key(key)
        self._seconds = seconds
        self._per_minute = requests_per_minute
        self._remembered = remembered
        self._url = url
        self._source = source
        self._client: BeaClient | None = None

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        renumbered = is_renumbered(dataset.name)
        listed = listed_lines(self._line_list(dataset)) if renumbered else []
        # Of all areas: the price parity of the US is always 100, so it would not show a revision.
        first = {min((one.line for one in listed), key=int): None} if listed else {}
        codes = first if renumbered else _expected(dataset)
        name, parameters = planned(dataset, codes)[0]
        payload = self._ask(name, parameters)
        answer = read_answer(payload)
        note = answer.release
        found = vintage_of(note, _token(note, answer), dataset.selection, payload)
        lines = release_lines(dataset, listed, found.released)
        new = tuple(attrs.evolve(one, unit=self._unit(dataset, one.line)) for one in lines.new)
        return [attrs.evolve(lines, new=new).vintage(found, dataset.selection)]

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        listed = self._line_list(dataset)
        yield listed
        codes = release_lines(dataset, listed_lines(listed), vintage.released).asked
        for name, parameters in planned(dataset, codes):
            payload = self._ask(name, parameters)
            _refuse_other_release(payload, vintage)
            yield payload

    def _unit(self, dataset: Dataset, line: str) -> str:
        """
        Request the unit of a new line, which no list contains. :meth:`fetch` reuses the answer.
        """
        ((name, parameters),) = planned(dataset, {line: None})
        return str(rows_of(read_answer(self._ask(name, parameters)))[0]["CL_UNIT"])

    def _line_list(self, dataset: Dataset) -> Payload:
        listed = self._ask(
            f"{dataset.name}-lines",
            {
                "method": METHOD,
                "datasetname": "Regional",
                "TargetParameter": "LineCode",
                "TableName": dataset.name,
                "ResultFormat": "JSON",
            },
        )
        return attrs.evolve(listed, structure=True)

    def requests(self, dataset: Dataset, vintage: Vintage) -> int:
        held = vintage.selection.categories if is_renumbered(dataset.name) else None
        numbered = {str(number): code for number, code in enumerate(held or (), 1)}
        return 1 + len(planned(dataset, numbered or _expected(dataset)))

    def waiting(self, requests: int) -> float:
        from statpipe_bea.api.client import REQUESTS

        return 60.0 * (max(requests - 1, 0) // (self._per_minute or REQUESTS))

    def diagnose(self) -> Iterable[Diagnosis]:
        yield Diagnosis(self._source, "ok", f"has a key and asks {self._url}")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _ask(self, name: str, parameters: Mapping[str, str]) -> Payload:
        if self._client is None:
            from statpipe_bea.api.client import BeaClient, limits

            self._client = BeaClient(
                key=self._key,
                url=self._url,
                seconds=self._seconds,
                limits=limits(self._per_minute),
                remembered=self._remembered,
            )
        return self._client.ask(name, parameters)


def planned(dataset: Dataset, codes: Mapping[str, str | None]) -> list[tuple[str, dict[str, str]]]:
    """
    Plan the fewest requests for a table of these lines: names and parameters, in a fixed order.

    *codes* are the categories of the lines; a line whose category is not known yet is requested. A
    request may ask for one line and many areas, or for all lines and one area (otherwise error 41).
    """
    selection, table = dataset.selection, dataset.name
    lines = [
        line
        for line, code in codes.items()
        if selection.categories is None or code is None or code in selection.categories
    ]
    areas = sorted(
        area.geo_fips
        for area in dataset.areas
        if selection.areas is None or area.code in selection.areas
    )
    common = {
        "method": "GetData",
        "datasetname": "Regional",
        "TableName": table,
        "Year": "ALL" if selection.periods is None else ",".join(selection.periods),
        "ResultFormat": "JSON",
    }
    if len(lines) <= len(areas):
        where = "STATE" if selection.areas is None else ",".join(areas)
        return [
            (f"{table}-line-{line}", {**common, "LineCode": line, "GeoFips": where})
            for line in sorted(lines, key=int)
        ]
    return [
        (f"{table}-area-{fips}", {**common, "LineCode": "ALL", "GeoFips": fips}) for fips in areas
    ]


def _expected(dataset: Dataset) -> dict[str, str]:
    return {category.code.split(":")[1]: category.code for category in dataset.categories}


def _token(note: str, answer: Answer) -> str:
    """Hash the note and the figures, but not the time of the answer or the order of its rows."""
    figures = sorted(
        [str(row[name] or "") for name in ("Code", "GeoFips", "TimePeriod", "NoteRef")]
        + [_number(str(row["DataValue"]))]
        for row in rows_of(answer)
    )
    return f"api:{hashlib.sha256(json.dumps([note, figures]).encode()).hexdigest()}"


def _number(text: str) -> str:
    """
    Return the same text for equal numbers: BEA has printed 197964 and 197964.0 for one figure.
    """
    try:
        return f"{Decimal(text.replace(',', '')).normalize():f}"
    except InvalidOperation:
        return text


def _refuse_other_release(payload: Payload, vintage: Vintage) -> None:
    note = read_answer(payload).release
    if note != vintage.note:
        msg = (
            f"BEA released new figures during the download ({vintage.note!r}, then {note!r}); "
            "run again"
        )
        raise Unavailable(msg)
