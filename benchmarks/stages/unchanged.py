"""The daily case: a run that finds nothing new, against a process that only imports what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOAL = 2.0
REPEAT = 7
IMPORTS = (
    "import statpipe.cli.app, statpipe.cli.run, httpx, psycopg, obstore, structlog, cattrs, rich.table, "
    "rich.console, statpipe_lake.sink, statpipe_postgres.sink, statpipe_bea.source, statpipe_checks.plugin, "
    "statpipe_notify.plugin, statpipe_bea.channels.api, statpipe_bea.api"
)
sys.path.insert(0, str(ROOT / "tests"))


def timed(command: list[str], environment: dict[str, str], folder: str) -> float:
    """Time a process that works in *folder*."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the figures as JSON."""
    from support.fake_bea import FakeBea

    with (
        FakeBea(ROOT / "tests" / "data" / "SAPCE.zip") as fake,
        tempfile.TemporaryDirectory(prefix="statpipe-benchmark-") as folder,
    ):
        Path(folder, "statpipe.toml").write_text(
            f'[sources.bea_pce_state]\napi_url = "{fake.url}"\ntables = ["SAPCE1"]\nyears = [2020, 2021]\n'
        )
        environment = {**os.environ, "BEA_API_KEY": fake.key}
        run = [sys.executable, "-m", "statpipe", "run", "bea_pce_state"]
        database = [sys.executable, "-m", "statpipe", "db"]
        timed(run, environment, folder)
        timed([*database, "start"], environment, folder)  # its start-up is the database's, not ours
        unchanged = min(timed(run, environment, folder) for _ in range(REPEAT))
        timed([*database, "stop"], environment, folder)
        cold = min(timed(run, environment, folder) for _ in range(3))
        imports = min(
            timed([sys.executable, "-c", IMPORTS], environment, folder) for _ in range(REPEAT)
        )
    ratio = unchanged / imports
    print(
        json.dumps(
            [
                {"what": "a process that imports what the run needs", "value": f"{imports:.2f} s"},
                {"what": "an unchanged run by the API channel", "value": f"{unchanged:.2f} s"},
                {
                    "what": "ratio",
                    "value": f"{ratio:.2f}",
                    "goal": f"< {GOAL}",
                    "met": ratio < GOAL,
                },
                {
                    "what": "the same, starting and stopping the embedded database",
                    "value": f"{cold:.2f} s",
                },
            ]
        )
    )


if __name__ == "__main__":
    main()
