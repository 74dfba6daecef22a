"""Payloads that are none, or of another table, or in another unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from statpipe.api import ContentError, Dataset, Normalizer, Payload
from statpipe.testing import damage
from statpipe.testing.cells import cells_of, differences
from statpipe.testing.normalizer_contract.fixtures import NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import cells_or_refusal, read, silver_of
from statpipe.testing.wording import broken, told

if TYPE_CHECKING:
    import pyarrow as pa


class WrongPayloads(NormalizerFixtures):
    """
    Payloads that are none, or of another table, or in another unit.
    """

    def test_no_payloads_are_refused(self, normalizer: Normalizer, dataset: Dataset) -> None:
        """No payloads do not mean a release without figures."""
        after = cells_or_refusal(normalizer, dataset, (), "there are no payloads")
        if after is not None:
            broken(
                f"without any payload, the normalizer returns a table of {len(after)} rows",
                "raise ContentError if `payloads` is empty",
            )

    def test_an_invalid_payload_is_refused_by_its_name(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Empty, truncated, a web page, or another document."""
        before = silver_of(normalizer, dataset, payloads)
        for bent in damage.not_payloads(payloads):
            error = _refusal(normalizer, dataset, bent, before)
            if error is None:
                continue
            text = str(error)
            where = told(error)
            if not any(p.name in text for p in payloads) and not _statpipe_says(error):
                broken(
                    f"{bent.what}, and the ContentError does not name the payload: {where}",
                    'begin its text with the payload\'s name: f"payload {payload.name}: ..."',
                )

    def test_no_payload_is_skipped(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """There may be any number: an answer in pages will have more of them next year."""
        if not self.reads_all_payloads or not payloads:
            return
        last = payloads[-1]
        more = [
            attrs.evolve(last, name=f"{last.name}-{number}", body=b"\x00 no answer")
            for number in (2, 3)
        ]
        what = f"after {last.name}, two more payloads came that are not answers of the agency"
        if not isinstance(read(normalizer, dataset, [*payloads, *more], what), ContentError):
            broken(
                f"{what}, and the normalizer passes them over",
                "read every payload, or raise ContentError; if it takes payloads by their names, set "
                "`reads_all_payloads = False` in the class",
            )

    def test_a_payload_of_another_table_is_refused(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """If a payload names its table, the name is checked."""
        codes = {area.code for area in dataset.areas} | {one.code for one in dataset.categories}
        naming = [p for p in payloads if damage.says(p, dataset.name)]
        if not self.names_its_table or dataset.name in codes or len(naming) < len(payloads):
            return
        other = attrs.evolve(dataset, name=f"{dataset.name}Z")
        what = (
            f"payload {naming[0].name} says that it is of {dataset.name}, and {other.name} is read"
        )
        if isinstance(read(normalizer, other, payloads, what), ContentError):
            return
        broken(
            f"payload {naming[0].name} says that it is of {dataset.name}, but is accepted as one of "
            f"{other.name}",
            "compare what it says with `dataset.name`, and raise ContentError if they differ; if that "
            "word stands there by chance, set `names_its_table = False` in the class",
        )

    def test_another_unit_is_refused(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """If a payload names the unit of its figures, the unit is checked."""
        units = {one.unit_measure for one in dataset.categories} if self.names_its_units else set()
        before = silver_of(normalizer, dataset, payloads)
        for unit in sorted(units):
            bent = damage.in_another_unit(payloads, unit)
            if bent is None:
                continue
            table = read(normalizer, dataset, bent.payloads, bent.what)
            if isinstance(table, ContentError) or _units(table) != _units(before):
                continue
            broken(
                f"{bent.what}, and the table still says {unit}",
                "compare what it says with the category's `unit_measure`, and raise ContentError if "
                "they differ; if those words stand there by chance, set `names_its_units = False` in "
                "the class",
            )


def _refusal(
    normalizer: Normalizer, dataset: Dataset, bent: damage.Damage, before: pa.Table
) -> ContentError | None:
    """Return the error, or ``None`` if the damage did not affect anything that is read."""
    __tracebackhide__ = True
    result = read(normalizer, dataset, bent.payloads, bent.what)
    if isinstance(result, ContentError):
        return result
    if cells_of(result) != cells_of(before):
        lost = differences(cells_of(before), cells_of(result))
        broken(
            f"{bent.what}, and the normalizer silently returns the rest: {lost}",
            "raise ContentError for a payload that is not what you expect; do not skip it, and do "
            "not catch exceptions to go on with the next",
        )
    return None


def _units(table: pa.Table) -> set[tuple[str, int]]:
    """Return the units and powers of ten in the table."""
    columns = (table["unit_measure"].to_pylist(), table["unit_mult"].to_pylist())
    return set(zip(*columns, strict=True))


def _statpipe_says(error: BaseException) -> bool:
    """
    Return whether statpipe raised the error, and not the normalizer: statpipe only has the table.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals["__name__"].startswith("statpipe.")
