"""The meanings of SDMX's codes of observation status."""

from __future__ import annotations

from collections.abc import Mapping

_MEANINGS: Mapping[str, str] = {
    "A": "normal value",
    "B": "time series break",
    "D": "definition differs",
    "E": "estimated value",
    "F": "forecast value",
    "G": "experimental value",
    "H": "missing value: holiday or weekend",
    "I": "value imputed by a receiving agency",
    "J": "derogation",
    "K": "data included in another category",
    "L": "missing value: data exist but were not collected",
    "M": "missing value: data cannot exist",
    "N": "not significant",
    "O": "missing value",
    "P": "provisional value",
    "Q": "missing value: suppressed",
    "S": "strike and other special events",
    "U": "low reliability",
    "V": "unvalidated value",
    "W": "includes data from another category",
}
"""CL_OBS_STATUS 2.2."""


def status_in_words(code: str) -> str:
    """
    Return a status code with its meaning.
    """
    meaning = _MEANINGS.get(code)
    return f"{code}: {meaning}" if meaning else f"{code}: no code of SDMX's CL_OBS_STATUS"
