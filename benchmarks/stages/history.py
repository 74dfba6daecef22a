"""What a new vintage costs, in time and memory, where many are held already: against where few are.

    python benchmarks/stages/history.py [FOLDER]

An agency of made-up figures publishes 240 releases of 20,000 figures, of which 1 % are revised. With a
FOLDER of releases in the same form (a CSV a release, see tests/support/monthly.py), these are loaded by
one backfill, too.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[2] / "tests"
RELEASES, SERIES, MONTHS = 240, 40, 500
FEW, GOAL = 10, 1.2
REPEAT = 3
SECONDS, MEGABYTES = 60, 1000
sys.path.insert(0, str(TESTS))


def run(home: str, live: str, *places: str) -> None:
    """Run the source in *home*, or backfill it from *places*; print CPU seconds and peak memory."""
    import statpipe_lake.plugin as lake
    from statpipe.engine.runs.backfill import backfill
    from statpipe.engine.runs.run import run_sources
    from statpipe.engine.site.configuration import Configuration
    from statpipe.engine.site.registry import Registry
    from statpipe.engine.site.site import open_site
    from statpipe.engine.stages.options import Options
    from support import monthly

    plugins = [("monthly", "a benchmark", "1", monthly), ("lake", "statpipe-lake", "1", lake)]
    document: dict[str, Any] = {
        "environments": {"local": {"sinks": {"lake": {}}}},
        "sources": {monthly.SOURCE: {"folder": live}},
    }
    configuration = Configuration(path=None, home=Path(home), document=document, variables={})
    site = open_site(configuration, Registry(plugins), "local")
    manifests = (
        backfill(site, monthly.SOURCE, places, Options())
        if places
        else run_sources(site, [monthly.SOURCE], Options())
    )
    site.close()
    assert not any(manifest.exit_code for manifest in manifests), manifests[-1].message
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = manifests[-1].finished - manifests[0].started
    print(
        json.dumps(
            {
                "cpu": used.ru_utime + used.ru_stime,
                "megabytes": used.ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10)),
                "wall": took / timedelta(seconds=1),
            }
        )
    )


def measured(*arguments: str) -> dict[str, float]:
    """Do the above in a process of its own."""
    command = [sys.executable, __file__, "--run", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def cost_of(number: int, files: list[Path], folder: Path) -> dict[str, float]:
    """Load all releases before one, and then that one alone, several times; give the least."""
    before, live = folder / f"before{number}", folder / f"live{number}"
    live.mkdir()
    shutil.copy(files[number - 1], live)
    measured(str(before), str(live), *map(str, files[: number - 1]))
    costs = []
    for _ in range(REPEAT):
        home = folder / "home"
        shutil.copytree(before, home)
        costs.append(measured(str(home), str(live)))
        shutil.rmtree(home)
    return {name: min(cost[name] for cost in costs) for name in costs[0]}


def compared(few: int, many: int, files: list[Path], folder: Path) -> list[dict[str, Any]]:
    """Compare what two releases cost."""
    first, last = cost_of(few, files, folder), cost_of(many, files, folder)
    lines = []
    for name, unit in (("cpu", "CPU s"), ("megabytes", "MiB")):
        ratio = last[name] / first[name]
        what = f"release {many} of {files[0].parent.name}, {last[name]:.2f} {unit}, against release {few}"
        line = {"what": what, "value": f"{ratio:.2f}", "goal": f"< {GOAL}", "met": ratio < GOAL}
        lines.append(line)
    return lines


def backfilled(files: list[Path], folder: Path) -> list[dict[str, Any]]:
    """Load all releases by one backfill."""
    cost = measured(str(folder / "backfilled"), str(files[0]), *map(str, files))
    what = f"one backfill of {len(files)} releases of {files[0].parent.name}"
    return [
        {"what": f"{what}, {name}", "value": f"{cost[name]:.0f}", "goal": f"< {goal}", "met": cost[name] < goal}
        for name, goal in (("wall", SECONDS), ("megabytes", MEGABYTES))
    ]  # fmt: skip


def main(places: list[str]) -> None:
    """Print the figures as JSON."""
    from support.monthly_releases import made_up

    with tempfile.TemporaryDirectory(prefix="statpipe-benchmark-") as name:
        folder = Path(name)
        files = made_up(folder / "made-up", releases=RELEASES, series=SERIES, months=MONTHS)
        lines = compared(FEW, RELEASES, files, folder)
        for place in places:
            own = sorted(Path(place).glob("*.csv"))
            lines += backfilled(own, folder)
            lines += compared(2, len(own), own, folder)
    print(json.dumps(lines))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(*sys.argv[2:])
    else:
        main(sys.argv[1:])
