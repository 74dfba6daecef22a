"""The check ``agreement``: figures that an agency publishes twice are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.api import Agreement, CheckResult, Dataset, Snapshot
from statpipe.domain.observation import KEY
from statpipe_checks.database import database, listed, table_of
from statpipe_checks.results import counted, figure, place
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa

_COMPARED = ("obs_value", "obs_status")


class Agreements(TableCheck):
    """
    Compare figures, as numbers, in the cells that both datasets have.

    A cell that only one of them has was not requested, or is reported by ``complete``. A figure
    that is missing in one dataset differs from a figure in the other, unless both have the same
    status.
    """

    name = "agreement"
    needs = (*KEY, *_COMPARED)
    about_revision = True

    def applies_to(self, dataset: Dataset) -> bool:
        """
        Return whether the dataset declares agreements.
        """
        return bool(dataset.agreements)

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report the cells that differ, with the values of both datasets.
        """
        told, cells, compared, failures = [], [], 0, 0
        for agreement in current.dataset.agreements:
            sibling = current.siblings.get(agreement.dataset)
            if sibling is None:
                told.append(f"not compared with {agreement.dataset}, which is not available")
                continue
            common, different, shown = _compare(current, agreement, sibling)
            told.append(f"{counted(common, 'cell')} compared with {agreement.dataset}")
            compared, failures = compared + common, failures + different
            cells += shown
        if not compared:
            return self.unjudged(current, "; ".join(told) or "the dataset declares no agreements")
        if not failures:
            return self.fine(current, "; ".join(told))
        first = cells[0]
        message = (
            f"{failures:,} of {counted(compared, 'cell')} differ, first: {place(first)} is "
            f"{figure(first['obs_value'])} and {first['other_category']} of "
            f"{first['other_dataset']} is {figure(first['other_value'])}; {'; '.join(told)}; "
            "check whether they belong to the same release, or ask the agency"
        )
        return self.found(current, message, failures, cells)


def _compare(
    current: Snapshot, agreement: Agreement, sibling: pa.Table
) -> tuple[int, int, list[dict[str, Any]]]:
    """Return the number of common cells, the number of different cells, and the first of these."""
    pairs = table_of(
        [{"mine": mine, "theirs": theirs} for mine, theirs in agreement.pairs],
        {"mine": "string", "theirs": "string"},
    )
    keys = current.dataset.key
    shared = [k for k in keys if k != "category" and k in sibling.column_names]
    with database(pair=pairs) as silver:
        silver.add("obs", current.table, (*keys, *_COMPARED))
        silver.add("other", sibling, (*shared, "category", *_COMPARED))
        silver.run(
            f"""
            CREATE TEMP TABLE common AS
            SELECT {listed(keys, "obs")}, obs.obs_value, obs.obs_status,
                   other.category AS other_category, other.obs_value AS other_value,
                   other.obs_status AS other_status,
                   CASE WHEN obs.obs_value IS NULL OR other.obs_value IS NULL
                        THEN obs.obs_value IS DISTINCT FROM other.obs_value
                             AND obs.obs_status IS DISTINCT FROM other.obs_status
                        ELSE obs.obs_value <> other.obs_value END AS differs
            FROM obs
            JOIN pair ON pair.mine = obs.category
            JOIN other ON other.category = pair.theirs
                AND {" AND ".join(f'other."{n}" = obs."{n}"' for n in shared)}
            """  # noqa: S608 -- column names, no values
        )
        [common] = silver.rows("SELECT count(*) AS cells FROM common")
        different, shown = silver.first("SELECT * EXCLUDE (differs) FROM common WHERE differs")
    named = [{**cell, "other_dataset": agreement.dataset} for cell in shown]
    return common["cells"], different, named
