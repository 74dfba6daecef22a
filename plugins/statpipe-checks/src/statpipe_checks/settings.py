"""The settings of checks: ``[checks.<name>]`` in ``statpipe.toml``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
from attrs import field, frozen

from statpipe.domain.verdict import Severity


@frozen(kw_only=True)
class ErrorSettings:
    """
    Settings of checks that ask whether the figures were read correctly. By default they refuse the
    release.
    """

    severity: Severity = "error"


@frozen(kw_only=True)
class WarningSettings:
    """
    Settings of checks that ask whether the agency's figures agree. By default they only report.
    """

    severity: Severity = "warning"


@frozen(kw_only=True)
class RevisionSettings:
    """
    How far a release may revise figures, in per cent of their size: the limit of the median, and of
    the 95th percentile; and how many known figures it may drop.

    BEA's release of 2022 revised SAPCE1 of 2020 by 2.7 % in the median, and by 23 % at the 95th
    percentile; it was a comprehensive revision.
    """

    severity: Severity = "error"
    median_percent: float = field(default=10.0, validator=attrs.validators.ge(0))
    p95_percent: float = field(default=50.0, validator=attrs.validators.ge(0))
    dropped_percent: float = field(default=1.0, validator=attrs.validators.ge(0))


@frozen(kw_only=True)
class ShownSettings:
    """
    How many of the earlier figures may be missing now, in per cent: of the whole table, and of each
    category, area and period, each category of an area, and each period of a category or area.
    """

    severity: Severity = "warning"
    table_percent: float = field(default=1.0, validator=attrs.validators.ge(0))
    slice_percent: float = field(default=50.0, validator=attrs.validators.ge(0))


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
    Settings of a check on sums. ``tolerance`` is how far a sum may deviate beyond rounding, in the
    unit of the figures.

    It is text, because a binary float cannot represent it exactly.
    """

    severity: Severity = "warning"
    tolerance: str = field(default="0", validator=_amount)
