"""The limits of BLS's API, from BLS's page "Frequently Asked Questions"."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Allowed:
    """
    Queries per day, and series and years per query.
    """

    queries: int
    series: int
    years: int


WITH_KEY = Allowed(queries=500, series=50, years=20)
WITHOUT_KEY = Allowed(queries=25, series=25, years=10)
