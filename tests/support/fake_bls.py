"""The Bureau of Labor Statistics on this machine: its API with its limits, and its flat files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from attrs import define, field

from statpipe.testing import Answer, LocalAgency, Request

Figures = Mapping[tuple[str, str, str], str]
"""Series, year and period -> the figure as BLS prints it, with the code of a footnote behind a blank: ``4.2 P``."""

USED_UP = (
    "Request could not be serviced, as the daily threshold for total number of requests allocated "
    "to the user has been reached."
)


@define(kw_only=True)
class FakeBls:
    """
    BLS as a test sets it. ``figures`` are what it publishes, ``footnotes`` the texts of codes, ``lists`` mapping files
    by name, ``members`` which series each flat file holds, by how their identifiers begin.

    ``key`` is the only one that it knows. ``queries`` are left for the day. ``modified`` is the date of its files. In ``manners``,
    ``down`` is an API over capacity, ``silent`` leaves out the last series of each answer.
    """

    agency: LocalAgency
    figures: Figures = field(factory=dict)
    footnotes: dict[str, str] = field(factory=lambda: {"P": "Preliminary.", "N": "Not available."})
    lists: dict[str, str] = field(factory=dict)
    members: dict[str, str] = field(factory=dict)
    key: str = ""
    queries: int = 500
    modified: str = "Fri, 19 Jan 2024 15:00:00 GMT"
    manners: Literal["", "down", "silent"] = ""

    @property
    def api_url(self) -> str:
        return f"{self.agency.url}/publicAPI/v2"

    @property
    def bulk_url(self) -> str:
        return f"{self.agency.url}/pub/time.series"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The queries so far."""
        return [json.loads(one.body) for one in self.agency.requests if one.method == "POST"]

    def configuration(self, survey: str, *lines: str, name: str = "jobs") -> str:
        """Give the lines of a source that asks here, and not BLS."""
        here = [f'api_url = "{self.api_url}"', f'bulk_url = "{self.bulk_url}"', *lines]
        return "\n".join([f"[sources.{name}]", 'use = "bls"', f'survey = "{survey}"', *here]) + "\n"

    def answer(self, request: Request) -> Answer:
        """Answer as BLS does."""
        if request.path.startswith("/publicAPI/v2/timeseries/data"):
            return _packed(self._api(json.loads(request.body)), request)
        if "@" not in request.headers.get("user-agent", ""):
            return Answer(b"<html><title>Access Denied</title></html>", "text/html", status=403)
        body = self._file(request.path.rpartition("/")[2])
        if body is None:
            return Answer(b"<html><title>404</title></html>", "text/html", status=404)
        return _packed(
            Answer(body.encode(), "text/plain", headers={"Last-Modified": self.modified}), request
        )

    def _api(self, asked: dict[str, Any]) -> Answer:
        key = asked.get("registrationkey")
        if self.manners == "down":
            return _told("REQUEST_FAILED_OVER_CAPACITY", "The service is over capacity.")
        if key is not None and key != self.key:
            invalid = f"The key:{key} provided by the User is invalid."
            return _told("REQUEST_NOT_PROCESSED", invalid)
        if self.queries <= 0:
            return _told("REQUEST_NOT_PROCESSED", USED_UP)
        self.queries -= 1
        most, years = (25, 10) if key is None else (50, 20)
        first, last = int(asked["startyear"]), int(asked["endyear"])
        reduced = last - first >= years
        last = min(last, first + years - 1)
        wanted = asked["seriesid"][:most]
        averages = key is not None and asked.get("annualaverage")
        known = {series for series, _, _ in self.figures}
        said = [f"Series does not exist for Series {one}" for one in wanted if one not in known]
        if reduced:
            said.append(
                f"Year range has been reduced to the system-allowed limit of {years} years."
            )
        found = [self._series(one, first, last, averages=averages) for one in wanted]
        if self.manners == "silent":
            found.pop()
        return _told("REQUEST_SUCCEEDED", *said, series=found)

    def _series(self, series: str, first: int, last: int, *, averages: bool) -> dict[str, Any]:
        rows = [
            {"year": year, "period": period, "periodName": period}
            | {"value": value, "footnotes": self._notes(code)}
            for (of, year, period), text in self.figures.items()
            for value, _, code in [text.partition(" ")]
            if of == series and first <= int(year) <= last and (averages or period != "M13")
        ]
        return {"seriesID": series, "data": rows[::-1]}

    def _notes(self, code: str) -> list[dict[str, str]]:
        return [{"code": code, "text": self.footnotes[code]}] if code else [{}]

    def _file(self, name: str) -> str | None:
        if name in self.members:
            lines = ["series_id                     \tyear\tperiod\t       value\tfootnote_codes"]
            for (series, year, period), text in self.figures.items():
                value, _, code = text.partition(" ")
                if series.startswith(self.members[name]):
                    lines.append(f"{series:30}\t{year}\t{period}\t{value:>12}\t{code}")
            return "\r\n".join([*lines, ""])
        if name.endswith(".footnote"):
            rows = [f"{code}\t{text}\t" for code, text in self.footnotes.items()]
            return "\r\n".join(["footnote_code\tfootnote_text", *rows, ""])
        return self.lists.get(name)


def _told(status: str, *messages: str, series: list[dict[str, Any]] | None = None) -> Answer:
    results = {} if series is None else {"series": series}
    document = {"status": status, "responseTime": 71, "message": list(messages), "Results": results}
    return Answer(json.dumps(document).encode())


def _packed(answer: Answer, request: Request) -> Answer:
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return Answer(gzip.compress(answer.body, mtime=0), answer.media_type, headers=headers)


@contextmanager
def serving(**options: Any) -> Iterator[FakeBls]:
    """Start BLS; it ends with the block."""
    with LocalAgency() as agency:
        fake = FakeBls(agency=agency, **options)
        agency.answer_with(fake.answer)
        yield fake
