"""Figures that are written in another way: each agency means something else by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.testing import damage
from statpipe.testing.cells import named, shown
from statpipe.testing.normalizer_contract.fixtures import Figures, NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import cells_or_refusal
from statpipe.testing.wording import broken


class Notations(NormalizerFixtures):
    """
    Figures that are written in another way: each agency means something else by it.
    """

    def test_an_undocumented_notation_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """
        ``(5)`` is a negative figure at one agency and a footnote at another; ``5r`` is a revised
        figure; ``null`` has no meaning.
        """
        for one in self._bendable(payloads, figures, dataset)[:1]:
            for odd, bent in self._bent(one, payloads):
                what = f"{odd} replaces the figure {one.literal}"
                after = cells_or_refusal(normalizer, dataset, bent, what)
                meant = odd in self.notations
                text = self.notations.get(odd)
                wanted = None if text is None else self._read(text, dataset)
                found = after.get(one.key, (None, "left out")) if after is not None else None
                if meant and (found is None or found[0] != wanted):
                    broken(
                        f"for {named(one.key)} the payload says {odd}, and the table says "
                        f"{shown(found[0]) if found else 'nothing: it is refused'}; `notations` says {shown(wanted)}",
                        "read it as the agency documents it, or correct `notations`",
                    )
                if not meant and found is not None:
                    broken(
                        f"for {named(one.key)} the payload says {odd}, and the table says "
                        f"{shown(found[0])} [{found[1]}]",
                        "raise ContentError for a figure that is written in a way that the agency does not document; if "
                        f"it documents it, say in the class what it means: `notations = {{{odd!r}: '-5'}}`, or None",
                    )

    def _bent(
        self, one: damage.Found, payloads: Sequence[Payload]
    ) -> Iterator[tuple[str, tuple[Payload, ...]]]:
        for odd in dict.fromkeys((*damage.NOTATIONS, *self.notations)):
            if odd not in self.markers and odd not in damage.NO_TEXTS:
                yield odd, one.replaced(payloads, odd)
        for odd in damage.NO_TEXTS:
            bare = one.bare(payloads, odd)
            if bare is not None and odd not in self.markers:
                yield odd, bare
