"""What may be wrong with an answer of BEA's: faults for :class:`support.fake_bea.FakeBea`.

Each function here returns a fault, which takes the healthy answer and spoils it. :func:`both`
applies one fault after another.
"""

from __future__ import annotations

import gzip as gzip_module
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support.fake_bea import Answer, Fault, shuffle

HTML = b"<!DOCTYPE html><html><head><title>Service</title></head><body>Sorry</body></html>"
_ECHO = re.compile(rb'^{"BEAAPI":({"Request":.*?\]})', re.DOTALL)


def status(code: int, **headers: str) -> Fault:
    """An HTML page with this HTTP status; ``Retry_After="1"`` gives a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(HTML, code, {"Content-Type": "text/html", **named})


def too_many(retry_after: str | None = None) -> Fault:
    """HTTP 429, with Retry-After in seconds or as a date."""
    return status(429, **({} if retry_after is None else {"Retry_After": retry_after}))


def redirect(location: str) -> Fault:
    """HTTP 302."""
    return status(302, Location=location)


def html_page() -> Fault:
    """An HTML page with HTTP 200."""
    return status(200)


def empty() -> Fault:
    """Nothing, with HTTP 200."""
    return _body(lambda _: b"")


def truncated(share: float = 0.5) -> Fault:
    """The first part of the JSON, complete for HTTP."""
    return _body(lambda body: body[: int(len(body) * share)])


def followed_by_html() -> Fault:
    """JSON followed by an HTML page."""
    return _body(lambda body: body + b"\r\n" + HTML)


def control_characters() -> Fault:
    """A raw tab and line feed inside of the JSON's texts."""
    return _body(lambda body: body.replace(b"Last updated: ", b"Last updated:\t\n"))


def latin_1() -> Fault:
    """A note with a letter that is no UTF-8."""
    return _body(lambda body: body.replace(b"Last updated", b"Espa\xf1a. Last updated"))


def gzipped() -> Fault:
    """Content-Encoding gzip."""
    return lambda answer: replace(
        answer,
        body=gzip_module.compress(answer.body, 1),
        headers={**answer.headers, "Content-Encoding": "gzip"},
    )


def body(content: bytes) -> Fault:
    """Exactly this body."""
    return _body(lambda _: content)


def reset(after: int = 100) -> Fault:
    """The connection is reset after some bytes."""
    return lambda answer: replace(answer, cut=after)


def wrong_length(extra: int = 10) -> Fault:
    """Content-Length promises more bytes than come."""
    return lambda answer: replace(answer, length=len(answer.body) + extra)


def slow(seconds: float) -> Fault:
    """Nothing comes for a while."""
    return lambda answer: replace(answer, delay=seconds)


def api_error(
    code: str | int,
    description: str = "The description",
    *,
    detail: Any = None,
    top: bool = False,
    listed: bool = False,
    lower_case: bool = False,
) -> Fault:
    """An error inside of HTTP 200: at Results.Error or on top, an object or a list of one."""
    node: Any = {"APIErrorCode": code, "APIErrorDescription": description}
    if detail is not None:
        node["ErrorDetail"] = detail
    node = [node] if listed else node
    inner = {"Error": node} if top else {"Results": {"Error": node}}

    def spoil(healthy: bytes) -> bytes:
        echo = _ECHO.match(healthy)
        request = json.loads(echo[1] + b"}") if echo else {}
        text = json.dumps({"BEAAPI": {**request, **inner}}, separators=(",", ":"))
        return (_lower_keys(text) if lower_case else text).encode()

    return _body(spoil)


def lower_case_keys() -> Fault:
    """All keys in lower case."""
    return _body(lambda body: _lower_keys(body.decode()).encode())


def results_as_list() -> Fault:
    """Results is a list of one."""
    return _document(lambda api: api.update(Results=[api["Results"]]))


def one_row_as_object() -> Fault:
    """Data is its first row, not a list."""
    return _document(lambda api: api["Results"].update(Data=api["Results"]["Data"][0]))


def shuffled(seed: int = 1) -> Fault:
    """The rows come in another order."""
    return _body(lambda body: shuffle(body, seed))


def marker_in_value() -> Fault:
    """Suppressed figures carry the marker in DataValue itself, as older answers do."""
    return _rows(lambda row: row.update(DataValue=row.pop("NoteRef")) if "NoteRef" in row else None)


def thousands_commas() -> Fault:
    """Figures have thousands separators."""
    return _rows(lambda row: row.update(DataValue=_with_commas(row["DataValue"])))


def dropped_rows(number: int = 1) -> Fault:
    """The last rows are missing."""
    return _document(lambda api: api["Results"].update(Data=api["Results"]["Data"][:-number]))


def last_updated(text: str) -> Fault:
    """The note on the last update reads otherwise."""
    return _document(lambda api: api["Results"]["Notes"][-1].update(NoteText=text))


def both(*faults: Fault) -> Fault:
    """One fault after the other."""

    def spoil(answer: Answer) -> Answer:
        for fault in faults:
            answer = fault(answer)
        return answer

    return spoil


def _body(change: Callable[[bytes], bytes]) -> Fault:
    return lambda answer: replace(answer, body=change(answer.body))


def _document(change: Callable[[dict[str, Any]], None]) -> Fault:
    def spoil(healthy: bytes) -> bytes:
        document = json.loads(healthy)
        change(document["BEAAPI"])
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    return _body(spoil)


def _rows(change: Callable[[dict[str, str]], Any]) -> Fault:
    def spoil(api: dict[str, Any]) -> None:
        for row in api["Results"]["Data"]:
            change(row)

    return _document(spoil)


def _lower_keys(text: str) -> str:
    return re.sub(r'"(\w+)":', lambda key: key[0].lower(), text)


def _with_commas(value: str) -> str:
    whole, point, rest = value.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() else value
