"""The settings of the BEA plugin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import attrs
from attrs import field, frozen

from statpipe.api import Environment, Secret, Severity, secret

ChannelName = Literal["auto", "api", "bulk", "archive", "sample"]

API_URL = "https://apps.bea.gov/api/data"
SIGN_UP_URL = "https://apps.bea.gov/API/signup/"


def _is_a_time(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{attribute.name!r} must be a number of seconds above 0: {value}")


def _is_a_number_of_requests(
    _: object, attribute: attrs.Attribute[int | None], value: int | None
) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name!r} must be 1 or more: {value}")


@frozen(kw_only=True)
class RegionalSettings:
    """
    The settings that all sources of BEA's regional tables share.

    ``channel`` is the way to get the figures. ``auto`` picks the first possible one of ``api``
    (needs a key), ``bulk`` and ``archive`` (need the settings below), and ``sample`` (embedded
    environments only). ``tables``, ``areas`` (codes such as ``CA``, ``US``, ``FWST``) and ``years``
    select what to load; by default, everything. ``bulk`` is the URL or path of BEA's zip.
    ``archive`` is a list of folders, zips or URLs with older releases. ``timeout`` is the time
    limit for a complete answer or file, in seconds. ``requests_per_minute`` is 90 by default,
    because BEA locks a key out for an hour if it sends more than 100. Lower it if other programs
    use the same key. Above 90, the limit of bytes per minute grows in proportion.
    """

    channel: ChannelName = "auto"
    tables: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    key: Secret | None = secret("BEA_API_KEY")
    api_url: str = API_URL
    bulk: str | None = None
    archive: tuple[str, ...] = ()
    timeout: float = field(default=300.0, validator=_is_a_time)
    requests_per_minute: int | None = field(default=None, validator=_is_a_number_of_requests)
    environment: Environment
    instance: str = ""


@frozen(kw_only=True)
class BeaSettings(RegionalSettings):
    """
    The settings of ``[sources.bea_pce_state]``. ``lines`` selects lines by number in every table.
    """

    tables: tuple[str, ...] = ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")
    lines: tuple[int, ...] = ()


@frozen(kw_only=True)
class PriceSettings(RegionalSettings):
    """
    The settings of ``[sources.bea_rpp_state]``. Lines cannot be selected, because BEA renumbers
    them.
    """

    tables: tuple[str, ...] = ("SARPP", "SARPI", "SAIRPD")


@frozen(kw_only=True)
class LineNumberSettings:
    """
    The settings of ``[checks.bea_line_numbers]``. The default severity is a warning, because BEA
    may renumber lines.
    """

    severity: Severity = "warning"


@frozen(kw_only=True)
class NormalizerSettings:
    """
    The settings of ``[normalizers.bea_regional]``.

    ``titles`` accepts a new title as the same category: ``"SAPCE3:46" = "New title"``. ``units`` accepts
    a new spelling of a unit: ``"Millions of dollars" = "Millions of current dollars"``.
    """

    titles: Mapping[str, str] = field(factory=dict)
    units: Mapping[str, str] = field(factory=dict)
