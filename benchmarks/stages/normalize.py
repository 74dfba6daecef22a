"""Payload bytes to sealed Silver: rows a second on one core, and peak memory."""

from __future__ import annotations

import gc
import json
import multiprocessing
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
ZIP = ROOT / "tests" / "data" / "SAPCE.zip"
TABLES = ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")
GOAL_ROWS = 600_000
sys.path.insert(0, str(ROOT / "tests"))


def csv_payloads(table: str) -> list:
    """Return a table's members of BEA's zip."""
    from statpipe.api import Payload

    with zipfile.ZipFile(ZIP) as archive:
        return [
            Payload(name=name, body=archive.read(name), media_type=media_type)
            for name in archive.namelist()
            for start, media_type in (("__ALL_AREAS", "text/csv"), ("__Footnotes", "text/html"))
            if name.startswith(f"{table}{start}")
        ]


def api_payloads(table: str) -> list:
    """Ask the local server for a table, as the API channel does."""
    from statpipe.api import Secret
    from statpipe_bea import tables
    from statpipe_bea.api import BeaClient
    from statpipe_bea.channels import api
    from support.fake_bea import FakeBea

    with FakeBea(ZIP) as fake:
        channel = api.ApiChannel(Secret(fake.key), fake.url)
        channel._client = BeaClient(  # noqa: SLF001 - no minute's budget against our own server
            key=Secret(fake.key), url=fake.url, limits=[]
        )
        dataset = tables.dataset(table)
        (vintage,) = channel.vintages(dataset)
        return list(channel.fetch(dataset, vintage))


def dump(form: str, table: str, folder: str) -> None:
    """Write payloads to files, so that measuring starts without what fetching used."""
    import pickle

    payloads = csv_payloads(table) if form == "csv" else api_payloads(table)
    Path(folder, f"{form}-{table}.pickle").write_bytes(pickle.dumps(payloads))


def measure(form: str, table: str, folder: str, repeat: int) -> tuple[int, float, int, int]:
    """Return rows, best seconds, bytes of the payloads, and peak memory in bytes."""
    import pickle

    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.json

    from statpipe.domain.seal import seal
    from statpipe_bea import tables
    from statpipe_bea.normalizer import RegionalNormalizer

    pa.set_cpu_count(1)
    payloads = pickle.loads(Path(folder, f"{form}-{table}.pickle").read_bytes())
    dataset, normalizer, best, rows = tables.dataset(table), RegionalNormalizer(), 1e9, 0
    for _ in range(repeat):
        gc.collect()
        began = time.perf_counter()
        rows = len(seal(normalizer.normalize(dataset, payloads), dataset, "2022-10-06"))
        best = min(best, time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return rows, best, sum(len(p.body) for p in payloads), peak


def in_process(function, *arguments):
    """Run in a fresh process: memory is a process's own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    """Print the figures as JSON."""
    with tempfile.TemporaryDirectory(prefix="statpipe-benchmark-") as folder:
        print(json.dumps(measures(folder, sys.argv[1:] or TABLES)))


def measures(folder: str, tables: Sequence[str]) -> list[dict[str, object]]:
    """Measure both forms of each table; payloads lie in *folder* in between."""
    found: list[dict[str, object]] = []
    for form in ("csv", "api"):
        for table in tables:
            in_process(dump, form, table, folder)
            rows, best, size, _ = in_process(measure, form, table, folder, 5)
            *_, peak = in_process(measure, form, table, folder, 1)
            allowed = 4 * size + 150 * 2**20
            found.append(
                {
                    "what": f"{form} {table}: {rows:,} rows, rows/s on one core",
                    "value": f"{rows / best:,.0f}",
                    "goal": f">= {GOAL_ROWS:,}" if rows > 100_000 else "(small table)",
                    "met": rows / best >= GOAL_ROWS if rows > 100_000 else None,
                }
            )
            found.append(
                {
                    "what": f"{form} {table}: peak memory, payloads {size / 2**20:.1f} MiB",
                    "value": f"{peak / 2**20:.0f} MiB",
                    "goal": f"< {allowed / 2**20:.0f} MiB",
                    "met": peak < allowed,
                }
            )
    return found


if __name__ == "__main__":
    main()
