"""Amounts too long for DuckDB's decimals, split into whole numbers and fractions.

A figure may use all 38 digits of a decimal, so a sum of two may need more. Its whole number and its
fraction take 20 and 18 digits, so sums of these always fit.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from statpipe.domain.printed import DECIMAL_DIGITS, DECIMAL_PLACES

EXACT = Context(prec=4 * DECIMAL_DIGITS)
"""Exact for sums and products of figures; Python's default rounds to 28 digits."""

_UNIT = Decimal(1).scaleb(-DECIMAL_PLACES)
_LARGEST = Decimal("9" * DECIMAL_DIGITS)


def split(amount: Decimal) -> tuple[Decimal, Decimal]:
    """
    Return the whole number below an amount, and the part above it; rounded down to the places of figures.

    An amount larger than any sum of figures is replaced by the largest possible amount.
    """
    if amount > _LARGEST:
        return _LARGEST, Decimal(0)
    whole = amount.to_integral_value(ROUND_FLOOR)
    return whole, EXACT.subtract(amount, whole).quantize(_UNIT, ROUND_FLOOR)


def lowest_figure(bound: Decimal) -> Decimal:
    """
    Return the smallest possible figure that is not below a bound.
    """
    return _figure(bound, ROUND_CEILING)


def highest_figure(bound: Decimal) -> Decimal:
    """
    Return the largest possible figure that is not above a bound.
    """
    return _figure(bound, ROUND_FLOOR)


def _figure(bound: Decimal, rounding: str) -> Decimal:
    room = EXACT.subtract(Decimal(10) ** (DECIMAL_DIGITS - DECIMAL_PLACES), _UNIT)
    if abs(bound) >= room:
        return room.copy_sign(bound)
    return bound.quantize(_UNIT, rounding, EXACT)
