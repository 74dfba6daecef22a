"""The check ``row_count``: a release does not shrink."""

from __future__ import annotations

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.observation import KEY
from statpipe_checks.asked import asked_for
from statpipe_checks.code_lists import still_listed
from statpipe_checks.database import database
from statpipe_checks.results import NO_EARLIER, counted
from statpipe_checks.table_check import TableCheck


class RowCount(TableCheck):
    """
    The vintage has at least as many rows as the vintage before, counted within the current
    selection.

    If the agency removed a code from its code lists, the rows of this code are gone as well. That
    is reported with the new and removed codes, and does not refuse the vintage.
    """

    name = "row_count"
    needs = KEY
    about_revision = True

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Report areas and categories that have fewer rows than before.
        """
        if previous is None:
            return self.unjudged(current, NO_EARLIER)
        selection = asked_for(current)
        now, before = selection.rows_of(current.table), selection.rows_of(previous.table)
        told = f"{counted(len(now), 'row')}, {len(before):,} in {previous.vintage.id}"
        listed = still_listed(before, current.dataset)
        if len(listed) < len(before):
            told += f", {len(before) - len(listed):,} of them with withdrawn codes"
        before = listed
        if len(now) >= len(before):
            return self.fine(current, told)
        with database() as silver:
            silver.add("now", now, KEY)
            silver.add("before", before, KEY)
            _, cells = silver.first(_SHRUNK)
        first = cells[0]
        message = (
            f"{told} within the same selection: {len(before) - len(now):,} fewer, first: "
            f"{first['ref_area']} {first['category']} has {first['rows']} of "
            f"{first['previous']}; check whether the answer was cut off or the agency withdrew "
            "figures"
        )
        return self.found(current, message, len(before) - len(now), cells)


_SHRUNK = """
    SELECT ref_area, category, coalesce(n.rows, 0) AS rows, b.rows AS previous
    FROM (SELECT ref_area, category, count(*) AS rows FROM before GROUP BY ALL) AS b
    LEFT JOIN (SELECT ref_area, category, count(*) AS rows FROM now GROUP BY ALL) AS n
        USING (ref_area, category)
    WHERE coalesce(n.rows, 0) < b.rows
"""
