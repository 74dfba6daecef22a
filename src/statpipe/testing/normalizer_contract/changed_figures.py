"""Changed figures in the payloads: other ones, long ones, and texts that are not figures."""

from __future__ import annotations

from collections.abc import Sequence

from statpipe.api import Dataset, Normalizer, Payload
from statpipe.domain.observation import CELL
from statpipe.testing import damage
from statpipe.testing.cells import cells_of, differences, figure, named, shown
from statpipe.testing.normalizer_contract.fixtures import Figures, NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import cells_or_refusal, silver_of
from statpipe.testing.wording import broken


class ChangedFigures(NormalizerFixtures):
    """
    Changed figures in the payloads: other ones, long ones, and texts that are not figures.
    """

    def test_a_changed_figure_in_the_payload_changes_in_the_table(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Only that figure changes."""
        before = cells_of(silver_of(normalizer, dataset, payloads))
        found = self._bendable(payloads, figures, dataset)
        for one in [one for one in found if one.key in before][:6]:
            for new in (damage.next_figure(one.literal), damage.opposite(one.literal), "0"):
                changed = one.replaced(payloads, new)
                after = cells_or_refusal(
                    normalizer, dataset, changed, f"{one.literal} is now {new}"
                )
                wanted = before | {one.key: (self._read(new, dataset), before[one.key][1])}
                if after is not None and after != wanted:
                    broken(
                        f"the payload says {new} instead of {one.literal} for {named(one.key)}, and "
                        f"compared with that, in the table: {differences(wanted, after)}",
                        "read each figure from its own place in the payload, every time, with its "
                        "sign; zero is a figure",
                    )

    def test_a_long_figure_keeps_every_digit(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """
        Or it is refused, and never rounded. Agencies that publish doubles have no such figures.
        """
        for one in [] if dataset.doubles else self._bendable(payloads, figures, dataset)[:2]:
            for long in (damage.LONG, damage.DEEP):
                bent = one.replaced(payloads, damage.marked(long, self.decimal_mark))
                _keeps(normalizer, dataset, one, long, bent)
            for long in (damage.BARE, damage.DEEP):
                bare = one.bare(payloads, long)
                if bare is not None:
                    _keeps(normalizer, dataset, one, long, bare)

    def test_a_trailing_zero_is_kept(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """It shows the precision of the figure: 7.50 is printed with two decimals."""
        for one in [] if dataset.doubles else self._bendable(payloads, figures, dataset)[:2]:
            printed = damage.marked("7.50", self.decimal_mark)
            bent = one.replaced(payloads, printed)
            if cells_or_refusal(normalizer, dataset, bent, f"{one.literal} is now {printed}"):
                table = silver_of(normalizer, dataset, bent).select([*CELL, "decimals"])
                places = {
                    tuple(row[:-1]): row[-1]
                    for row in zip(*table.to_pydict().values(), strict=True)
                }
                if places.get(one.key) != 2:
                    broken(
                        f"the payload says {printed} for {named(one.key)}, and the table says that it is printed with "
                        f"{places.get(one.key)} decimals",
                        "pass what exact() returns as it is, without normalize(), quantize() or arithmetic; in a table of your "
                        "own, give the column `decimals`",
                    )

    def test_a_figure_that_is_not_a_number_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """
        An unknown marker is neither a missing figure nor a zero, and its row must not be left out.
        """
        for one in self._bendable(payloads, figures, dataset)[:3]:
            for junk in (damage.marked(text, self.decimal_mark) for text in damage.JUNK):
                bent = one.replaced(payloads, junk)
                what = f"{junk!r} replaces the figure {one.literal}"
                after = cells_or_refusal(normalizer, dataset, bent, what)
                if after is not None:
                    found = after.get(one.key)
                    became = (
                        "its row is left out"
                        if found is None
                        else f"the table says {shown(found[0])} [{found[1]}]"
                    )
                    broken(
                        f"for {named(one.key)} the payload says {junk!r}, and {became}",
                        "list the markers that the agency documents; for any other text raise "
                        "ContentError that names payload, place and what was expected",
                    )

    def test_an_undocumented_marker_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """
        Only the agency can say why a figure is missing: a blank does not mean suppressed, and a
        dash does not mean zero.
        """
        for one in self._bendable(payloads, figures, dataset)[:2]:
            for marker in damage.MARKERS:
                if marker in self.markers:
                    continue
                bent = one.replaced(payloads, marker)
                what = f"{marker!r} replaces the figure {one.literal}"
                after = cells_or_refusal(normalizer, dataset, bent, what)
                if after is not None:
                    value, status = after.get(one.key, (None, "left out"))
                    broken(
                        f"for {named(one.key)} the payload says {marker!r}, and the table says "
                        f"{shown(value)} [{status}]",
                        "raise ContentError for a marker that the agency does not document; if it "
                        f"documents {marker!r}, name it in the class: `markers = "
                        f"frozenset({{{marker!r}}})`",
                    )

    def test_a_misplaced_separator_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """
        A comma that is now a decimal point would silently make a figure a hundred times larger.
        """
        for one in self._bendable(payloads, figures, dataset)[:2]:
            for odd in (damage.marked(text, self.decimal_mark) for text in damage.MISGROUPED):
                bent = one.replaced(payloads, odd)
                what = f"{odd!r} replaces the figure {one.literal}"
                after = cells_or_refusal(normalizer, dataset, bent, what)
                if after is not None:
                    found = after.get(one.key, (None, ""))[0]
                    broken(
                        f"for {named(one.key)} the payload says {odd!r}, and the table says "
                        f"{shown(found)}",
                        "take out marks between thousands only where three digits stand behind each, "
                        "and raise ContentError for anything else",
                    )


def _keeps(
    normalizer: Normalizer,
    dataset: Dataset,
    one: damage.Found,
    number: str,
    changed: Sequence[Payload],
) -> None:
    __tracebackhide__ = True
    what = f"{one.literal} is now {number}"
    after = cells_or_refusal(normalizer, dataset, changed, what)
    found = after.get(one.key, (None, ""))[0] if after is not None else None
    if after is not None and found != figure(number):
        broken(
            f"the payload says {number} for {named(one.key)}, and the table says {shown(found)}",
            "let the figure never be a float: decimal.Decimal(text), and "
            "json.loads(body, parse_float=Decimal) where JSON prints numbers without quotes",
        )
