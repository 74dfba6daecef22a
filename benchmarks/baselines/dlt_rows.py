"""
dlt as its first pages show it: dictionaries in, everything else by default.

    BEA_API_KEY=... python dlt_rows.py URL FOLDER DSN TABLE...
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import dlt
from bea_over_http import Bea, data

KEY = ["Code", "GeoFips", "TimePeriod"]


def main(url: str, folder: str, dsn: str, *tables: str) -> None:
    """Fetch and load."""
    bea = Bea(url, os.environ["BEA_API_KEY"])

    @dlt.resource(name="figures", primary_key=KEY, write_disposition="merge")
    def figures() -> Iterator[list[dict[str, Any]]]:
        for table in tables:
            for answer in bea.whole(table, bea.line(table, "1")):
                yield json.loads(data(answer))

    pipeline = dlt.pipeline(
        pipeline_name="bea",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(dsn),
        dataset_name="bea",
    )
    pipeline.run(figures()).raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
