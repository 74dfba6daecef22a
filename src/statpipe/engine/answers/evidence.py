"""The Bronze objects behind a cell, each verified by reading it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
from attrs import field, frozen

from statpipe.api import (
    BronzeObject,
    ContentError,
    Dataset,
    Held,
    Lake,
    Manifest,
    Normalizer,
    Payload,
    VintageRecord,
)
from statpipe.domain.printed import as_printed
from statpipe.engine.answers.cell_history import Cell
from statpipe.engine.record.records import record_in
from statpipe.engine.stages.task import Task, normalize

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class Evidence:
    """
    One Bronze object. ``damage`` says why it cannot be trusted; if it is empty, the SHA-256 is
    right.

    ``holds`` says whether the cell was found when the object was read again, and ``value`` is the
    figure.
    """

    kept: BronzeObject
    run_id: str
    damage: str = ""
    holds: bool = False
    value: Decimal | None = None


@frozen(kw_only=True)
class Reader:
    """
    A reader of payloads: a dataset and its normalizer.
    """

    dataset: Dataset = field(repr=False)
    normalizer: Normalizer = field(repr=False)

    def row(
        self, payload: Payload, structures: Sequence[Payload], cell: Cell, record: VintageRecord
    ) -> pa.Table | None:
        """
        Return the cell's row from this payload and the structures that describe its codes; ``None``
        if it has none.
        """
        task = Task(
            source="",
            dataset=attrs.evolve(self.dataset, selection=record.selection),
            vintage=record.vintage,
            normalizer=self.normalizer,
            code="",
            bronze=(),
        )
        try:
            rows = cell.rows_of(normalize(task, (*structures, payload)).table)
        except Exception:  # noqa: BLE001 - made for all payloads of a vintage, it may fail on one alone
            return None
        return rows if len(rows) else None


def evidence_of(
    lake: Lake,
    held: Held,
    cell: Cell,
    reader: Reader | None,
    manifest_of: Callable[[str], Manifest],
) -> tuple[Evidence, ...]:
    """
    Verify every Bronze object of a vintage, and find those that the cell was read from.

    Without a *reader*, as for a dataset that is no longer configured, none is found.

    :raises ContentError: A manifest is missing or damaged.
    """
    records = [
        (origin.run_id, record_in(manifest_of(origin.run_id), held.dataset, origin))
        for origin in held.made_from
    ]
    about = [pair for pair in records if pair[1].selection.covers(cell.selection)]
    return tuple(
        one
        for run_id, record in about or records
        for one in _of_record(lake, run_id, record, cell, reader)
    )


def telling(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """
    Return the relevant objects: those that contain the cell or are damaged, otherwise those that
    may contain it.
    """
    found = tuple(one for one in evidence if one.holds or one.damage)
    return found or tuple(evidence)


def _of_record(
    lake: Lake, run_id: str, record: VintageRecord, cell: Cell, reader: Reader | None
) -> Iterable[Evidence]:
    found: list[Evidence] = []
    intact: list[tuple[int, Payload]] = []
    for kept in record.bronze:
        damage = ""
        try:
            intact.append((len(found), lake.payload(kept)))
        except ContentError as error:
            damage = str(error)
        found.append(Evidence(kept=kept, run_id=run_id, damage=damage))
    structures = [payload for _, payload in intact if payload.structure]
    figures = [(place, payload) for place, payload in intact if not payload.structure]
    for place, payload in _likeliest_first(figures, cell) if reader is not None else ():
        row = reader.row(payload, structures, cell, record) if reader is not None else None
        if row is not None:
            value = _figure(row)
            found[place] = attrs.evolve(found[place], holds=True, value=value)
            break  # a vintage has each cell once
    return found


def _figure(row: pa.Table) -> Decimal | None:
    value = row["obs_value"][0].as_py()
    return None if value is None else as_printed(value, row["decimals"][0].as_py())


def _likeliest_first(
    payloads: Sequence[tuple[int, Payload]], cell: Cell
) -> Iterator[tuple[int, Payload]]:
    """Begin with requests that name the cell's codes, because reading payloads is slow."""
    words = {word for text in cell.key.values() for word in _words(text)}

    def named(pair: tuple[int, Payload]) -> int:
        payload = pair[1]
        asked = {word for text in payload.request.values() for word in _words(text)}
        return -len(words & (asked | _words(payload.name)))

    yield from sorted(payloads, key=named)


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[^0-9a-z]+", text.lower()) if word}
