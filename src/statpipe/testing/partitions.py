"""Small partitions and manifests for tests, with figures of every size."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve
from hypothesis import strategies as st

from statpipe.api import (
    Column,
    Dataset,
    Layer,
    Manifest,
    Model,
    Part,
    Partition,
    PartitionKey,
    observations_from_rows,
)
from statpipe.domain.printed import exact_type
from statpipe.domain.seal import seal

if TYPE_CHECKING:
    import pyarrow as pa

Figures = Mapping[tuple[str, int], Decimal | None]
"""The content of a partition in these tests: (area, year) -> figure. Years have four digits."""

MOMENT = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)

SMALL: Figures = {("CA", 2022): Decimal("1852976.3"), ("CA", 2023): None, ("NY", 2023): Decimal(0)}
REVISED: Figures = {("CA", 2022): Decimal("1852976.4"), ("US", 2023): Decimal("-0.00000001")}


def tables() -> st.SearchStrategy[Figures]:
    """
    Draw tables with often equal keys, and with exact figures of every size.
    """
    return st.dictionaries(
        st.tuples(st.sampled_from(["CA", "NY", "US"]), st.sampled_from([2021, 2022])),
        st.one_of(
            st.none(),
            st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("9" * 20 + "." + "9" * 8)]),
            st.decimals(-1000, 1000, places=2),
        ),
    )


def fingerprint_of(figures: Figures) -> str:
    """
    Return a fingerprint of these figures.
    """
    return hashlib.sha256(repr(sorted(figures.items())).encode()).hexdigest()


def gold_partition(
    figures: Figures, *, fingerprint: str | None = None, name: str = "spending"
) -> Partition:
    """
    Make a partition of Gold: columns ``area``, ``year`` and ``value``.
    """
    import pyarrow as pa

    columns = (
        Column(name="area", type="text", description="Area of the figure", nullable=False),
        Column(name="year", type="integer", description="Year of the figure", nullable=False),
        Column(name="value", type="decimal", description="Spending", unit="million USD"),
    )
    model = Model(
        name=name,
        title="Spending by area and year",
        inputs=("agency",),
        grain=("area", "year"),
        columns=columns,
        sql="SELECT 1",
    )
    keys = sorted(figures)
    table = pa.table(
        {
            "area": pa.array([area for area, _ in keys], pa.string()).dictionary_encode(),
            "year": pa.array([year for _, year in keys], pa.int64()),
            "value": pa.array([figures[key] for key in keys], exact_type()),
        }
    )
    return Partition(
        key=PartitionKey(layer=Layer.GOLD, owner=name),
        table=table,
        fingerprint=fingerprint or fingerprint_of(figures),
        model=model,
    )


def in_parts(partition: Partition, before: Partition | None = None) -> Partition:
    """
    Divide a partition of Gold by its years, the last of which is not final. Others stay unchanged.

    Parts with the rows of *before* are marked as already held.
    """
    import pyarrow.compute as pc

    if partition.model is None:
        return partition
    there = {part.identity for part in before.parts} if before else set()
    table, parts = partition.table, []
    for year in (2021, 2022, None):
        rows = table.filter(
            pc.greater(table["year"], 2022) if year is None else pc.equal(table["year"], year)
        )
        own = hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest()
        made = Part(
            year=year,
            fingerprint=own if year else partition.fingerprint,
            rows=len(rows),
            read=partial(_given, rows),
        )
        parts.append(evolve(made, held=made.identity in there))
    return evolve(partition, table=lambda: table, parts=tuple(parts))


def _given(rows: pa.Table) -> pa.Table:
    return rows


def silver_partition(
    figures: Figures,
    *,
    source: str = "agency",
    dataset: str = "T1",
    vintage: str = "2022-10-06",
    fingerprint: str | None = None,
) -> Partition:
    """
    Make a partition of Silver, whose years are its periods.
    """
    rows = [
        {
            "ref_area": area,
            "category": f"{dataset}:1",
            "time_period": str(year),
            "obs_value": value,
            "obs_status": "O" if value is None else "A",
        }
        for (area, year), value in figures.items()
    ]
    described = Dataset(name=dataset, title=dataset, normalizer="n")
    return Partition(
        key=PartitionKey(layer=Layer.SILVER, owner=source, dataset=dataset, vintage=vintage),
        table=seal(observations_from_rows(rows), described, vintage),
        fingerprint=fingerprint or fingerprint_of(figures),
    )


def manifest_of(run_id: str = "20261006T141500000000Z-0000", source: str = "agency") -> Manifest:
    """
    Make the manifest of a run that changed nothing.
    """
    return Manifest(
        run_id=run_id,
        source=source,
        environment="local",
        command="run",
        started=MOMENT,
        finished=MOMENT,
        outcome="unchanged",
        exit_code=0,
    )
