"""Records and payloads that come twice."""

from __future__ import annotations

from collections.abc import Sequence

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.testing import damage
from statpipe.testing.cells import named, shown
from statpipe.testing.normalizer_contract.fixtures import Figures, NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import cells_or_refusal
from statpipe.testing.wording import broken


class Repeats(NormalizerFixtures):
    """
    Records and payloads that come twice.
    """

    def test_a_repeated_record_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Two figures for one key are a mistake, and it is unknown which one is right."""
        found = self._bendable(payloads, figures, dataset)
        for bent in damage.repeated_records(payloads, found):
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and not (self.rows_may_repeat and bent.what.endswith("twice")):
                broken(
                    f"{bent.what}, but the normalizer returns a table",
                    "do not gather rows in a dict by key, and do not drop duplicates: return every "
                    "row that stands in the payload, and statpipe refuses keys that occur twice",
                )

    def test_a_repeated_payload_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """It is unknown whether the first or the last is right."""
        for one in self._bendable(payloads, figures, dataset)[:1]:
            bent = damage.repeated_payload(payloads, one)
            for order in (bent.payloads, bent.payloads[::-1]):
                after = cells_or_refusal(normalizer, dataset, order, bent.what)
                if after is not None:
                    broken(
                        f"{bent.what}, and the table says {shown(after.get(one.key, (None,))[0])} for "
                        f"{named(one.key)}",
                        "read every payload, and return every row: statpipe refuses keys that "
                        "occur twice",
                    )
