"""Whatever may happen to a payload, anywhere in it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.testing import damage
from statpipe.testing.normalizer_contract.fixtures import NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import cells_or_refusal, read, silver_of
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import broken


class AnyDamage(NormalizerFixtures):
    """
    Whatever may happen to a payload, anywhere in it.
    """

    @thorough
    def test_any_payload_is_read_or_refused(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Any damage gives ``ContentError`` or a valid table, and never another exception."""
        silver_of(normalizer, dataset, payloads)

        def arrive(bent: damage.Damage) -> None:
            after = cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and not after:
                broken(
                    f"{bent.what}, and the table comes back empty, without an error",
                    "raise ContentError if no figure is left",
                )

        for each in damage.each_place(payloads):
            arrive(each)

        @settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(bent=damage.any_damage(payloads))
        def arrives(bent: damage.Damage) -> None:
            arrive(bent)

        arrives()

    def test_text_that_cannot_be_decoded_is_not_replaced(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Otherwise, text is lost silently."""
        silver_of(normalizer, dataset, payloads)
        for bent in damage.odd_texts(payloads, self.encoding):
            read(normalizer, dataset, bent.payloads, bent.what)
