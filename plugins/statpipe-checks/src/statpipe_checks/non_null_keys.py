"""The check ``non_null_keys``: every figure has a complete key, every missing figure has a
reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.observation import KEY, NORMAL
from statpipe_checks.database import database, listed
from statpipe_checks.results import counted, place
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa


class NonNullKeys(TableCheck):
    """
    Key columns have no nulls, and no missing figure has the status "normal".
    """

    name = "non_null_keys"
    needs = (*KEY, "obs_value", "obs_status")

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report rows that lack a key, and missing figures without a reason.
        """
        keys = current.dataset.key
        if not any(map(_has_nulls, current.table.select([*keys, "obs_value"]).columns)):
            return self._fine(current)
        keyless = " OR ".join(f'"{name}" IS NULL' for name in keys)
        with database() as silver:
            silver.add("obs", current.table, (*keys, "obs_value", "obs_status"))
            silver.run(
                f"""
                CREATE TEMP VIEW offending AS
                SELECT CASE WHEN {keyless} THEN 'no key' ELSE 'no reason' END AS problem,
                       {listed(keys)}, obs_value, obs_status
                FROM obs
                WHERE {keyless}
                   OR obs_value IS NULL AND coalesce(obs_status, '') IN ('', '{NORMAL}')
                """  # noqa: S608 -- column names and a constant, no values
            )
            counts = {
                row["problem"]: row["rows"]
                for row in silver.rows(
                    "SELECT problem, count(*) AS rows FROM offending GROUP BY problem"
                )
            }
            _, cells = silver.first("FROM offending")
        if not counts:
            return self._fine(current)
        first = place(cells[0])
        found = [
            f"{counted(counts[problem], 'row')} {text}"
            for problem, text in (
                ("no key", f"without {', '.join(keys[:-1])} or {keys[-1]}"),
                ("no reason", "without a figure and without an obs_status that says why"),
            )
            if problem in counts
        ]
        message = (
            f"{' and '.join(found)}, first: {first}; the normalizer must fill keys and give the "
            "reason from SDMX CL_OBS_STATUS, such as O for missing or Q for suppressed"
        )
        return self.found(current, message, sum(counts.values()), cells)

    def _fine(self, current: Snapshot) -> CheckResult:
        return self.fine(current, f"{counted(len(current.table), 'row')}, each with a complete key")


def _has_nulls(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    coded = pa.types.is_dictionary(column.type)
    return any(one.null_count or (coded and one.dictionary.null_count) for one in column.chunks)
