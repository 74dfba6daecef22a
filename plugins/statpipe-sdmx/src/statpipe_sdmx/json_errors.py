"""Errors of which a message in SDMX-JSON tells."""

from __future__ import annotations

from typing import Any

from statpipe.api import ContentError, NoData, Payload
from statpipe_sdmx.json_texts import text_of
from statpipe_sdmx.parts import TooMuch

_NO_RESULTS, _TOO_LARGE = ("100", "404"), ("130", "413", "510")


def refuse_errors(errors: Any, payload: Payload) -> None:
    """
    Refuse a message that tells of an error, whatever else it holds.

    :raises NoData: It says that there is none.
    :raises TooMuch: It says that the answer would be too large.
    :raises ContentError: It tells of another error.
    """
    for one in errors if isinstance(errors, list) else [errors] if errors else ():
        told = one if isinstance(one, dict) else {"title": one}
        said = (
            text_of(told.get("title") or told.get("detail") or told.get("message")) or "no reason"
        )
        code, said = str(told.get("code", "without a code")), " ".join(said.split())[:300]
        if code in _TOO_LARGE:
            msg = (
                f"payload {payload.name}: the agency says that the request is too large "
                f"({said}); narrow `key`, or set `start`"
            )
            raise TooMuch(msg)
        if code in _NO_RESULTS:
            msg = f"{payload.name}: the service has no data ({said}); check `flow` and `key`, and whether figures exist between `start` and `end`"
            raise NoData(msg)
        msg = f"payload {payload.name}: the answer tells of error {code} ({said}); it may be incomplete: run again"
        raise ContentError(msg, payload=payload)
