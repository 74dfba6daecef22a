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
    How far a release may move figures, in per cent of their size: half of the revised ones, and all
    but the farthest twentieth; and how many of those known before it may drop.

    BEA's release of 2022 revised SAPCE1 of 2020 by 2.7 % in the median, and 23 % at the 95th
    percentile; that was a comprehensive one.
    """

    severity: Severity = "error"
    median_percent: float = field(default=10.0, validator=attrs.validators.ge(0))
    p95_percent: float = field(default=50.0, validator=attrs.validators.ge(0))
    dropped_percent: float = field(default=1.0, validator=attrs.validators.ge(0))


@frozen(kw_only=True)
class ShownSettings:
    """
    How many of the figures shown before may be missing now, in per cent: of the whole table, and of
    each of its categories, areas and periods, each category of an area, and each period of either.
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

    It is kept as text, since a binary float could not hold it exactly.
    """

    severity: Severity = "warning"
    tolerance: str = field(default="0", validator=_amount)
