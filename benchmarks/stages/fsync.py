"""What it costs that a lake survives a power failure: a run's writes with and without `fsync`.

    python benchmarks/stages/fsync.py [FOLDER]

Writes as many objects as a first load of BEA's five tables (100 payloads with their notes, 25 tables,
one manifest) below FOLDER, in place of a temporary folder, five times each way, and prints seconds.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from statpipe.api import Environment, Manifest, Payload
from statpipe_lake.folder import FolderStore
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings

MOMENT = datetime(2026, 10, 6, tzinfo=UTC)
ROUNDS = 5


def load(home: Path, *, fsync: bool) -> float:
    """Write what a first load writes; return its seconds."""
    environment = Environment(name="local", home=home)
    lake = make_lake(LakeSettings(environment=environment, fsync=fsync))
    parts = FolderStore(home / ".statpipe" / "lake" / "local", fsync=fsync)
    bodies = [os.urandom(1 << 16) for _ in range(100)]
    started = time.perf_counter()
    for number, body in enumerate(bodies):
        payload = Payload(name=f"T{number % 5}-line-{number}", body=body, retrieved=MOMENT)
        lake.keep("agency", f"T{number % 5}", payload)
    for number in range(25):
        parts.put(f"gold/model_{number}/part-0.parquet", bodies[number] * 8)
    parts.settle()
    lake.record(
        Manifest(
            run_id="r",
            source="agency",
            environment="local",
            command="run",
            started=MOMENT,
            finished=MOMENT,
            outcome="loaded",
            exit_code=0,
        )
    )
    return time.perf_counter() - started


def main() -> None:
    """Measure both ways in turn, so that a busy disk slows both."""
    below = sys.argv[1] if len(sys.argv) > 1 else None
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for fsync, seconds in taken.items():
            with tempfile.TemporaryDirectory(dir=below) as home:
                seconds.append(load(Path(home), fsync=fsync))
    for fsync, seconds in taken.items():
        print(f"fsync = {str(fsync).lower()}: {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main()
