"""The check ``unique_keys``: one figure for each area, category and period."""

from __future__ import annotations

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.observation import KEY
from statpipe_checks.database import database, listed
from statpipe_checks.numbers import repeats_a_key
from statpipe_checks.results import counted, figure, place
from statpipe_checks.table_check import TableCheck


class UniqueKeys(TableCheck):
    """
    No key occurs twice, neither with equal nor with different figures.
    """

    name = "unique_keys"
    needs = (*KEY, "obs_value")

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report each key that has more than one row, with its smallest and largest figure.
        """
        keys = current.dataset.key
        if not repeats_a_key(current.table, keys):
            return self.fine(
                current, (f"{counted(len(current.table), 'row')}, each with a unique key")
            )
        with database() as silver:
            silver.add("obs", current.table, (*keys, "obs_value"))
            failures, cells = silver.first(
                f"""
                SELECT {listed(keys)}, count(*) AS rows,
                       min(obs_value) AS lowest, max(obs_value) AS highest
                FROM obs
                GROUP BY {listed(keys)}
                HAVING count(*) > 1
                """  # noqa: S608 -- column names, no values
            )
        first = cells[0]
        message = (
            f"{counted(failures, 'key')} with more than one row, first: {place(first)} has "
            f"{first['rows']}, from {figure(first['lowest'])} to {figure(first['highest'])}; the "
            "normalizer reads rows twice, or the dataset needs another dimension"
        )
        return self.found(current, message, failures, cells)
