"""What BLS allows those who ask its API, by its page "Frequently Asked Questions"."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Allowed:
    """
    Queries a day, series and years a query.
    """

    queries: int
    series: int
    years: int


WITH_KEY = Allowed(queries=500, series=50, years=20)
WITHOUT_KEY = Allowed(queries=25, series=25, years=10)
