"""
What an unchanged day of many SDMX flows costs: requests, CPU seconds of the process, wall seconds.

    python -m benchmarks.stages.unchanged_flows [flows]

Each flow has 720 figures. A local service says in one of two ways that nothing has changed: by the date in a flow's
annotation, or by 304 to ``If-Modified-Since``. The flows are one source, or a source each; the goals are one request a
flow, and 3 s of CPU for 40 flows.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

FLOWS = 40
_LAKE = "[environments.local]\nembedded = true\n[environments.local.sinks.lake]\n"


def main() -> None:
    """Load the flows, then run again."""
    from support.fake_sdmx import serving
    from support.sdmx_messages import Cube

    count = int(sys.argv[1]) if len(sys.argv) > 1 else FLOWS
    print(f"{count} flows, in one process")
    print(
        f"{'the service says':18} {'sources':>7} {'run':10} {'requests':>8} {'CPU s':>6} {'wall s':>7}"
    )
    for way in ("annotation", "Last-Modified"):
        for several in (False, True):
            with serving() as service, tempfile.TemporaryDirectory() as folder:
                updated = "2024-02-20T11:00:00+0100" if way == "annotation" else ""
                flows = [f"FLOW{number}" for number in range(count)]
                service.flows.update({flow: made_up(Cube, flow, updated) for flow in flows})
                service.modified = "" if updated else "Tue, 20 Feb 2024 10:00:00 GMT"
                house = 'service = "ESTAT"\n' if updated else ""
                given = f'use = "sdmx"\n{house}url = "{service.url}"\n'
                parts = [[flow] for flow in flows] if several else [flows]
                sources = {
                    f"many{n}": f"{given}flows = {json.dumps(p)}\n" for n, p in enumerate(parts)
                }
                tables = "".join(f"[sources.{name}]\n{text}" for name, text in sources.items())
                (Path(folder) / "statpipe.toml").write_text(tables + _LAKE)
                for run in ("first", "unchanged"):
                    before = len(service.agency.requests)
                    cpu, wall = _run(folder, [*sources])
                    asked = len(service.agency.requests) - before
                    print(f"{way:18} {len(sources):7} {run:10} {asked:8} {cpu:6.2f} {wall:7.2f}")


def made_up(kind: Callable[..., Any], flow: str, updated: str) -> Any:
    """A flow of 30 areas and 24 years."""
    from support.sdmx_messages import TIME, VALUE, Listed

    freq = Listed(id="FREQ", name="Frequency", codes={"A": "Annual"})
    area = Listed(id="GEO", name="Area", codes={f"A{n}": f"Area {n}" for n in range(30)})
    rows = tuple(
        {"FREQ": "A", "GEO": code, TIME: str(year), VALUE: f"{year}.5"}
        for code in area.codes
        for year in range(2000, 2024)
    )
    return kind(flow=flow, dimensions=(freq, area), rows=rows, updated=updated)


def _run(folder: str, sources: list[str]) -> tuple[float, float]:
    start, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "statpipe", "run", *sources]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, perf_counter() - start


if __name__ == "__main__":
    main()
