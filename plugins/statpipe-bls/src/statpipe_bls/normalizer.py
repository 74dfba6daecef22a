"""Converts BLS's payloads to figures, with pure functions of their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from statpipe.api import ContentError, Dataset, Normalizer, Payload, selected
from statpipe_bls.observations import chosen, observations_of
from statpipe_bls.records import read_records
from statpipe_bls.structure import described, read_lists
from statpipe_bls.survey import survey_named

if TYPE_CHECKING:
    import pyarrow as pa


class BlsNormalizer(Normalizer):
    """
    Reads answers of the API or flat files, with the lists of codes among the payloads.

    The name of the dataset is the code of the survey.
    """

    def describe(self, dataset: Dataset, payloads: Sequence[Payload]) -> Dataset:
        survey = survey_named(dataset.name)
        return described(dataset, survey, read_lists(survey, payloads))

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        import pyarrow as pa

        survey = survey_named(dataset.name)
        lists = read_lists(survey, payloads)
        tables = []
        for one in (payload for payload in payloads if not payload.structure):
            records = chosen(read_records(one), one, survey, dataset.selection)
            tables.append(observations_of(records, one, survey, lists))
        table = pa.concat_tables(tables) if tables else None
        if table is None or not len(table):
            msg = (
                f"dataset {dataset.name}: no figures in {len(payloads)} payloads; expected those "
                f"of {survey.title}"
            )
            raise ContentError(msg)
        return selected(table, dataset)
