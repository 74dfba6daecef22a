"""Converts BEA's payloads of any channel to observations: decode, structure, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ContentError, Dataset, Normalizer, Payload
from statpipe.domain.seal import duplicate_key
from statpipe_bea.answers import decoded_answers
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.csv_tables import decoded_csv, footnotes
from statpipe_bea.decoded import Decoded
from statpipe_bea.line_lists import is_line_list, listed_lines
from statpipe_bea.observations import observations
from statpipe_bea.structure import check_titles, numbers_on_record, selection_of, structure_of
from statpipe_bea.wording import Accepted

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(kw_only=True)
class RegionalNormalizer(Normalizer):
    """
    Reads answers of the API (JSON) and files of the zips (CSV, with footnotes as HTML).

    ``titles`` maps category codes to titles that are accepted besides those of the code list,
    ``units`` new spellings of units to those of the code list. Lines and areas that are not in the
    code list are returned as printed.
    """

    titles: Mapping[str, str] = field(factory=dict)
    units: Mapping[str, str] = field(factory=dict)

    version = "3"

    def describe(self, dataset: Dataset, payloads: Sequence[Payload]) -> Dataset:
        """
        Refuse lists of lines that contradict the code list, before any figure is read.

        The code list says more about a line than BEA's list does, which has neither units nor
        parents. So the dataset is returned unchanged, and new lines are described from list and
        rows together.
        """
        # Price tables have no recorded line numbers, so their lists cannot contradict the code
        # list.
        codes = numbers_on_record(dataset)
        check_titles(dataset, codes, _listed(payloads), self._accepted())
        return dataset

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        import pyarrow as pa

        decoded = _decoded(dataset, payloads)
        listed = _listed(payloads) or [
            one for part in decoded for one in part.titles if not one.led
        ]
        structure = structure_of(dataset, listed, decoded, self._accepted())
        tables = [observations(part, dataset, structure) for part in decoded]
        table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        table = table.combine_chunks()
        _refuse_duplicates(table, decoded, dataset)
        return selection_of(dataset, structure).rows_of(table)

    def _accepted(self) -> Accepted:
        return Accepted(titles=self.titles, units=self.units)


def _decoded(dataset: Dataset, payloads: Sequence[Payload]) -> list[Decoded]:
    """Read the payloads with figures: the files if there are any, otherwise the answers."""
    if not payloads:
        raise ContentError(f"dataset {dataset.name}: no payloads; expected at least one")
    by_type: dict[str, list[Payload]] = {}
    for payload in payloads:
        if not is_line_list(payload):
            by_type.setdefault(payload.media_type, []).append(payload)
    if tables := by_type.get("text/csv"):
        notes: dict[str, str] = {}
        for page in by_type.get("text/html", []):
            notes |= footnotes(page)
        return [decoded_csv(payload, notes, dataset) for payload in tables]
    if answers := by_type.get("application/json"):
        return decoded_answers(answers, dataset.name)
    first = payloads[0]
    what = "a list of lines" if is_line_list(first) else first.media_type
    msg = f"payload {first.name}: {what}; expected figures in JSON or CSV of BEA"
    raise ContentError(msg, payload=first)


def _listed(payloads: Sequence[Payload]) -> list[PrintedLine]:
    return [line for payload in payloads if is_line_list(payload) for line in listed_lines(payload)]


def _refuse_duplicates(table: pa.Table, decoded: Sequence[Decoded], dataset: Dataset) -> None:
    twice = duplicate_key(table, dataset)
    if twice is None:
        return
    places = [_where(decoded, row) for row in twice]
    key = ", ".join(str(table[name][twice[1]]) for name in ("ref_area", "category", "time_period"))
    msg = (
        f"{places[1]}: a second figure for {key}; the first is at {places[0]}; expected one of each"
    )
    raise ContentError(msg)


def _where(decoded: Sequence[Decoded], row: int) -> str:
    for part in decoded:
        if row < len(part.texts):
            return part.where(row)
        row -= len(part.texts)
    return "payload unknown"
