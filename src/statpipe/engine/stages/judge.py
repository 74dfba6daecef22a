"""Checks of the vintages of one release, before anyone can see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from statpipe.api import (
    Check,
    CheckResult,
    Dataset,
    Partition,
    PluginError,
    Snapshot,
    StatpipeError,
    Vintage,
)
from statpipe.domain.new_codes import NewCode
from statpipe.domain.other_parents import OtherParent
from statpipe.domain.verdict import SHOWN_CELLS

_T = TypeVar("_T")

NEW_CODES = "new_codes"
"""The name under which new codes are reported, beside the checks of plugins."""
OTHER_PARENTS = "other_parents"
"""The same for areas that the payload assigns to another parent than the code list."""
_WORDS = {"category": "category", "ref_area": "area"}


def judge(
    checks: Mapping[str, Check],
    current: Snapshot,
    previous: Snapshot | None,
    tell: Callable[[CheckResult], None],
) -> None:
    """
    Run every check that applies to the dataset; call *tell* with each result at once.

    :raises PluginError: A check raised: unchecked data is not published.
    """
    for name, check in checks.items():
        try:
            if not check.applies_to(current.dataset):
                continue
            result = check.check(current, previous)
        except StatpipeError:
            raise
        except Exception as error:
            msg = (
                f"check {name!r} failed on {current.dataset.name} {current.vintage.id} "
                f"({type(error).__name__}: {error}); correct or uninstall its plugin"
            )
            raise PluginError(msg) from error
        _refuse_other_verdict(name, result, current)
        tell(result)


def overruled(
    results: Iterable[CheckResult],
    *,
    accept_revision: bool,
    accepted: Callable[[], Mapping[str, int]],
) -> list[CheckResult]:
    """
    Accept the verdicts that an operator overruled.

    With *accept_revision*, verdicts on the agency's figures refuse nothing. Nor do those that were
    *accepted* before for this vintage: checks, with the number of failures that were accepted. That is
    asked only where a verdict would refuse.
    """

    def final(result: CheckResult) -> CheckResult:
        if not (result.refuses and result.about_revision):
            return result
        before = accept_revision or result.failures <= accepted().get(result.check, -1)
        return attrs.evolve(result, accepted=before)

    return [final(result) for result in results]


def _refuse_other_verdict(name: str, result: object, current: Snapshot) -> None:
    """A verdict is recorded under the names in it, so they must be right."""
    wanted = (name, current.dataset.name, current.vintage.id)
    if not isinstance(result, CheckResult):
        told = f"a {type(result).__name__}"
    elif (result.check, result.dataset, result.vintage) != wanted:
        told = f"a verdict of {result.check!r} on {result.dataset} {result.vintage}"
    else:
        return
    msg = (
        f"check {name!r} judged {current.dataset.name} {current.vintage.id} and returned {told}; "
        "it must return a CheckResult with its own name, dataset and vintage; correct or "
        "uninstall its plugin"
    )
    raise PluginError(msg)


def warning_of_new_codes(
    source: str, dataset: Dataset, vintage: Vintage, new_codes: Sequence[NewCode]
) -> CheckResult:
    """
    Warn about codes that the agency has added: they are loaded as the payload describes them.
    """
    codes = "1 new code" if len(new_codes) == 1 else f"{len(new_codes)} new codes"
    told = _listed(
        [f"{_WORDS.get(one.column, one.column)} {one.code} ({one.name})" for one in new_codes]
    )
    message = (
        f"{codes}, loaded as printed: {told}; they have no place in the hierarchy until the code "
        f"list of {source} includes them"
    )
    cells = [{one.column: one.code, "title": one.name} for one in new_codes]
    return _warning(NEW_CODES, dataset, vintage, message, cells)


def warning_of_other_parents(
    source: str, dataset: Dataset, vintage: Vintage, others: Sequence[OtherParent]
) -> CheckResult:
    """
    Warn about areas that the agency assigns to another parent than the code list: sums follow the
    list.
    """
    told = _listed([f"{one.area} to {one.printed} instead of {one.listed}" for one in others])
    message = (
        f"the agency now assigns {told}; figures are loaded, but `parent` and sums by area "
        f"follow the code list of {source} until its plugin is updated"
    )
    cells = [{"ref_area": one.area, "listed": one.listed, "printed": one.printed} for one in others]
    return _warning(OTHER_PARENTS, dataset, vintage, message, cells)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:SHOWN_CELLS]) + ", ..." * (len(texts) > SHOWN_CELLS)


def _warning(
    check: str, dataset: Dataset, vintage: Vintage, message: str, cells: Sequence[dict[str, Any]]
) -> CheckResult:
    return CheckResult(
        check=check,
        dataset=dataset.name,
        vintage=vintage.id,
        severity="warning",
        passed=False,
        message=message,
        failures=len(cells),
        cells=tuple(cells[:SHOWN_CELLS]),
    )


def verdict_on(made: Partition) -> CheckResult:
    """
    Check a Gold model that lists errors: it should be empty.
    """
    model, failures = made.model, len(made.table)
    assert model is not None, "a partition of Gold has its model"
    shown = made.table.slice(0, SHOWN_CELLS).to_pylist()
    cells = [{name: _as_json(value) for name, value in row.items()} for row in shown]
    message = f"{model.title}: no rows"
    if failures:
        first = ", ".join(f"{name} {value}" for name, value in cells[0].items())
        rows = "1 row" if failures == 1 else f"{failures:,} rows"
        message = f"{model.title}: {rows}, first: {first}; see {model.name} for all"
    return CheckResult(
        check=model.check or model.name,
        dataset=model.name,
        vintage="latest",
        severity="warning",
        passed=not failures,
        message=message,
        failures=failures,
        cells=tuple(cells),
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, date) else value


def siblings_of(dataset: Dataset, tables: Callable[[str], _T | None]) -> dict[str, _T]:
    """
    Collect the tables that a dataset's agreements name, if available.
    """
    found = ((agreement.dataset, tables(agreement.dataset)) for agreement in dataset.agreements)
    return {name: table for name, table in found if table is not None}
