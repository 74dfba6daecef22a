"""Loading Gold of all four tables into PostgreSQL, against bare COPY plus primary key."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

sys.path.insert(0, str(Path(__file__).parent))

from normalize import TABLES, csv_payloads

from statpipe.api import Environment, Held, Partition, PartitionKey
from statpipe.domain.observation import seal
from statpipe.engine.gold import gold_partition
from statpipe_bea import tables
from statpipe_bea.models import pce_state
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.sink import PostgresSink

GOAL = 1.5
REPEAT = 5


class Tables:
    """Silver in memory, in the lake's place."""

    def __init__(self) -> None:
        """Normalize the four tables."""
        self.tables = {}
        for name in TABLES:
            dataset = tables.dataset(name)
            table = RegionalNormalizer().normalize(dataset, csv_payloads(name))
            self.tables[name] = seal(table, dataset, "2022-10-06")

    def read(self, key: PartitionKey) -> pa.Table:
        """Return a table."""
        return self.tables[key.dataset]


def gold() -> Partition:
    """Compute the model of all four tables."""
    from datetime import date

    held = [
        Held(
            dataset=name,
            released=date(2022, 10, 6),
            sequence=1,
            note="",
            token="",
            fingerprint="f",
        )
        for name in TABLES
    ]
    inputs = [("bea_pce_state", one) for one in held]
    return gold_partition(pce_state(), inputs, Tables(), "f")  # type: ignore[arg-type]


def bare_copy(connection, table: pa.Table) -> float:
    """Time COPY of ready CSV into a new table, and the primary key."""
    kinds = {"int64": "bigint", "string": "text"}
    columns = ", ".join(f"{f.name} {kinds.get(str(f.type), 'numeric')}" for f in table.schema)
    connection.execute("DROP TABLE IF EXISTS public.bare")
    began = time.perf_counter()
    out = io.BytesIO()
    pyarrow.csv.write_csv(table, out, pyarrow.csv.WriteOptions(include_header=False))
    with connection.transaction():
        connection.execute(f"CREATE TABLE public.bare ({columns})")
        with connection.cursor().copy("COPY public.bare FROM STDIN (FORMAT csv, FREEZE)") as copy:
            copy.write(out.getbuffer())
        connection.execute(
            "ALTER TABLE public.bare ADD PRIMARY KEY (ref_area, category, time_period)"
        )
    return time.perf_counter() - began


def main() -> None:
    """Print the figures as JSON."""
    import psycopg

    environment = Environment(name="local", home=Path.cwd(), embedded=True)
    sink = PostgresSink(PostgresSettings(environment=environment))
    partition = gold()
    rows = len(partition.table)
    sink.query("SELECT 1")
    bare, load, again = [], [], []
    address = sink.locations()["gold tables"]
    with psycopg.connect(address, autocommit=True) as connection:
        for _ in range(REPEAT):
            bare.append(bare_copy(connection, partition.table))
            connection.execute("DROP SCHEMA IF EXISTS gold CASCADE")
            connection.execute("DROP SCHEMA IF EXISTS statpipe CASCADE")
            fresh = PostgresSink(PostgresSettings(environment=environment))
            fresh.query("SELECT 1")
            began = time.perf_counter()
            fresh.write(partition)
            load.append(time.perf_counter() - began)
            began = time.perf_counter()
            fresh.write(partition)
            again.append(time.perf_counter() - began)
            fresh.close()
    sink.close()
    ratio = min(load) / min(bare)
    print(
        json.dumps(
            [
                {
                    "what": f"bare COPY and primary key, {rows:,} rows",
                    "value": f"{min(bare):.2f} s",
                },
                {"what": "first load by the sink", "value": f"{min(load):.2f} s"},
                {
                    "what": "ratio",
                    "value": f"{ratio:.2f}",
                    "goal": f"<= {GOAL}",
                    "met": ratio <= GOAL,
                },
                {"what": "the same partition again", "value": f"{min(again) * 1000:.1f} ms"},
            ]
        )
    )


if __name__ == "__main__":
    main()
