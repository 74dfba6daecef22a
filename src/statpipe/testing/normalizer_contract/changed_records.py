"""Records that the agency changes: new codes, many more of them, fields with other names."""

from __future__ import annotations

from collections.abc import Sequence

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.testing import damage, records
from statpipe.testing.cells import cells_of, differences, named
from statpipe.testing.normalizer_contract.fixtures import Figures, NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import cells_or_refusal, silver_of
from statpipe.testing.reordered import reordered
from statpipe.testing.wording import broken, not_tested


class ChangedRecords(NormalizerFixtures):
    """
    Records that the agency changes: new codes, many more of them, fields with other names.
    """

    def test_a_new_code_is_not_left_out(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """A new area, or a new code of an area, is noticed."""
        found = self._bendable(payloads, figures, dataset)
        if self.leaves_out_unknown:
            not_tested("leaves_out_unknown is True", "leave it out if each code is to be noticed")
        new = [*records.unknown_codes(payloads, found), *records.composite_codes(payloads, found)]
        if not new:
            not_tested(
                "no area and no category of the fixture `figures` occurs in the payloads as in the key",
                "an example in which it does; or try by hand what a new code becomes",
            )
        for one, code, bent in new:
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            loaded = after is not None and any(code in part for key in after for part in key)
            if after is not None and one.key not in after and not loaded:
                broken(
                    f"{bent.what} in the payloads, and the row of the figure {one.literal} is left out",
                    "return a row for whatever is printed: statpipe refuses codes that the dataset does "
                    "not list; to leave some out on purpose set `leaves_out_unknown = True` in the "
                    "class",
                )
            if after is not None and one.key in after and not loaded:
                broken(
                    f"{bent.what} in the payloads, and the figure {one.literal} is still read as that of "
                    f"{named(one.key)}",
                    "compare whole codes: cut nothing off, and look for no part of them",
                )

    def test_an_invalid_period_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """A day is no month, and an average over all periods is none of them."""
        for one, bent in records.odd_periods(payloads, self._bendable(payloads, figures, dataset)):
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is None or not self.complete:
                continue
            if one.key in after:
                broken(
                    f"{bent.what}, and the figure {one.literal} is still read as that of {named(one.key)}",
                    "read the whole text of a period: cut nothing off, and match all of it (re.fullmatch)",
                )
            if len(after) < len(figures) and not self.leaves_out_unknown:
                broken(
                    f"{bent.what}, and the row of the figure {one.literal} is left out",
                    "raise ContentError for a period that you do not know; to leave some out on purpose set "
                    "`leaves_out_unknown = True` in the class",
                )

    def test_records_in_another_order_give_the_same_table(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Each record identifies itself: the agency may change their order."""
        before = cells_of(silver_of(normalizer, dataset, payloads))
        found, bent = self._bendable(payloads, figures, dataset), None
        for bent in reordered(payloads, found, dataset):
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and after != before:
                broken(
                    f"{bent.what}, and the table changes: {differences(before, after)}",
                    "read area, category and period of each record out of it; do not count records, and do not "
                    "take the area of the one before",
                )
        if bent is None:
            not_tested(
                "no two records of the example say by themselves what their figures are of",
                "an example in which they do, if the agency's records do",
            )

    def test_many_records_are_read_to_the_end(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """The example is small, but the agency's answers are not."""
        found = self._bendable(payloads, figures, dataset)
        if dataset.selection.periods is not None:
            not_tested(
                "the dataset of the fixture is narrowed to some periods",
                "a dataset of all periods, so that more of them can be put into the payloads",
            )
        for keys, bent in records.many_years(payloads, found):
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and any(key not in after for key in keys):
                lost = [key for key in keys if key not in after]
                broken(
                    f"{bent.what}, and {len(lost)} of them are not in the table, such as "
                    f"{named(lost[0])}",
                    "read every record; cut nothing off, and take every period that is printed",
                )

    def test_a_renamed_field_is_not_lost_silently(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Neither is a field that is left out of a record."""
        before = cells_of(silver_of(normalizer, dataset, payloads))
        for name, bent in damage.renamed_fields(payloads, self.optional_fields):
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is None or after == before:
                continue
            follows = any(damage.SUFFIX in part for key in after for part in key)
            if follows and sorted(map(repr, after.values())) == sorted(map(repr, before.values())):
                continue  # the field's name is itself a code
            broken(
                f"{bent.what}, and the table changes silently: {differences(before, after)}",
                f"do not read it with a default (`.get({name!r}, ...)`): if it does not exist, "
                "raise ContentError; list it in `optional_fields` only if its absence says "
                "something",
            )
        if not self.figures_are_text:
            return
        found = self._bendable(payloads, figures, dataset)
        for one, bent in damage.fields_left_out(payloads, found, self.optional_fields):
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and after.get(one.key) != before.get(one.key):
                broken(
                    f"{bent.what}, and the table changes silently: {differences(before, after)}",
                    "raise ContentError for a record that lacks a field; list the field in "
                    "`optional_fields` only if its absence says something",
                )
