"""
How fast SDMX messages are read, by format: rows a second, beside what must be done at least.

    python -m benchmarks.stages.read_sdmx [rows]

``least`` is the format's own parser with nothing done to what it finds: pyarrow's CSV, expat.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
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
    print(f"{rows:,} observations; median of {TIMES}, thousand rows a second")
    print(f"{'format':22} {'MB':>6} {'least':>7} {'read':>7} {'figures':>8}")
    for form, least in LEAST.items():
        body = FORMATS[form](cube)
        data = Payload(name="data", body=body)
        shown = [_speed(rows, work) for work in _works(structure, data, least)]
        print(f"{form:22} {len(body) / 1e6:6.1f} " + " ".join(f"{one:7.0f}" for one in shown))


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
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return rows / median(seconds) / 1000


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
}

if __name__ == "__main__":
    main()
