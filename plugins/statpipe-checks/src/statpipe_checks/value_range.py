"""The check ``value_range``: all figures are within the range that the dataset declares."""

from __future__ import annotations

from statpipe.api import CheckResult, Dataset, Snapshot
from statpipe.domain.observation import KEY
from statpipe_checks.database import database, listed
from statpipe_checks.exact_amounts import highest_figure, lowest_figure
from statpipe_checks.results import counted, figure, place
from statpipe_checks.table_check import TableCheck


class ValueRange(TableCheck):
    """
    Every figure is within ``valid_range``, including its bounds. Missing figures are not checked.
    """

    name = "value_range"
    needs = (*KEY, "obs_value")

    def applies_to(self, dataset: Dataset) -> bool:
        """
        Return whether the dataset declares a range.
        """
        return dataset.valid_range is not None

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report figures below the lower or above the upper bound.
        """
        if current.dataset.valid_range is None:
            return self.unjudged(current, "the dataset declares no range")
        low, high = current.dataset.valid_range
        keys = current.dataset.key
        with database() as silver:
            silver.add("obs", current.table, (*keys, "obs_value"))
            failures, cells = silver.first(
                f"""
                SELECT {listed(keys)}, obs_value
                FROM obs
                WHERE obs_value < $low::DECIMAL(38, 18) OR obs_value > $high::DECIMAL(38, 18)
                """,  # noqa: S608 -- column names, no values
                low=f"{lowest_figure(low):f}",
                high=f"{highest_figure(high):f}",
            )
        span = f"{figure(low)} to {figure(high)}"
        if not cells:
            return self.fine(current, f"every figure is within {span}")
        first = cells[0]
        message = (
            f"{counted(failures, 'figure')} outside {span}, first: {place(first)} is "
            f"{figure(first['obs_value'])}; check whether a unit or marker was misread, or widen "
            "the dataset's valid_range"
        )
        return self.found(current, message, failures, cells)
