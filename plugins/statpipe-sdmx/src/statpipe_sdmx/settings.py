"""The settings of SDMX sources."""

from __future__ import annotations

import math
import re
from typing import Literal, get_args

import attrs
from attrs import field, frozen

from statpipe.api import Environment
from statpipe.domain.period import Frequency

_KEY = re.compile(r"[A-Za-z0-9_@$*~+.-]*")


def _is_a_key(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _KEY.fullmatch(value):
        raise ValueError(
            f"{attribute.name!r} must be codes joined by points, with + between alternatives, "
            f"such as D.USD+GBP.EUR.SP00.A; not {value!r}"
        )


def _are_frequencies(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not set(value) <= set(get_args(Frequency)):
        raise ValueError(
            f"{attribute.name!r} must be letters of frequencies, such as A, or MQ for two; not "
            f"{value!r}"
        )


def _is_a_time(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{attribute.name!r} must be a number of seconds above 0: {value}")


@frozen(kw_only=True)
class SdmxSettings:
    """
    The settings of a source that uses ``sdmx``.

    ``service`` is a known service, such as ``ECB``; for others, give its ``url``. ``flow`` is the
    data flow, or ``flows`` are several, each a separate dataset. ``key`` selects series: codes
    joined by points in the order of the dimensions, with ``+`` between alternatives and nothing for
    all codes. Without ``key``, the whole flow is loaded. ``start`` and ``end`` are the first and
    the last period. ``agency`` and ``version`` are the owner and the version of the flow, if the
    service has several. ``area`` names the dimension of areas, if it is not found automatically.
    ``freq`` are the frequencies of the figures, such as ``A`` or ``MQ``. Without it, there is a
    Gold model for the growth at every frequency, even if it is empty. ``language`` is the language
    of names. ``rest`` is the version of the API at ``url``, 2.1 or 3.0. ``timeout`` is the time
    limit for a complete answer, in seconds.
    """

    service: str = ""
    url: str = ""
    rest: Literal["2.1", "3.0"] = "2.1"
    flow: str = ""
    flows: tuple[str, ...] = ()
    key: str = field(default="", validator=_is_a_key, metadata={"secret": False})
    start: str = ""
    end: str = ""
    agency: str = ""
    version: str = ""
    area: str = ""
    freq: str = field(default="", validator=_are_frequencies)
    language: str = "en"
    timeout: float = field(default=300.0, validator=_is_a_time)
    environment: Environment
    instance: str = ""
