"""Finds the errors that BEA puts into its answers, and says what to do about each. They have HTTP
status 200, at ``BEAAPI.Results.Error`` or at ``BEAAPI.Error``, as an object or a list.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from statpipe.api import ContentError, Payload, Rejected, StatpipeError, Unavailable
from statpipe.api.http import Passing, one_line
from statpipe_bea.results import api_node, listed

SIGN_UP = "https://apps.bea.gov/API/signup/"
THROTTLED = 7
LOCK_OUT = 60.0
"""Seconds to wait if BEA throttles without giving a time."""

_KEY_REMEDIES = {
    1: f"set BEA_API_KEY to the 36-character key from BEA's e-mail; get a free key at {SIGN_UP}",
    3: f"BEA does not know this key: compare it with BEA's e-mail, or get a new one at {SIGN_UP}",
    4: f"follow the link in BEA's e-mail to activate the key, or get a new one at {SIGN_UP}",
}
_NO_DATA = 201
_FIRST_OF_BEAS_OWN = 100
"""Lower codes are errors in the request. Codes from here on are errors of BEA's server."""


@frozen
class Refusal:
    """
    An error that BEA reports. ``code`` is ``None`` if BEA gives none.
    """

    code: int | None
    description: str

    def __str__(self) -> str:
        return f"error {'without a number' if self.code is None else self.code}: {self.description}"


def refusal_in(payload: Payload) -> Refusal | None:
    """
    Return the error in an answer, or ``None`` if it has none or cannot be read.
    """
    try:
        api = api_node(payload, trailing=True)
    except ContentError:
        return None
    nodes = [api, *(node for node in listed(api.get("Results")) if isinstance(node, dict))]
    errors = [error for node in nodes for error in listed(node.get("Error"))]
    return _read(errors[0]) if errors else None


def failure(refusal: Refusal, payload: Payload, *, wait: float | None) -> Exception:
    """
    Return the exception to raise: :class:`Passing` if a retry may help.
    """
    who = f"BEA refuses {payload.name}: {refusal}"
    if refusal.code == THROTTLED:
        return throttled(who, wait)
    if refusal.code in _KEY_REMEDIES:
        return Rejected(f"{who}. To do: {_KEY_REMEDIES[refusal.code]}")
    if refusal.code == _NO_DATA:
        return Rejected(
            f"{who}. BEA has no data for {asked(payload)}: ask for other lines or years"
        )
    if refusal.code is not None and refusal.code < _FIRST_OF_BEAS_OWN:
        return Rejected(f"{who}. Correct table, line, areas or years. Asked: {asked(payload)}")
    trouble: StatpipeError = Unavailable(f"{who}. Run again later. Asked: {asked(payload)}")
    return Passing(trouble, tries=2)


def throttled(who: str, wait: float | None) -> Passing:
    """
    Return the exception for a throttled request.
    """
    seconds = LOCK_OUT if wait is None else wait
    error = Unavailable(
        f"{who}. Too many requests, bytes or errors in a minute: run again in {seconds:.0f} s",
        retry_after=seconds,
    )
    return Passing(error, wait=seconds)


def asked(payload: Payload) -> str:
    """
    Return the parameters of the request in one line.
    """
    pairs = (f"{name}={value}" for name, value in payload.request.items() if name != "url")
    return one_line(", ".join(pairs))


def _read(node: Any) -> Refusal:
    if not isinstance(node, dict):
        return Refusal(None, one_line(str(node)))
    code = str(node.get("APIErrorCode", "")).strip()
    texts = [str(node.get("APIErrorDescription") or "").strip()]
    texts += [_detail(detail) for detail in listed(node.get("ErrorDetail"))]
    description = one_line(" ".join(text for text in texts if text)).rstrip(".")
    return Refusal(
        int(code) if code.isascii() and code.isdigit() else None, description or "no description"
    )


def _detail(detail: Any) -> str:
    if isinstance(detail, dict):
        return f"({'; '.join(str(value) for value in detail.values())})"
    return f"({detail})"
