"""Loading the history of all four tables into PostgreSQL, against bare COPY plus primary key."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median

import attrs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

sys.path.insert(0, str(Path(__file__).parent))

from normalize import TABLES, csv_payloads

from statpipe.api import Environment, Held, Partition, PartitionKey
from statpipe.domain.seal import seal
from statpipe.engine.gold.maker import opened_gold
from statpipe_bea import tables
from statpipe_bea.gold.models import pce_state_models
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.sink import PostgresSink

FIRST, UNCHANGED, REVISED = 2.0, 0.5, 0.6
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

    def fingerprint(self, key: PartitionKey) -> str | None:
        """Hold no Gold."""

    def parts(self, key: PartitionKey) -> tuple[()]:  # noqa: ARG002
        """Hold no part of it."""
        return ()


def gold() -> Partition:
    """Compute the history of all four tables."""
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
    models = [m for m in pce_state_models() if m.name == "pce_state_history"]
    with opened_gold(Tables(), models, lambda _: held) as made:  # type: ignore[arg-type]
        return attrs.evolve(made.partition(models[0]), parts=())  # revised below, as one table


def revised(partition: Partition, fingerprint: str) -> Partition:
    """Change one figure in a hundred."""
    table = partition.table
    place = table.schema.get_field_index("value")
    values = table["value"].combine_chunks()
    kind = values.type
    wider = pa.decimal256(39, 18)
    moved = pc.add(values.cast(wider), pa.array([Decimal("0.1")], wider)[0]).cast(kind)
    hit = pa.array([row % 100 == 0 for row in range(len(table))])
    table = table.set_column(place, table.schema.field(place), pc.if_else(hit, moved, values))
    return attrs.evolve(partition, table=table, fingerprint=fingerprint, previous=partition)


def plain(table: pa.Table) -> pa.Table:
    """Decode the coded columns, as CSV has them."""
    fields = [
        f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def bare_copy(connection, table: pa.Table) -> float:
    """Time making CSV, COPY into a new table, and the primary key."""
    kinds = {
        "int64": "bigint",
        "date32[day]": "date",
        "decimal128(38, 18)": "numeric",
        "int8": "smallint",
    }
    columns = ", ".join(f"{f.name} {kinds.get(str(f.type), 'text')}" for f in table.schema)
    connection.execute("DROP TABLE IF EXISTS public.bare")
    began = time.perf_counter()
    out = io.BytesIO()
    pyarrow.csv.write_csv(table, out, pyarrow.csv.WriteOptions(include_header=False))
    with connection.transaction():
        connection.execute(f"CREATE TABLE public.bare ({columns})")
        with connection.cursor().copy("COPY public.bare FROM STDIN (FORMAT csv, FREEZE)") as copy:
            copy.write(out.getbuffer())
        connection.execute(
            "ALTER TABLE public.bare ADD PRIMARY KEY"
            " (ref_area, category, time_period, dataset, vintage)"
        )
    return time.perf_counter() - began


def loads(partition: Partition, bare_table: pa.Table) -> dict[str, float]:
    """Time one life of a database: first load, the same again, one per cent revised."""
    import psycopg

    home = Path(tempfile.mkdtemp(prefix="statpipe-benchmark-"))
    environment = Environment(name="local", home=home, embedded=True)
    sink = PostgresSink(PostgresSettings(environment=environment))
    times = {}
    # The same figures under another fingerprint, as after a change of code.
    again = attrs.evolve(partition, fingerprint="again", previous=partition)
    try:
        sink.query("SELECT 1")
        with psycopg.connect(sink.locations()["gold tables"], autocommit=True) as connection:
            times["bare"] = bare_copy(connection, bare_table)
        for name, one in (
            ("first", partition),
            ("same", partition),
            ("again", again),
            ("compared", attrs.evolve(partition, fingerprint="compared")),
            ("revised", revised(attrs.evolve(partition, fingerprint="compared"), "revised")),
        ):
            began = time.perf_counter()
            receipt = sink.write(one)
            times[name] = time.perf_counter() - began
            if name in {"again", "compared"}:
                assert not (receipt.inserted)
                assert not (receipt.updated)
                assert not receipt.deleted
            if name == "revised":
                assert receipt.updated == len(range(0, len(partition.table), 100))
    finally:
        sink.close()
        shutil.rmtree(home, ignore_errors=True)
    return times


def main() -> None:
    """Print the figures as JSON."""
    partition = gold()
    bare_table = plain(partition.table)
    lives = [loads(partition, bare_table) for _ in range(REPEAT)]
    best = {name: min(life[name] for life in lives) for name in lives[0]}

    def ratio(name: str, base: str) -> float:
        return median(life[name] / life[base] for life in lives)

    def line(what: str, value: float, goal: float) -> dict[str, object]:
        return {"what": what, "value": f"{value:.2f}", "goal": f"<= {goal}", "met": value <= goal}

    rows = len(partition.table)
    print(
        json.dumps(
            [
                {
                    "what": f"bare COPY and primary key, {rows:,} rows",
                    "value": f"{best['bare']:.2f} s",
                },
                {
                    "what": "first load: schemas, key, index, statistics",
                    "value": f"{best['first']:.2f} s",
                },
                line("first load / bare", ratio("first", "bare"), FIRST),
                line("the same vintage again / first load", ratio("same", "first"), UNCHANGED),
                line("equal rows, other fingerprint / first", ratio("again", "first"), UNCHANGED),
                line("1 % revised / first load", ratio("revised", "first"), REVISED),
                {
                    "what": "all rows compared by the server (load --verify) / first",
                    "value": f"{ratio('compared', 'first'):.2f}",
                },
            ]
        )
    )


if __name__ == "__main__":
    main()
