"""The wording of verdicts and the choice of cells they show, shared by all checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from statpipe.domain.observation import CELL
from statpipe.domain.verdict import SHOWN_CELLS, CheckResult, Severity, Snapshot

NO_EARLIER = "there is no earlier vintage to compare with"


def verdict(
    check: str,
    severity: Severity,
    current: Snapshot,
    message: str,
    *,
    failures: int = 0,
    cells: Iterable[Mapping[str, Any]] = (),
    about_revision: bool = False,
    judged: bool = True,
) -> CheckResult:
    """
    Return the verdict on *current*, which passed if there are no *failures*.
    """
    return CheckResult(
        check=check,
        dataset=current.dataset.name,
        vintage=current.vintage.id,
        severity=severity,
        passed=not failures,
        # A title may contain a line break, but a message is one line.
        message=" ".join(message.split()),
        failures=failures,
        cells=tuple(
            {name: as_json(value) for name, value in cell.items()}
            for cell in islice(cells, SHOWN_CELLS)
        ),
        about_revision=about_revision and bool(failures),
        judged=judged,
    )


def as_json(value: Any) -> Any:
    """
    Return a value for JSON: figures and dates as text.
    """
    if isinstance(value, Decimal):
        return figure(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def figure(value: Decimal | None) -> str:
    """
    Return a figure without the trailing zeros that pad the column's decimal places.
    """
    if value is None:
        return "missing"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def place(cell: Mapping[str, Any]) -> str:
    """
    Return the name of a cell: ``US SAPCE1:1 2019``.
    """
    names = [name for name in CELL if name in cell]
    return " ".join("(none)" if cell[name] is None else str(cell[name]) for name in names)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """
    Return a number with its noun: ``1 row``, ``1,200 rows``.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
