"""Amounts that no decimal of DuckDB has room for: whole numbers and the parts behind the point.

A figure takes all 38 digits of a decimal, so a sum of two may need more. Its whole number and what
stands behind the point take 20 and 18, and sums of these have room for far more figures than there are.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from statpipe.domain.printed import DECIMAL_DIGITS, DECIMAL_PLACES

EXACT = Context(prec=4 * DECIMAL_DIGITS)
"""Exact for each sum and product of figures; Python's default rounds to 28 digits."""

_UNIT = Decimal(1).scaleb(-DECIMAL_PLACES)
_LARGEST = Decimal("9" * DECIMAL_DIGITS)


def split(amount: Decimal) -> tuple[Decimal, Decimal]:
    """
    Return the whole number below an amount, and the part above it; rounded down to the places of figures.

    What is larger than any sum of figures is as good as the largest amount there is.
    """
    if amount > _LARGEST:
        return _LARGEST, Decimal(0)
    whole = amount.to_integral_value(ROUND_FLOOR)
    return whole, EXACT.subtract(amount, whole).quantize(_UNIT, ROUND_FLOOR)


def lowest_figure(bound: Decimal) -> Decimal:
    """
    Return the least figure that is not below a bound, as far as there are figures.
    """
    return _figure(bound, ROUND_CEILING)


def highest_figure(bound: Decimal) -> Decimal:
    """
    Return the greatest figure that is not above a bound, as far as there are figures.
    """
    return _figure(bound, ROUND_FLOOR)


def _figure(bound: Decimal, rounding: str) -> Decimal:
    room = EXACT.subtract(Decimal(10) ** (DECIMAL_DIGITS - DECIMAL_PLACES), _UNIT)
    if abs(bound) >= room:
        return room.copy_sign(bound)
    return bound.quantize(_UNIT, rounding, EXACT)
