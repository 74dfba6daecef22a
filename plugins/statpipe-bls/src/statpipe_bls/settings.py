"""The settings of BLS sources."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

import attrs
from attrs import field, frozen

from statpipe.api import Environment, Secret, secret

API_URL = "https://api.bls.gov/publicAPI/v2"
BULK_URL = "https://download.bls.gov/pub/time.series"
SIGN_UP_URL = "https://data.bls.gov/registrationEngine/"

SURVEYS = ("LA", "SM", "CE", "CU", "EN")
FIRST_YEAR, LAST_YEAR = 1900, 2999

_REACHED_BY = re.compile(r"(?=[!-~ ]+$)(?=.*(?:@|https?://))[^()]+")


def _is_a_survey(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value and value not in SURVEYS:
        raise ValueError(f"{attribute.name!r} must be one of {', '.join(SURVEYS)}: {value!r}")


def _is_a_time(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{attribute.name!r} must be a number of seconds above 0: {value}")


def _is_a_year(_: object, attribute: attrs.Attribute[int | None], value: int | None) -> None:
    if value is not None and not FIRST_YEAR <= value <= LAST_YEAR:
        raise ValueError(f"{attribute.name!r} must be a year, such as 2010: {value}")


def _is_a_contact(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value and not _REACHED_BY.fullmatch(value):
        raise ValueError(
            f"{attribute.name!r} must be an e-mail address or the address of a web page in plain ASCII, such as "
            f"'data@example.org': {value!r}"
        )


@frozen(kw_only=True)
class BlsSettings:
    """
    The settings of a source that uses ``bls``.

    ``survey`` is BLS's code for a survey: ``LA`` (unemployment by state), ``SM`` (employment, hours
    and earnings by state), ``CE`` (the same for the nation), ``CU`` (consumer prices by area),
    ``EN`` (employment and wages by area and industry). ``areas`` are codes such as ``CA`` and
    ``US``, or BLS's own codes; by default, the states, or the areas that the survey has instead.
    ``codes`` has lists of the survey's other codes, such as ``codes.measure = ["03"]``; by default,
    a common choice. ``start`` and ``end`` are the first and the last year.

    ``channel`` is the way to get the figures: ``api``, or ``bulk`` for complete files. ``key``
    raises the limits of the API. ``contact`` is an e-mail address or web page. BLS requires it from
    everybody who reads its files, so ``bulk`` needs it. If it is set, ``api`` also takes names from
    BLS's own lists. ``timeout`` is the time limit for a complete answer or file, in seconds.
    """

    survey: str = field(default="", validator=_is_a_survey)
    areas: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(factory=dict)
    start: int | None = field(default=None, validator=_is_a_year)
    end: int | None = field(default=None, validator=_is_a_year)
    channel: Literal["api", "bulk"] = "api"
    key: Secret | None = secret("BLS_API_KEY")
    contact: str = field(default="", validator=_is_a_contact)
    api_url: str = API_URL
    bulk_url: str = BULK_URL
    timeout: float = field(default=300.0, validator=_is_a_time)
    environment: Environment
    instance: str = ""

    @property
    def has_few_queries(self) -> bool:
        """
        Whether the API is used without a key.
        """
        return self.channel == "api" and self.key is None
