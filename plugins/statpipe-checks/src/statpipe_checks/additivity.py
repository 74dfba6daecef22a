"""The check ``additivity``: parts add up to their totals, as far as printed figures can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from statpipe.api import CheckResult, Dataset, Snapshot
from statpipe.domain.observation import KEY
from statpipe_checks.adding_up import add_up
from statpipe_checks.code_lists import categories_of, categories_shown, codes_in
from statpipe_checks.results import counted, figure, place
from statpipe_checks.settings import SumSettings
from statpipe_checks.sums import Sibling, Sum, area_sums, category_sums
from statpipe_checks.table_check import TableCheck


class Additivity(TableCheck):
    """
    Compare totals with the sums of their parts, over areas and over categories.

    Each printed figure may be off by half a unit of its last digit, so a sum of n parts may differ
    from its total by n + 1 half units. A sum with a missing part is not judged. The check does not
    change figures.
    """

    name = "additivity"
    needs = (*KEY, "obs_value", "parent_category", "sign")
    about_revision = True

    def __init__(self, settings: SumSettings) -> None:
        super().__init__(settings)
        self.tolerance = Decimal(settings.tolerance)

    def applies_to(self, dataset: Dataset) -> bool:
        """
        Return whether the dataset's figures add up over any dimension.
        """
        return bool(dataset.additive)

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report each sum that differs from its total by more than rounding explains.
        """
        sums = list(declared_sums(current))
        counts, cells = add_up(current, sums, self.tolerance)
        asides = _asides(counts, {s.rest_in for s in sums} - {""})
        judged = counted(counts["judged"], "sum")
        if not counts["judged"]:
            return self.unjudged(current, f"no sum could be checked{asides}")
        if not counts["failures"]:
            return self.fine(current, f"{judged} checked, all correct within rounding{asides}")
        message = (
            f"{counts['failures']:,} of {judged} are off by more than rounding, largest: "
            f"{_worded(cells[0])}{asides}; treat these cells with care and consider "
            "reporting them to the agency"
        )
        return self.found(current, message, counts["failures"], cells)


def declared_sums(current: Snapshot) -> Iterable[Sum]:
    """
    Return the sums of the dimensions over which the dataset's figures add up.
    """
    dataset, table = current.dataset, current.table
    categories = categories_of(dataset, table)
    if "ref_area" in dataset.additive:
        yield from area_sums(dataset.name, dataset.areas, categories, _siblings(current))
    if "category" in dataset.additive:
        yield from category_sums(dataset.name, codes_in(table, "ref_area"), categories)


def _siblings(current: Snapshot) -> Sequence[Sibling]:
    """
    Read the code lists of agreeing datasets off their tables.

    A table with fewer areas does not show what is published for one area only, so it is left out.
    """
    areas = set(codes_in(current.table, "ref_area"))
    found = []
    for agreement in current.dataset.agreements:
        table = current.siblings.get(agreement.dataset)
        at_hand = table is not None and areas <= set(codes_in(table, "ref_area"))
        shown = categories_shown(table) if table is not None and at_hand else None
        found.append(
            Sibling(dataset=agreement.dataset, pairs=dict(agreement.pairs), categories=shown)
        )
    return found


def _asides(counts: Mapping[str, int], unseen: set[str]) -> str:
    texts = ""
    if counts["not_judged"]:
        texts += f"; {counts['not_judged']:,} not checked because a figure is missing"
    if counts["unproven"]:
        texts += (
            f"; {counts['unproven']:,} more differ, but the missing parts may be published in "
            f"{', '.join(sorted(unseen))}, which is not available"
        )
    return texts


def _worded(cell: Mapping[str, Any]) -> str:
    parts = "areas" if cell["dimension"] == "ref_area" else "categories"
    return (
        f"{place(cell)} is {figure(cell['published'])}, its {parts} add up to "
        f"{figure(cell['computed'])} (difference {figure(cell['difference'])}, "
        f"allowed {figure(cell['allowed'])})"
    )
