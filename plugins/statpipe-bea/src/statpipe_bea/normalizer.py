"""From BEA's payloads to observations, whatever channel brought them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ContentError, Dataset, Normalizer, Payload
from statpipe.domain.seal import duplicate_key
from statpipe_bea.accepted import Accepted
from statpipe_bea.part import Part
from statpipe_bea.read_answers import observations_of_answers
from statpipe_bea.read_csv import observations_of_csv

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class RegionalNormalizer(Normalizer):
    """
    Reads answers of the API (JSON) and files of the zips (CSV, with footnotes as HTML).

    ``titles`` maps category codes to titles that are accepted besides those of the code list, ``units``
    new spellings of units to those of the code list. Lines and areas that the code list does not have
    are returned under the names that are printed.
    """

    titles: Mapping[str, str] = field(factory=dict)
    units: Mapping[str, str] = field(factory=dict)

    version = "2"

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        import pyarrow as pa

        if not payloads:
            raise ContentError(f"dataset {dataset.name}: no payloads; expected at least one")
        by_type: dict[str, list[Payload]] = {}
        for payload in payloads:
            by_type.setdefault(payload.media_type, []).append(payload)
        accepted = Accepted(titles=self.titles, units=self.units)
        if tables := by_type.get("text/csv"):
            notes = by_type.get("text/html", [])
            parts = observations_of_csv(dataset, tables, notes, accepted)
        elif answers := by_type.get("application/json"):
            parts = observations_of_answers(dataset, answers, accepted)
        else:
            first = payloads[0]
            msg = f"payload {first.name}: {first.media_type}; expected JSON or CSV of BEA"
            raise ContentError(msg, payload=first)
        table = pa.concat_tables(
            [part.table for part in parts], promote_options="default"
        ).unify_dictionaries()
        table = table.combine_chunks()
        _refuse_duplicates(table, parts, dataset)
        return dataset.selection.rows_of(table)


def _refuse_duplicates(table: pa.Table, parts: Sequence[Part], dataset: Dataset) -> None:
    twice = duplicate_key(table, dataset)
    if twice is None:
        return
    places = [_where(parts, row) for row in twice]
    key = ", ".join(str(table[name][twice[1]]) for name in ("ref_area", "category", "time_period"))
    msg = (
        f"{places[1]}: a second figure for {key}; the first is at {places[0]}; expected one of each"
    )
    raise ContentError(msg)


def _where(parts: Sequence[Part], row: int) -> str:
    for part in parts:
        if row < len(part.table):
            return part.where(row)
        row -= len(part.table)
    return "payload unknown"
