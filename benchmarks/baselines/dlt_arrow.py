"""
dlt as fast as its users get it: tables of Arrow in, CSV files to PostgreSQL, an upsert.

    BEA_API_KEY=... python dlt_arrow.py URL FOLDER DSN TABLE...
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from bea_over_http import Bea, data
from pyarrow import json

KEY = ["code", "area", "year"]
NAMES = ("Code", "GeoFips", "GeoName", "TimePeriod", "CL_UNIT", "UNIT_MULT", "DataValue", "NoteRef")


def main(url: str, folder: str, dsn: str, *tables: str) -> None:
    """Fetch and load."""
    bea = Bea(url, os.environ["BEA_API_KEY"])

    @dlt.resource(
        name="figures",
        primary_key=KEY,
        write_disposition={"disposition": "merge", "strategy": "upsert"},
        file_format="csv",
    )
    def figures() -> Iterator[Any]:
        for table in tables:
            yield typed(bea.whole(table, bea.line(table, "1")))

    pipeline = dlt.pipeline(
        pipeline_name="bea",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(dsn),
        dataset_name="bea",
    )
    pipeline.run(figures()).raise_on_failed_jobs()


def typed(answers: list[bytes]) -> Any:
    """Read the rows of all answers."""
    lines = b"\n".join(data(answer)[1:-1].replace(b"},{", b"}\n{") for answer in answers)
    schema = pa.schema([(name, pa.string()) for name in NAMES])
    rows = json.read_json(
        pa.BufferReader(lines),
        json.ReadOptions(block_size=4 << 20),
        json.ParseOptions(explicit_schema=schema),
    )
    shown = pc.if_else(pc.is_null(rows["NoteRef"]), rows["DataValue"], None)
    return pa.table(
        {
            "code": rows["Code"],
            "area": rows["GeoFips"],
            "area_name": rows["GeoName"],
            "year": rows["TimePeriod"].cast(pa.int16()),
            "unit": rows["CL_UNIT"],
            "value": shown.cast(pa.decimal128(38, 9)),
            "status": rows["NoteRef"],
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
