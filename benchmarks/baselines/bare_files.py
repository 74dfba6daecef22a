"""
What many small datasets cost at least: a script for this one job, without any program around it.

    python bare_files.py FILES FOLDER DSN

A file is kept packed, becomes a typed Parquet file, and its figures go into one table with its key. A second run
stops where the hash of every file is as it was.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import psycopg

COLUMNS = "dataset text, area text, year smallint, value numeric, realtime_start date"


def main(files: str, folder: str, dsn: str) -> None:
    """Load all files, or stop where nothing is new."""
    bodies = {file.stem: file.read_bytes() for file in sorted(Path(files).glob("*.json"))}
    now = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    with psycopg.connect(dsn) as database:
        database.execute("CREATE TABLE IF NOT EXISTS seen (dataset text PRIMARY KEY, hash text)")
        if dict(database.execute("SELECT * FROM seen").fetchall()) == now:
            return
        silver = [kept(name, body, Path(folder)) for name, body in bodies.items()]
        load(silver, database)
        database.cursor().executemany("INSERT INTO seen VALUES (%s, %s)", list(now.items()))


def kept(name, body, folder):
    """Write Bronze and Silver of a dataset, and return Silver."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from isal import igzip

    (folder / f"{name}.json.gz").write_bytes(igzip.compress(body, 1))
    document = json.loads(body)
    areas, years, values = zip(*document["rows"], strict=True)
    silver = pa.table(
        {
            "dataset": pa.repeat(name, len(areas)),
            "area": pa.array(areas),
            "year": pa.array(years).cast(pa.int16()),
            "value": pa.array(values).cast(pa.decimal128(38, 18)),
            "realtime_start": pa.repeat(document["released"], len(areas)).cast(pa.date32()),
        }
    )
    pq.write_table(silver, folder / f"{name}.parquet", compression="zstd")
    return silver


def load(silver, database):
    """Load all datasets at once."""
    import pyarrow as pa
    from pyarrow import csv

    out = pa.BufferOutputStream()
    csv.write_csv(pa.concat_tables(silver), out, csv.WriteOptions(include_header=False))
    database.execute(f"CREATE TABLE history ({COLUMNS})")
    with database.cursor().copy("COPY history FROM STDIN (FORMAT csv, FREEZE)") as sent:
        sent.write(memoryview(out.getvalue()))
    database.execute("ALTER TABLE history ADD PRIMARY KEY (dataset, area, year, realtime_start)")


if __name__ == "__main__":
    main(*sys.argv[1:])
