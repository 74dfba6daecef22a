"""
What the work costs at least: a script for this one job, without any program around it.

    BEA_API_KEY=... python bare.py URL FOLDER DSN TABLE...

It fetches over one connection, keeps the answers packed, writes a typed Parquet file a table (Silver) and the
history of all figures with the dates on which each was current (Gold), and brings the history into PostgreSQL
with its key and a view of the latest. A second run stops where the first line of each table is as it was. A
release is compared in Arrow, and only what moved is sent. There are no checks, and a figure that the agency
drops stays.
"""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
from bea_over_http import Bea, data, released

KEY = ("code", "area", "year")
SAID = (*KEY, "value", "status")
SHOWN = ("code", "area", "area_name", "year", "unit", "value", "status")
MISSING = Decimal(-(10**15))
COLUMNS = """code text, area text, area_name text, year smallint, unit text, value numeric, status text,
realtime_start date, realtime_end date"""


def main(url: str, folder: str, dsn: str, *tables: str) -> None:
    """Fetch and load, or stop where nothing is new."""
    bea, lake = Bea(url, os.environ["BEA_API_KEY"]), Path(folder)
    first = {table: bea.line(table, "1") for table in tables}
    now = {t: hashlib.sha256(data(a) + released(a).encode()).hexdigest() for t, a in first.items()}
    with psycopg.connect(dsn) as database:
        database.execute("CREATE TABLE IF NOT EXISTS seen (dataset text PRIMARY KEY, hash text)")
        if dict(database.execute("SELECT * FROM seen").fetchall()) == now:
            return
        note = released(first[tables[0]])
        said = " ".join(note.split()[2:5])
        day = datetime.strptime(said, "%B %d, %Y--").replace(tzinfo=UTC).date()
        silver = [kept(t, bea.whole(t, first[t]), lake / str(day)) for t in tables]
        publish(silver, day, lake / "gold.parquet", database)
        for pair in now.items():
            database.execute(
                "INSERT INTO seen VALUES (%s, %s) ON CONFLICT (dataset) DO UPDATE SET hash = excluded.hash",
                pair,
            )


def kept(table, answers, folder):
    """Write Bronze and Silver of a table, and return Silver."""
    import pyarrow.parquet as pq
    from isal import igzip

    folder.mkdir(parents=True, exist_ok=True)
    for number, answer in enumerate(answers):
        (folder / f"{table}-{number}.json.gz").write_bytes(igzip.compress(answer, 1))
    silver = typed(answers)
    pq.write_table(silver, folder / f"{table}.parquet", compression="zstd")
    return silver


def typed(answers):
    """Read the rows of all answers."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import json

    text = pa.dictionary(pa.int32(), pa.string())
    names = ("Code", "GeoFips", "GeoName", "CL_UNIT", "NoteRef")
    fields = [pa.field(n, pa.string()) for n in (*names, "TimePeriod", "UNIT_MULT", "DataValue")]
    lines = b"\n".join(data(answer)[1:-1].replace(b"},{", b"}\n{") for answer in answers)
    rows = json.read_json(
        pa.BufferReader(lines),
        json.ReadOptions(block_size=4 << 20),
        json.ParseOptions(explicit_schema=pa.schema(fields), unexpected_field_behavior="error"),
    )
    code, area, name, unit, status = (rows[n].cast(text) for n in names)
    shown = pc.if_else(pc.is_null(rows["NoteRef"]), rows["DataValue"], None)
    return pa.table(
        {
            "code": code,
            "area": area,
            "area_name": name,
            "year": rows["TimePeriod"].cast(pa.int16()),
            "unit": unit,
            "value": shown.cast(pa.decimal128(38, 18)),
            "status": status,
        }
    )


def publish(silver, day, gold, database):
    """Bring Gold in the lake and in the database to this release."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    new = dated(pa.concat_tables(silver).unify_dictionaries(), day, None)
    if not gold.exists():
        pq.write_table(new, gold, compression="zstd")
        load(new, database)
        return
    held = pq.read_table(gold)
    is_open = pc.is_null(held["realtime_end"])
    latest, ended = held.filter(is_open), held.filter(pc.invert(is_open))
    moved = new.take(other(new, latest, SAID))
    stays = latest.take(other(latest, moved, KEY))
    ends = latest.take(other(latest, stays, KEY))
    closed = dated(ends, ends["realtime_start"], day - timedelta(days=1))
    whole = pa.concat_tables([ended, stays, closed, moved], promote_options="permissive")
    pq.write_table(whole.unify_dictionaries(), gold, compression="zstd")
    load_moved(moved, day, database)


def dated(table, start, end):
    """Give rows the dates on which they were current."""
    import pyarrow as pa

    if isinstance(start, date):
        start = pa.repeat(pa.scalar(start), len(table))
    ends = pa.repeat(pa.scalar(end, pa.date32()), len(table))
    table = table.select(list(SHOWN))
    return table.append_column("realtime_start", start).append_column("realtime_end", ends)


def other(these, those, columns):
    """Return the places of the rows here that are not there, by some columns."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def comparable(table):
        # What is empty equals nothing in a join, nor do codes of different dictionaries.
        table = decoded(table.select(list(columns)))
        filled = [
            pc.fill_null(c, MISSING if pa.types.is_decimal(c.type) else "") if c.null_count else c
            for c in table.columns
        ]
        return pa.table(filled, names=list(columns))

    places = pa.array(range(len(these)), pa.int32())
    left = comparable(these).append_column("place", places)
    joined = left.join(comparable(those), list(columns), join_type="left anti")
    return joined["place"].sort()


def load(table, database):
    """Load a first release: COPY into a table of the same transaction, then the key."""
    database.execute(f"CREATE TABLE history ({COLUMNS})")
    copy(table, "history", database, ", FREEZE")
    database.execute("ALTER TABLE history ADD PRIMARY KEY (code, area, year, realtime_start)")
    database.execute("CREATE VIEW latest AS SELECT * FROM history WHERE realtime_end IS NULL")


def load_moved(moved, day, database):
    """Close the rows that a release replaces, and add the new ones."""
    database.execute(f"CREATE TEMPORARY TABLE moved ({COLUMNS}) ON COMMIT DROP")
    copy(moved, "moved", database)
    database.execute("ANALYZE moved")
    database.execute(
        "UPDATE history h SET realtime_end = %s FROM moved m WHERE h.code = m.code AND h.area = m.area"
        " AND h.year = m.year AND h.realtime_end IS NULL",
        [day - timedelta(days=1)],
    )
    database.execute("INSERT INTO history SELECT * FROM moved")


def decoded(table):
    """Turn codes of dictionaries into their texts."""
    import pyarrow as pa

    kinds = [f.type.value_type if pa.types.is_dictionary(f.type) else f.type for f in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))


def copy(table, name, database, options=""):
    """Send a table as CSV."""
    import pyarrow as pa
    from pyarrow import csv

    out = pa.BufferOutputStream()
    csv.write_csv(decoded(table), out, csv.WriteOptions(include_header=False))
    with database.cursor().copy(f"COPY {name} FROM STDIN (FORMAT csv{options})") as sent:
        sent.write(memoryview(out.getvalue()))


if __name__ == "__main__":
    main(*sys.argv[1:])
