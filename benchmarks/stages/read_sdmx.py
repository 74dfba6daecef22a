"""
How fast SDMX messages are read, by format: rows a second of CPU time, beside what must be done at least, and in how much memory.

    python -m benchmarks.stages.read_sdmx [rows]

``least`` is the format's own parser with nothing done to what it finds: pyarrow's CSV, expat, json. ``peak`` is what a process
of its own needs at most to read the message into columns, in MB above the message itself.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from xml.parsers import expat

from statpipe.api import Dataset, Payload

ROWS, TIMES = 200_000, 5


def main() -> None:
    """Make a cube, write it in each format, and read it."""
    from support.sdmx_messages import FORMATS, Cube, structure_message

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    cube = made_up(rows, Cube)
    structure = Payload(
        name="structure",
        body=structure_message(cube),
        request={"flow": cube.flow},
        structure=True,
    )
    print(f"{rows:,} observations; median of {TIMES}, thousand rows a second of CPU time")
    print(f"{'format':22} {'MB':>6} {'least':>7} {'read':>7} {'figures':>7} {'peak':>6}")
    for form, least in LEAST.items():
        body = FORMATS[form](cube)
        data = Payload(name="data", body=body)
        shown = [_speed(rows, work) for work in _works(structure, data, least)]
        speeds = " ".join(f"{one:7.0f}" for one in shown)
        print(f"{form:22} {len(body) / 1e6:6.1f} {speeds} {_peak(body):6.0f}", flush=True)


def made_up(rows: int, kind: Callable[..., object]) -> object:
    """A flow of monthly series, each of 240 months."""
    from support.sdmx_messages import TIME, VALUE, Listed

    items = {f"I{number:05}": f"Item {number}" for number in range(-(-rows // 240))}
    freq = Listed(id="FREQ", name="Frequency", codes={"M": "Monthly"})
    area = Listed(id="REF_AREA", name="Area", codes={"DE": "Germany"})
    item = Listed(id="ITEM", name="Item", codes=items)
    unit = Listed(id="UNIT_MEASURE", name="Unit", codes={"EUR": "Euro"})
    status = Listed(id="OBS_STATUS", name="Status", series=False)
    months = [f"{2000 + m // 12}-{m % 12 + 1:02}" for m in range(240)]
    cells = [(code, month) for code in items for month in months][:rows]
    return kind(
        flow="DF",
        dimensions=(freq, area, item),
        attributes=(unit, status),
        rows=tuple(
            {"FREQ": "M", "REF_AREA": "DE", "ITEM": code, TIME: month}
            | {
                VALUE: f"{(n * 7919) % 10_000_019 / 100:.2f}",
                "UNIT_MEASURE": "EUR",
                "OBS_STATUS": "A",
            }
            for n, (code, month) in enumerate(cells)
        ),
    )


def _works(
    structure: Payload, data: Payload, least: Callable[[bytes], object]
) -> list[Callable[[], object]]:
    from statpipe_sdmx.data import read_data
    from statpipe_sdmx.normalizer import SdmxNormalizer

    normalizer = SdmxNormalizer()
    bare = Dataset(name="DF", title="DF", normalizer="sdmx")
    dataset = normalizer.describe(bare, [structure])
    return [
        lambda: least(data.body),
        lambda: read_data(data),
        lambda: normalizer.normalize(dataset, [structure, data]),
    ]


def _speed(rows: int, work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(TIMES):
        start = process_time()
        work()
        seconds.append(process_time() - start)
    return rows / median(seconds) / 1000


def _peak(body: bytes) -> float:
    """Read a message in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "message"
        file.write_bytes(body)
        command = [sys.executable, "-m", "benchmarks.stages.read_sdmx", "--peak", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout)


def read_once(file: Path) -> None:
    """Print how much memory a message needs, beside its bytes."""
    import pyarrow.csv  # noqa: F401 - not part of the message

    from statpipe_sdmx.data import read_data

    data = Payload(name="data", body=file.read_bytes())
    before = _highest()
    read_data(data)
    print((_highest() - before) / 1024)


def _highest() -> int:
    """Give the most memory that this process had, in KiB. What ``getrusage`` says begins with the parent's."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (one for one in lines if one.startswith("VmHWM"))
    return int(line.split()[1])


def _csv(body: bytes) -> object:
    from pyarrow import csv

    return csv.read_csv(io.BytesIO(body))


def _xml(body: bytes) -> object:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: None
    return parser.Parse(body, True)


LEAST: dict[str, Callable[[bytes], object]] = {
    "csv 1.0": _csv,
    "ml 2.1, series": _xml,
    "ml 2.1, generic": _xml,
    "json 1.0": json.loads,
    "json 2.0": json.loads,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        read_once(Path(sys.argv[2]))
    else:
        main()
