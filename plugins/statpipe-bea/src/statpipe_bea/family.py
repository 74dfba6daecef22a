"""Families of BEA's regional tables. A family is released together and is one source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from attrs import field, frozen

from statpipe.api import Area, Dataset
from statpipe_bea import price_tables, tables


@frozen(kw_only=True)
class Family:
    """
    Tables that are in one zip and are read by one source.

    ``source`` is the name of the source and its settings. ``first_year`` is the first year
    published. ``lacking`` are tables that a zip may lack, because BEA sometimes published them
    within another table of the family. ``samples`` maps the bundled releases to their years.
    ``member`` is an example of a file name in the zip.
    """

    source: str
    subject: str
    titles: Mapping[str, str] = field(repr=False)
    dataset: Callable[[str], Dataset] = field(repr=False)
    areas: Sequence[Area] = field(repr=False)
    first_year: int
    zip_url: str
    member: str
    samples: Mapping[str, range]
    sample_notice: str
    lacking: frozenset[str] = frozenset()


@cache
def pce_by_state() -> Family:
    """
    Return the family of SAPCE1 to SAPCE4.
    """
    return Family(
        source="bea_pce_state",
        subject="PCE by state",
        titles=tables.TITLES,
        dataset=tables.dataset,
        areas=tables.areas(),
        first_year=1997,
        zip_url="https://apps.bea.gov/regional/zip/SAPCE.zip",
        member="SAPCE1__ALL_AREAS_1997_2021.csv",
        samples={"2020-10-08": range(2015, 2020), "2022-10-06": range(2017, 2022)},
        sample_notice=_notice("BEA's releases of 8 October 2020 and 6 October 2022"),
    )


@cache
def regional_prices() -> Family:
    """
    Return the family of SARPP, SARPI and SAIRPD.
    """
    return Family(
        source="bea_rpp_state",
        subject="regional prices by state",
        titles=price_tables.TITLES,
        dataset=price_tables.dataset,
        areas=price_tables.areas("SARPP"),
        first_year=2008,
        zip_url="https://apps.bea.gov/regional/zip/SARPP.zip",
        member="SARPP_STATE_2008_2021.csv",
        samples={"2022-12-15": range(2017, 2022)},
        sample_notice=_notice("BEA's release of 15 December 2022"),
        lacking=frozenset({"SARPI", "SAIRPD"}),
    )


def _notice(releases: str) -> str:
    return (
        f"BUNDLED SAMPLE, not current figures: {releases}, five years each. For current figures set "
        "BEA_API_KEY (free at https://apps.bea.gov/API/signup/)."
    )
