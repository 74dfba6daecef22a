"""Analysts' questions by names and years, against the same questions by the key, on four full tables."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from load_postgres import Tables
from normalize import TABLES

from statpipe.api import Environment, Held
from statpipe.engine.gold.maker import opened_gold
from statpipe_bea.gold.models import pce_state_models
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.sink import PostgresSink

GOAL = 3.0
NOISE = 50.0
"""Milliseconds: below that, nobody waits."""
REPEAT = 3
VIEWS = (
    "pce_state",
    "pce_state_as_of('2022-12-01')",
    "pce_state_history",
    "pce_state_first_release",
    "pce_state_revisions",
    "pce_state_yoy",
    "pce_state_rolling",
    "pce_state_share",
    "pce_state_rank",
)
KEYS = {
    "time_period = '2021'": ("year = 2021", "period_start = '2021-01-01'"),
    "ref_area = 'CA'": ("area_name = 'California'", "geo_fips = '06000'", "state_fips = '06'"),
    "category = 'SAPCE4:2'": ("category_name = 'Household consumption expenditures'",),
    "ref_area IN (SELECT ref_area FROM pce_state_area WHERE geo_level = 'region')": (
        "geo_level = 'region'",
    ),
    "ref_area = 'CA' AND time_period = '2021'": ("area_name = 'California' AND year = 2021",),
}
"""A filter by the key, and filters by other columns that ask for the same."""


def filled() -> PostgresSink:
    """Load the tables and views of PCE by state into an embedded server."""
    held = [
        Held(
            dataset=name, released=date(2022, 10, 6), sequence=1, note="", token="", fingerprint="f"
        )
        for name in TABLES
    ]
    home = Path(tempfile.mkdtemp(prefix="statpipe-benchmark-"))
    sink = PostgresSink(
        PostgresSettings(environment=Environment(name="local", home=home, embedded=True))
    )
    models = pce_state_models()
    with opened_gold(Tables(), models, lambda _: held) as made:  # type: ignore[arg-type]
        tables = [made.partition(m) for m in models if m.materialized == "table"]
        sink.load(tables, [m for m in models if m.materialized == "view"])
    return sink


def milliseconds(sink: PostgresSink, view: str, condition: str) -> float:
    """Time a question in the server, with all its columns."""
    # All in our own SQL: there is nothing foreign in it.
    question = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT * FROM {view} WHERE {condition}"
    return min(sink.query(question).rows[0][0][0]["Execution Time"] for _ in range(REPEAT))


def measured(sink: PostgresSink) -> list[dict[str, object]]:
    """Ask every view that has the columns."""
    found: list[dict[str, object]] = []
    for view in VIEWS:
        names = set(sink.query(f"SELECT * FROM {view} LIMIT 0").columns)
        for key, others in KEYS.items():
            by_key = None
            for other in others:
                if not {part.split(" ")[0] for part in other.split(" AND ")} <= names:
                    continue
                by_key = by_key or milliseconds(sink, view, key)
                by_name = milliseconds(sink, view, other)
                ratio = max(by_name, NOISE) / max(by_key, NOISE)
                found.append(
                    {
                        "what": f"{view} WHERE {other}",
                        "value": f"{by_name:,.0f} ms",
                        "goal": f"<= {GOAL} x {by_key:,.0f} ms",
                        "met": ratio <= GOAL,
                    }
                )
    return found


def main() -> None:
    """Print the figures as JSON."""
    sink = filled()
    try:
        print(json.dumps(measured(sink)))
    finally:
        home = sink._settings.environment.home  # noqa: SLF001 - made above
        sink.close()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
