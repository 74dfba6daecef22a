"""Commands that look at a lake, against a process that only imports what reads Parquet: CPU time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

REPEAT = 9
IMPORTS = "import duckdb, pyarrow.parquet"
FIGURE = ("pce_state", "--area", "CA", "--category", "SAPCE1:1")
GOALS = {
    ("plugins", "list"): 2.4,
    ("runs", "list"): 2.4,
    ("status",): 2.4,
    ("show", *FIGURE): 3.1,
    ("explain", *FIGURE, "--period", "2018"): 3.6,
}
"""What each may cost at most, in times of the imports."""


def cpu_time(command: list[str]) -> float:
    """Return the CPU seconds of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the figures as JSON."""
    # A database is not looked at, so none is started.
    Path("statpipe.toml").write_text(
        '[environments.local.sinks.lake]\n[sources.bea_pce_state]\nchannel = "sample"\n'
    )
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    statpipe = [sys.executable, "-m", "statpipe"]
    cpu_time([*statpipe, "run", "bea_pce_state"])
    # In turns, as machines are busy with other things now and then; the least is the work itself.
    commands = [[sys.executable, "-c", IMPORTS], *([*statpipe, *one] for one in GOALS)]
    seen = [[cpu_time(command) for command in commands] for _ in range(REPEAT)]
    imports, *costs = (min(column) for column in zip(*seen, strict=True))
    lines: list[dict[str, object]] = [{"what": IMPORTS, "value": f"{imports:.2f} s"}]
    for (name, goal), cost in zip(GOALS.items(), costs, strict=True):
        lines.append(
            {
                "what": f"statpipe {' '.join(name[:2])}: CPU time ({cost:.2f} s) against these imports",
                "value": f"{cost / imports:.2f}",
                "goal": f"< {goal}",
                "met": cost / imports < goal,
            }
        )
    print(json.dumps(lines))


if __name__ == "__main__":
    main()
