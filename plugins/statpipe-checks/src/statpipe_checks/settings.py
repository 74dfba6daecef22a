"""What can be configured of a check: ``[checks.<name>]`` in ``statpipe.toml``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
from attrs import field, frozen

from statpipe.domain.verdict import Severity


@frozen(kw_only=True)
class ErrorSettings:
    """
    Of a check that asks whether we read the figures right: by default it refuses the vintage.
    """

    severity: Severity = "error"


@frozen(kw_only=True)
class WarningSettings:
    """
    Of a check that asks whether the agency's figures agree: by default it tells and publishes.
    """

    severity: Severity = "warning"


def _amount(_settings: Any, attribute: attrs.Attribute[str], value: str) -> None:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        msg = f"{attribute.name} must be a decimal number of at least 0, not {value!r}"
        raise ValueError(msg)


@frozen(kw_only=True)
class SumSettings:
    """
    Of a check on sums. ``tolerance`` is what a sum may miss beyond rounding, in the figures' unit.

    It is kept as text, since a binary float could not hold it exactly.
    """

    severity: Severity = "warning"
    tolerance: str = field(default="0", validator=_amount)
