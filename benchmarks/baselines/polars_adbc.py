"""
What a data engineer writes by hand today: polars, Parquet, ADBC, and an upsert.

    BEA_API_KEY=... python polars_adbc.py URL FOLDER DSN TABLE...

It keeps the answers packed, a Parquet file a table and the latest figures in PostgreSQL. It keeps no history
and skips nothing.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import polars as pl
from bea_over_http import Bea

COLUMNS = """code text, area text, area_name text, year smallint, unit text, value numeric, status text,
PRIMARY KEY (code, area, year)"""
UPSERT = """INSERT INTO figures SELECT code, area, area_name, year, unit, value::numeric, status FROM staged
ON CONFLICT (code, area, year) DO UPDATE SET area_name = excluded.area_name, unit = excluded.unit,
value = excluded.value, status = excluded.status"""


def main(url: str, folder: str, dsn: str, *tables: str) -> None:
    """Fetch and load."""
    bea, lake = Bea(url, os.environ["BEA_API_KEY"]), Path(folder)
    figures = pl.concat(
        [kept(table, bea.whole(table, bea.line(table, "1")), lake) for table in tables]
    )
    with adbc.connect(dsn) as database, database.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS figures ({COLUMNS})")
        cursor.adbc_ingest("staged", figures.to_arrow(), mode="replace", temporary=True)
        cursor.execute(UPSERT)
        database.commit()


def kept(table: str, answers: list[bytes], lake: Path) -> pl.DataFrame:
    """Write a table's answers and its Parquet file, and return it."""
    for number, answer in enumerate(answers):
        (lake / f"{table}-{number}.json.gz").write_bytes(gzip.compress(answer, 1))
    columns = ("Code", "GeoFips", "GeoName", "TimePeriod", "CL_UNIT", "DataValue", "NoteRef")
    schema = dict.fromkeys(columns, pl.String)
    parsed = [json.loads(answer)["BEAAPI"]["Results"]["Data"] for answer in answers]
    read = [pl.DataFrame(rows, schema=schema) for rows in parsed]
    figures = pl.concat(read).select(
        code=pl.col("Code"),
        area=pl.col("GeoFips"),
        area_name=pl.col("GeoName"),
        year=pl.col("TimePeriod").cast(pl.Int16),
        unit=pl.col("CL_UNIT"),
        value=pl.when(pl.col("NoteRef").is_null()).then(pl.col("DataValue")),
        status=pl.col("NoteRef"),
    )
    figures.write_parquet(lake / f"{table}.parquet")
    return figures


if __name__ == "__main__":
    main(*sys.argv[1:])
