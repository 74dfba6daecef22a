"""Makes snapshots and histories from figures, in one line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs

from statpipe.api import Dataset, Snapshot, Vintage, observations_from_rows
from statpipe.domain.codes import constant
from statpipe.domain.history import Published
from statpipe.domain.observation import CELL
from statpipe.domain.period import EXAMPLES
from statpipe.domain.seal import seal
from statpipe.testing.cells import Key, figure
from statpipe.testing.history import history

if TYPE_CHECKING:
    import pyarrow as pa

Figures = Mapping[Key, Any]
"""Area, category and period -> figure as text, or ``None`` if the agency shows none."""


def observations(dataset: Dataset, figures: Figures, vintage: str = "2024-03-01") -> pa.Table:
    """
    Make sealed Silver from figures. Missing figures get the status O (missing).
    """
    rows: list[dict[str, Any]] = []
    for key, text in figures.items():
        value = figure(text)
        row: dict[str, Any] = dict(zip(CELL, key, strict=True))
        rows.append(row | {"obs_value": value, "obs_status": "O" if value is None else "A"})
    return seal(observations_from_rows(rows), dataset, vintage)


def snapshot(
    dataset: Dataset, figures: Figures, released: date = date(2024, 3, 1), **more: Any
) -> Snapshot:
    """
    Make a snapshot for a check; *more* are further fields of :class:`statpipe.api.Snapshot`.
    """
    vintage = Vintage(released=released, selection=dataset.selection)
    table = observations(dataset, figures, vintage.id)
    return Snapshot(dataset=dataset, vintage=vintage, table=table, **more)


def history_of(dataset: Dataset, releases: Mapping[date, Figures]) -> pa.Table:
    """
    Make the relation that a Gold model's SQL reads: the history of a source's figures.
    """
    dataset = attrs.evolve(dataset)
    published = []
    for released, figures in releases.items():
        vintage = Vintage(released=released, selection=dataset.selection)
        published.append(
            Published(vintage=vintage, table=observations(dataset, figures, vintage.id))
        )
    return history(published)


def grown(snapshot: Snapshot, times: int) -> pa.Table:
    """
    Repeat the rows of a snapshot, each time in a period of its own, long ago.
    """
    import pyarrow as pa

    table, freq = snapshot.table, snapshot.dataset.freq
    if "time_period" not in table.column_names:
        return pa.concat_tables([table] * times)
    place = table.schema.get_field_index("time_period")
    kind = table.schema.field(place)
    parts = []
    for year in range(1000, 1000 + times):
        texts = pa.array([f"{year}{_FIRST[freq]}"] * len(table), pa.string())
        parts.append(table.set_column(place, kind, texts.dictionary_encode().cast(kind.type)))
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def renamed(snapshot: Snapshot) -> Snapshot:
    """
    Return the same figures as those of a dataset of another name.
    """
    name, table = "ZZ9", snapshot.table
    dataset = attrs.evolve(snapshot.dataset, name=name)
    if "dataset" in table.column_names:
        place = table.schema.get_field_index("dataset")
        table = table.set_column(place, table.schema.field(place), constant(name, len(table)))
    report = snapshot.revision and attrs.evolve(snapshot.revision, dataset=name)
    return attrs.evolve(snapshot, dataset=dataset, table=table, revision=report)


def long_ago(snapshot: Snapshot) -> Snapshot:
    """
    Return the same figures for the first period of a year long ago.
    """
    return attrs.evolve(snapshot, table=grown(snapshot, 1))


_FIRST = {freq: example[len("2023") :] for freq, example in EXAMPLES.items()}


def without_figures(table: pa.Table) -> pa.Table:
    """
    Return the same observations without any figures.
    """
    import pyarrow as pa

    for name, value in (("obs_value", None), ("obs_status", "O")):
        if name in table.column_names:
            kind = table.schema.field(name)
            values = pa.array([value] * len(table), pa.string())
            column = values.dictionary_encode() if pa.types.is_dictionary(kind.type) else values
            made = pa.nulls(len(table), kind.type) if value is None else column.cast(kind.type)
            table = table.set_column(table.schema.get_field_index(name), kind, made)
    return table
