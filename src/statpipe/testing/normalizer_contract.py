"""What every normalizer promises."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from statpipe.api import ContentError, Dataset, Normalizer, Payload, Selection
from statpipe.domain.canonical import content_hash
from statpipe.domain.observation import CELL, NORMAL
from statpipe.domain.seal import seal
from statpipe.domain.wrong_text import wrong_text_refused
from statpipe.testing import damage, records
from statpipe.testing.cells import Key, cells_of, differences, figure, named, shown
from statpipe.testing.other_process import normalized_elsewhere
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, foreseen, missing, told

if TYPE_CHECKING:
    import pyarrow as pa

Figures = Mapping[Key, str | None]
"""Area, category and period -> figure as the agency prints it, ``None`` where it shows none."""

_VINTAGE = "2000-01-01"
_TELLING = 2
"""So many figures of an example at least can be told from one another."""
_STATUSES = frozenset("ABDEFGHIJKLMNOPQSUVWX")
"""SDMX CL_OBS_STATUS, versions 2.1 and 2.2."""


class NormalizerContract:
    """
    A normalizer is pure, exact, and refuses what it does not understand.

    Inherit it in a class whose name begins with ``Test`` and override four fixtures::

        class TestTeaNormalizer(NormalizerContract):
            @pytest.fixture
            def normalizer(self):              # the object under test
                return TeaNormalizer()

            @pytest.fixture
            def dataset(self):                 # what the source says about the figures
                return TEA

            @pytest.fixture
            def payloads(self):                # a small good answer of the agency, as it really came
                return [Payload(name="CAL", body=b'...')]

            @pytest.fixture
            def figures(self):                 # every figure in it, read by eye, as printed
                return {("CAL", "fine", "2024-01"): "1,852.25",
                        ("CAL", "dust", "2024-01"): None}

    Keep the example small and telling: two areas, two categories, two periods, figures that all
    differ, one that the agency does not show (``None``), a negative one and a zero if there are such.
    Its figures are bent, its fields renamed, its bytes cut, and the normalizer has to notice: it
    raises ``ContentError``, or returns a table that is right.

    A fixture more is worth its lines: ``marks``, what is special about figures of the example, by key:
    ``obs_status`` and ``source_symbol``, such as ``{("CAL", "dust", "2024-01"): ("Q", "(D)")}``. All
    others are then expected to be normal.

    Class attributes, for the exceptions from the rule:

    - ``complete = False``: ``figures`` names only some of the figures of the payloads.
    - ``optional_fields``: names of fields whose absence says something by itself, such as the field of
      a footnote mark; leaving them out or renaming them cannot be noticed.
    - ``rows_may_repeat = True``: the agency is known to print the same record twice.
    - ``markers``: what the agency documents in place of a figure it does not show, such as
      ``frozenset({"..", "-"})``. Of the usual ones, any other has to be refused.
    - ``decimal_mark = ","``: the agency prints 1.852,25 or 1 852,25; write ``figures`` like that too.
    - ``names_its_table = False``: the dataset's name stands in the payloads by chance, and does not say
      which table they are of.
    - ``names_its_units = False``: the unit of a category stands in the payloads by chance, and does not
      say what the figures are in.
    - ``leaves_out_unknown = True``: the agency prints areas or categories that are left out on purpose,
      so that a code that the dataset does not list is no reason to refuse a payload.
    - ``figures_are_text = False``: the payloads are binary, so figures cannot be found and bent in
      them. Four promises then go untested.
    - ``examples``: how many damaged payloads Hypothesis draws, on top of those in which each place is bent.
    """

    complete: ClassVar[bool] = True
    optional_fields: ClassVar[frozenset[str]] = frozenset()
    rows_may_repeat: ClassVar[bool] = False
    markers: ClassVar[frozenset[str]] = frozenset()
    decimal_mark: ClassVar[str] = "."
    names_its_table: ClassVar[bool] = True
    names_its_units: ClassVar[bool] = True
    leaves_out_unknown: ClassVar[bool] = False
    figures_are_text: ClassVar[bool] = True
    examples: ClassVar[int] = 100

    @pytest.fixture
    def normalizer(self) -> Normalizer:
        """Override: the normalizer."""
        missing(self, "normalizer", "the normalizer under test")

    @pytest.fixture
    def dataset(self) -> Dataset:
        """Override: the dataset whose payloads are read, as the source declares it."""
        missing(self, "dataset", "the Dataset that the source declares for these payloads")

    @pytest.fixture
    def payloads(self) -> Sequence[Payload]:
        """Override: a small good answer of the agency."""
        missing(self, "payloads", "a list of Payload: a small answer of the agency, as it came")

    @pytest.fixture
    def figures(self) -> Figures:
        """Override: every figure of the payloads, read by eye."""
        missing(self, "figures", "every figure of the payloads by its key, as the agency prints it")

    @pytest.fixture
    def marks(self) -> Mapping[Key, tuple[str, str | None]] | None:
        """Override, if you like: obs_status and source_symbol of the figures that are special."""
        return None

    # --- what is read ----------------------------------------------------------------------------

    def test_the_example_is_read_as_the_agency_prints_it(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Exact, complete, and nothing that is missing has become a number."""
        cells = cells_of(self._sealed(normalizer, dataset, payloads))
        expected = self._expected(figures, dataset)
        for key, value in expected.items():
            if key not in cells:
                broken(
                    f"the payloads hold a figure for {named(key)}, and the table has no such row",
                    "return a row for each figure, also for one that is missing; raise ContentError "
                    "for a row that you cannot read, never leave it out",
                )
            found, status = cells[key]
            if value is None and found is not None:
                broken(
                    f"the agency shows no figure for {named(key)}, and the table says {shown(found)}",
                    "give None as obs_value and say why in obs_status (Q suppressed, O missing); a "
                    "missing figure is never a zero",
                )
            if found != value:
                broken(
                    f"the agency prints {shown(value)} for {named(key)}, and the table says "
                    f"{shown(found)}",
                    "read the printed text with statpipe.api.exact: its sign, its marks, no float(), no "
                    "rounding, no other unit; and look whether it is of this period and category",
                )
            if status not in _STATUSES:
                broken(
                    f"{named(key)} has the obs_status {status!r}",
                    "take a code of SDMX CL_OBS_STATUS, such as A, P, E, O or Q",
                )
        more = sorted(set(cells) - set(expected))
        if self.complete and more:
            broken(
                f"the table has {len(more)} rows that the fixture `figures` does not name, such as "
                f"{named(more[0])}: {shown(cells[more[0]][0])}",
                "name every figure of the payloads, or set `complete = False` in the class; if there "
                "is no such figure in the payloads, the normalizer makes it up",
            )

    def test_a_figure_is_marked_as_the_agency_marks_it(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        marks: Mapping[Key, tuple[str, str | None]] | None,
    ) -> None:
        """Suppressed is not missing, and provisional not final."""
        if marks is None:
            return
        table = self._sealed(normalizer, dataset, payloads)
        columns = [*CELL, "obs_status", "source_symbol"]
        for row in zip(*(table[name].to_pylist() for name in columns), strict=True):
            key, found = tuple(row[:-2]), tuple(row[-2:])
            wanted = marks.get(key, (NORMAL, None))
            if found != wanted:
                broken(
                    f"{named(key)} has (obs_status, source_symbol) {found}; expected {wanted}",
                    "take the code of SDMX CL_OBS_STATUS that fits what the agency says of its marker "
                    "(Q suppressed, O missing, P provisional), and keep the marker as printed",
                )

    def test_the_table_fits_silver(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Columns, exact types, one row a key, and a reason for each missing figure."""
        import pyarrow as pa

        table = self._table(normalizer, dataset, payloads)
        if not isinstance(table, pa.Table):
            broken(
                f"normalize returned {type(table).__name__}",
                "return a pyarrow.Table; statpipe.api.observations_from_rows makes one of mappings",
            )
        kind = table.schema.field("obs_value").type if "obs_value" in table.column_names else None
        if kind is not None and pa.types.is_floating(kind):
            broken(
                f"column obs_value is {kind}, a binary float, which cannot hold a figure exactly",
                "make it decimal: read the printed text with decimal.Decimal (json.loads has "
                "parse_float=Decimal), or hand it on as text",
            )
        sealed = self._sealed(normalizer, dataset, payloads)
        if not len(sealed):
            broken("the example gives a table without rows", "read the figures of the payloads")
        for key, (value, status) in cells_of(sealed).items():
            if value is None and status == NORMAL:
                broken(
                    f"{named(key)} has no figure and no reason",
                    "give the reason in obs_status: O missing, Q suppressed",
                )

    def test_only_what_is_selected_is_returned(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """A dataset narrowed to an area, a category or a period gives these rows and no others."""
        whole = self._sealed(normalizer, dataset, payloads)
        area, category, period = next(iter(self._expected(figures, dataset)))[:3]
        for what, selection in (
            ("area", Selection(areas=(area,))),
            ("category", Selection(categories=(category,))),
            ("period", Selection(periods=(period,))),
        ):
            narrow = attrs.evolve(dataset, selection=selection)
            some = cells_of(self._sealed(normalizer, narrow, payloads))
            wanted = cells_of(selection.rows_of(whole))
            if some != wanted:
                broken(
                    f"with a selection of one {what}, the rows are not those of this {what}: "
                    f"{differences(wanted, some)}",
                    "end with `return dataset.selection.rows_of(table)`",
                )

    # --- purity ----------------------------------------------------------------------------------

    def test_the_same_payloads_give_the_same_table(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Again, by a copy of the object, and in another order."""
        first = self._sealed(normalizer, dataset, payloads)
        later = [attrs.evolve(one, retrieved=datetime(2031, 5, 6, tzinfo=UTC)) for one in payloads]
        for what, order in (
            ("a second time", list(payloads)),
            ("when they were received on another day", later),
            ("in another order", list(reversed(payloads))),
            ("a third time", list(payloads)),
        ):
            again = self._sealed(normalizer, dataset, order)
            if content_hash(again) != content_hash(first):
                detail = differences(cells_of(first), cells_of(again))
                broken(
                    f"the same payloads, read {what}, give another table: "
                    f"{detail or 'other names or notes'}",
                    "keep nothing from call to call, use no clock, no chance and no "
                    "`payload.retrieved`, and do not let the order of payloads or of a set decide",
                )

    def test_nothing_but_the_payloads_is_looked_at(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """No clock, no chance, no environment, no file, no network."""
        self._table(normalizer, dataset, payloads)  # what is loaded once is loaded now
        with watched(normalizer) as watch:
            self._table(normalizer, dataset, payloads)
        if watch.looks:
            look = watch.looks[0]
            where = f" at {look.where}" if look.where else ""
            broken(
                f"the normalizer looks at the {look.kind}: {look.what}{where}",
                "make the table from the payloads and the dataset alone; what else is needed belongs "
                "into the settings, the dataset or the payload (`payload.request`)",
            )

    def test_another_process_makes_the_same_table(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """With other hashes of strings, another time zone and another day."""
        here = content_hash(self._sealed(normalizer, dataset, payloads))
        try:
            answers = normalized_elsewhere(normalizer, dataset, payloads)
        except Exception as error:  # noqa: BLE001 - whatever pickle raises
            broken(
                f"the normalizer cannot be sent to another process: {told(error)}",
                "define its class at the top of a module and keep open files, locks, connections and "
                "lambdas out of its attributes",
            )
        for there in answers:
            if there.problem:
                broken(
                    f"in another process, normalizing fails: {there.problem}",
                    "make the normalizer picklable and its module importable, and use no global state",
                )
            if there.hashed != here:
                broken(
                    "another process, with another PYTHONHASHSEED, time zone and day, makes another table "
                    "of the same payloads",
                    "sort what comes out of a set or a dict of hashes, use no hash(), no clock, no chance, "
                    "and no local time",
                )

    def test_payloads_and_dataset_stay_as_they_are(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """What goes in is not changed."""
        given_payloads = list(payloads)
        before = copy.deepcopy((dataset, given_payloads))
        self._table(normalizer, dataset, given_payloads)
        if (dataset, given_payloads) != before:
            broken(
                "the normalizer changes the payloads or the dataset that it was given",
                "work on a copy: the engine keeps these payloads and shows them to others",
            )

    def test_it_has_a_version(self, normalizer: Normalizer) -> None:
        """So that a change of code makes anew what depends on it."""
        if not isinstance(normalizer.version, str) or not normalizer.version:
            broken(
                f"version is {normalizer.version!r}",
                'set `version = "1"`, and raise it when the same payloads give another table',
            )

    # --- figures that change ---------------------------------------------------------------------

    def test_a_figure_that_changes_in_the_payload_changes_in_the_table(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """That one, and no other."""
        before = cells_of(self._sealed(normalizer, dataset, payloads))
        found = self._bendable(payloads, figures, dataset)
        for one in [one for one in found if one.key in before][:6]:
            for new in (damage.next_figure(one.literal), damage.opposite(one.literal), "0"):
                changed = one.replaced(payloads, new)
                after = self._cells_or_refusal(
                    normalizer, dataset, changed, f"{one.literal} is now {new}"
                )
                wanted = before | {one.key: (figure(new, self.decimal_mark), before[one.key][1])}
                if after is not None and after != wanted:
                    broken(
                        f"the payload says {new} instead of {one.literal} for {named(one.key)}, and "
                        f"compared with that, in the table: {differences(wanted, after)}",
                        "read each figure from its own place in the payload, every time, with its "
                        "sign; zero is a figure",
                    )

    def test_a_long_figure_is_kept_to_its_last_digit(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Or refused; never rounded."""
        long = damage.marked(damage.LONG, self.decimal_mark)
        for one in self._bendable(payloads, figures, dataset)[:2]:
            self._keeps(normalizer, dataset, one, damage.LONG, one.replaced(payloads, long))
            bare = one.bare(payloads, damage.BARE)
            if bare is not None:
                self._keeps(normalizer, dataset, one, damage.BARE, bare)

    def _keeps(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        one: damage.Found,
        number: str,
        changed: Sequence[Payload],
    ) -> None:
        __tracebackhide__ = True
        what = f"{one.literal} is now {number}"
        after = self._cells_or_refusal(normalizer, dataset, changed, what)
        found = after.get(one.key, (None, ""))[0] if after is not None else None
        if after is not None and found != figure(number):
            broken(
                f"the payload says {number} for {named(one.key)}, and the table says "
                f"{shown(found)}",
                "let the figure never be a float: decimal.Decimal(text), and "
                "json.loads(body, parse_float=Decimal) where JSON prints numbers without quotes",
            )

    def test_a_figure_that_is_no_number_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """An unknown marker is neither a missing figure nor a zero, and no row to leave out."""
        for one in self._bendable(payloads, figures, dataset)[:3]:
            for junk in (damage.marked(text, self.decimal_mark) for text in damage.JUNK):
                bent = one.replaced(payloads, junk)
                what = f"{junk!r} stands in place of the figure {one.literal}"
                after = self._cells_or_refusal(normalizer, dataset, bent, what)
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

    def test_a_marker_that_the_agency_does_not_document_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Why there is no figure is the agency's to say: a blank is no suppression, a dash no zero."""
        for one in self._bendable(payloads, figures, dataset)[:2]:
            for marker in damage.MARKERS:
                if marker in self.markers:
                    continue
                bent = one.replaced(payloads, marker)
                what = f"{marker!r} stands in place of the figure {one.literal}"
                after = self._cells_or_refusal(normalizer, dataset, bent, what)
                if after is not None:
                    value, status = after.get(one.key, (None, "left out"))
                    broken(
                        f"for {named(one.key)} the payload says {marker!r}, and the table says "
                        f"{shown(value)} [{status}]",
                        "raise ContentError for a marker that the agency does not document; if it "
                        f"documents {marker!r}, name it in the class: `markers = "
                        f"frozenset({{{marker!r}}})`",
                    )

    def test_a_mark_in_the_wrong_place_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """A comma that is a point today makes a figure a hundred times as large, and says nothing."""
        for one in self._bendable(payloads, figures, dataset)[:2]:
            for odd in (damage.marked(text, self.decimal_mark) for text in damage.MISGROUPED):
                bent = one.replaced(payloads, odd)
                what = f"{odd!r} stands in place of the figure {one.literal}"
                after = self._cells_or_refusal(normalizer, dataset, bent, what)
                if after is not None:
                    found = after.get(one.key, (None, ""))[0]
                    broken(
                        f"for {named(one.key)} the payload says {odd!r}, and the table says "
                        f"{shown(found)}",
                        "take out marks between thousands only where three digits stand behind each, "
                        "and raise ContentError for anything else",
                    )

    # --- payloads that are none ------------------------------------------------------------------

    def test_no_payloads_are_refused(self, normalizer: Normalizer, dataset: Dataset) -> None:
        """Nothing that arrived is not a release without figures."""
        after = self._cells_or_refusal(normalizer, dataset, (), "there are no payloads")
        if after is not None:
            broken(
                f"without any payload, the normalizer returns a table of {len(after)} rows",
                "raise ContentError if `payloads` is empty",
            )

    def test_a_payload_that_is_none_is_refused_by_its_name(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Empty, cut off, a web page, another document."""
        before = self._sealed(normalizer, dataset, payloads)
        for bent in damage.not_payloads(payloads):
            error = self._refusal(normalizer, dataset, bent, before)
            if error is None:
                continue
            text = str(error)
            where = told(error)
            if not any(p.name in text for p in payloads) and not _statpipe_says(error):
                broken(
                    f"{bent.what}, and the ContentError does not name the payload: {where}",
                    'begin its text with the payload\'s name: f"payload {payload.name}: ..."',
                )

    def test_a_payload_of_another_table_is_refused(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Where a payload says which table it is of, that is looked at."""
        codes = {area.code for area in dataset.areas} | {one.code for one in dataset.categories}
        naming = [p for p in payloads if damage.says(p, dataset.name)]
        if not self.names_its_table or dataset.name in codes or len(naming) < len(payloads):
            return
        other = attrs.evolve(dataset, name=f"{dataset.name}Z")
        what = (
            f"payload {naming[0].name} says that it is of {dataset.name}, and {other.name} is read"
        )
        if isinstance(self._read(normalizer, other, payloads, what), ContentError):
            return
        broken(
            f"payload {naming[0].name} says that it is of {dataset.name}, and is taken for one of "
            f"{other.name} all the same",
            "compare what it says with `dataset.name`, and raise ContentError if they differ; if that "
            "word stands there by chance, set `names_its_table = False` in the class",
        )

    def test_another_unit_is_refused(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Where a payload says what its figures are in, that is looked at."""
        units = {one.unit_measure for one in dataset.categories} if self.names_its_units else set()
        before = self._sealed(normalizer, dataset, payloads)
        for unit in sorted(units):
            bent = damage.in_another_unit(payloads, unit)
            if bent is None:
                continue
            table = self._read(normalizer, dataset, bent.payloads, bent.what)
            if isinstance(table, ContentError) or _units(table) != _units(before):
                continue
            broken(
                f"{bent.what}, and the table still says {unit}",
                "compare what it says with the category's `unit_measure`, and raise ContentError if "
                "they differ; if those words stand there by chance, set `names_its_units = False` in "
                "the class",
            )

    def test_a_code_that_is_new_is_not_left_out(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """An agency that adds an area, or gives it another code, is noticed."""
        if self.leaves_out_unknown or not self.figures_are_text:
            return
        found = self._bendable(payloads, figures, dataset)
        for one, code, bent in records.unknown_codes(payloads, found):
            after = self._cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and one.key not in after and not any(code in key for key in after):
                broken(
                    f"{bent.what} in the payloads, and the row of the figure {one.literal} is left out",
                    "return a row for whatever is printed: statpipe refuses codes that the dataset does "
                    "not list; to leave some out on purpose set `leaves_out_unknown = True` in the "
                    "class",
                )

    def test_more_of_the_same_is_read_to_the_end(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """The example is small; what the agency sends is not."""
        if not self.figures_are_text or dataset.selection.periods is not None:
            return
        found = self._bendable(payloads, figures, dataset)
        for keys, bent in records.many_years(payloads, found):
            after = self._cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and any(key not in after for key in keys):
                lost = [key for key in keys if key not in after]
                broken(
                    f"{bent.what}, and {len(lost)} of them are not in the table, such as "
                    f"{named(lost[0])}",
                    "read every record; cut nothing off, and take every period that is printed",
                )

    def test_a_renamed_field_is_not_lost_quietly(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Nor is one that is left out of a record."""
        before = cells_of(self._sealed(normalizer, dataset, payloads))
        for name, bent in damage.renamed_fields(payloads, self.optional_fields):
            after = self._cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is None or after == before:
                continue
            follows = any(damage.SUFFIX in part for key in after for part in key)
            if follows and sorted(map(repr, after.values())) == sorted(map(repr, before.values())):
                continue  # the field's name is itself a code
            broken(
                f"{bent.what}, and the table changes without a word: {differences(before, after)}",
                f"do not read it with a default (`.get({name!r}, ...)`): if it is not there, raise "
                "ContentError; list it in `optional_fields` only if its absence says something",
            )
        if not self.figures_are_text:
            return
        found = self._bendable(payloads, figures, dataset)
        for one, bent in damage.fields_left_out(payloads, found, self.optional_fields):
            after = self._cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and after.get(one.key) != before.get(one.key):
                broken(
                    f"{bent.what}, and the table changes without a word: {differences(before, after)}",
                    "raise ContentError for a record that lacks a field; list the field in "
                    "`optional_fields` only if its absence says something",
                )

    def test_a_record_that_stands_twice_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Two figures for one key are a fault of somebody; which one is right cannot be known."""
        found = self._bendable(payloads, figures, dataset)
        for bent in damage.repeated_records(payloads, found):
            after = self._cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
            if after is not None and not (self.rows_may_repeat and bent.what.endswith("twice")):
                broken(
                    f"{bent.what}, and the normalizer returns a table all the same",
                    "do not gather rows in a dict by key, and do not drop duplicates: return every "
                    "row that stands in the payload, and statpipe refuses keys that stand twice",
                )

    def test_a_payload_that_comes_twice_is_refused(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Neither the first nor the last is the right one."""
        for one in self._bendable(payloads, figures, dataset)[:1]:
            bent = damage.repeated_payload(payloads, one)
            for order in (bent.payloads, bent.payloads[::-1]):
                after = self._cells_or_refusal(normalizer, dataset, order, bent.what)
                if after is not None:
                    broken(
                        f"{bent.what}, and the table says {shown(after.get(one.key, (None,))[0])} for "
                        f"{named(one.key)}",
                        "read every payload, and return every row: statpipe refuses keys that stand "
                        "twice",
                    )

    def test_whatever_arrives_is_read_or_refused(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Any damage gives ``ContentError`` or a valid table; never another exception."""
        self._sealed(normalizer, dataset, payloads)

        def arrive(bent: damage.Damage) -> None:
            after = self._cells_or_refusal(normalizer, dataset, bent.payloads, bent.what)
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
        """What stands there is lost otherwise, and nobody knows."""
        self._sealed(normalizer, dataset, payloads)
        for bent in damage.odd_texts(payloads):
            self._read(normalizer, dataset, bent.payloads, bent.what)

    # --- how it is done --------------------------------------------------------------------------

    def _table(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> pa.Table:
        __tracebackhide__ = True
        with foreseen(
            "reading the example",
            "make the fixtures `dataset` and `payloads` fit each other, and the normalizer read them",
        ):
            return normalizer.normalize(dataset, payloads)

    def _sealed(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> pa.Table:
        __tracebackhide__ = True
        table = self._table(normalizer, dataset, payloads)
        with foreseen(
            "taking the normalizer's table as Silver",
            "return what statpipe.api.Normalizer.normalize describes: ref_area, category, "
            "time_period and obs_value, each key once, with codes of the dataset's lists; "
            "whatever else tells rows apart belongs into the category, or is one of `dataset.dimensions`",
        ):
            return seal(table, dataset, _VINTAGE)

    def _cells_or_refusal(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        what: str,
    ) -> dict[Key, tuple[Decimal | None, str]] | None:
        """Give the cells, or ``None`` if they are refused as they should be."""
        __tracebackhide__ = True
        result = self._read(normalizer, dataset, payloads, what)
        return None if isinstance(result, ContentError) else dict(cells_of(result))

    def _refusal(
        self, normalizer: Normalizer, dataset: Dataset, bent: damage.Damage, before: pa.Table
    ) -> ContentError | None:
        """Give the error, or ``None`` if the damage touched nothing that is read."""
        __tracebackhide__ = True
        result = self._read(normalizer, dataset, bent.payloads, bent.what)
        if isinstance(result, ContentError):
            return result
        if cells_of(result) != cells_of(before):
            lost = differences(cells_of(before), cells_of(result))
            broken(
                f"{bent.what}, and the normalizer returns what is left without a word: {lost}",
                "raise ContentError for a payload that is not what you expect; do not skip it, and do "
                "not catch exceptions to go on with the next",
            )
        return None

    def _read(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        what: str,
    ) -> pa.Table | ContentError:
        __tracebackhide__ = True
        try:
            with wrong_text_refused(dataset, payloads):
                table = normalizer.normalize(dataset, list(payloads))
                _refuse_replacements(table, payloads, what)
                return seal(table, dataset, _VINTAGE)
        except ContentError as error:
            text = str(error).strip()
            # A line break that was put into the payload may be quoted.
            if not text or ("\n" in text and "\\n" not in what):
                broken(
                    f"{what}, and the ContentError says {str(error)!r}",
                    "say in one line which payload, which place, and what was expected; quote what "
                    "stands in the payload with !r, since it may hold line breaks",
                )
            return error
        except Exception as error:  # noqa: BLE001 - whatever the author's code raises
            broken(
                f"{what}, and the normalizer raises {told(error)}",
                "check what arrives before you use it, and raise ContentError that names payload, "
                "place and what was expected; it says to operators that the agency changed something, "
                "and any other exception says that the plugin has a bug",
            )

    def _expected(self, figures: Figures, dataset: Dataset) -> dict[Key, Decimal | None]:
        __tracebackhide__ = True
        expected: dict[Key, Decimal | None] = {}
        for key, text in figures.items():
            if len(key) != len(CELL):
                broken(
                    f"the fixture `figures` has the key {key!r}",
                    f"write ({', '.join(CELL)})",
                )
            try:
                expected[tuple(key)] = figure(text, self.decimal_mark)
            except ValueError as error:
                broken(f"the fixture `figures`, {named(key)}: {error}", "correct the fixture")
        if not any(value is not None for value in expected.values()):
            broken("the fixture `figures` names no figure", "name the figures of the payloads")
        return expected

    def _bendable(
        self, payloads: Sequence[Payload], figures: Figures, dataset: Dataset
    ) -> list[damage.Found]:
        __tracebackhide__ = True
        self._expected(figures, dataset)
        if not self.figures_are_text:
            pytest.skip("figures_are_text is False: figures cannot be found in the payloads")
        texts = {tuple(k): None if v is None else str(v) for k, v in figures.items()}
        found = damage.found_figures(payloads, texts, self.decimal_mark)
        if not found:
            broken(
                "no figure of the fixture `figures` stands in the payloads just once",
                "write figures as the agency prints them, and take an example in which they differ; "
                "for payloads that are no text set `figures_are_text = False`",
            )
        there = sum(text is not None for text in texts.values())
        if len(found) < _TELLING <= there - 1:
            broken(
                f"of the {there} figures of the fixture `figures`, {found[0].literal} alone stands in the "
                "payloads just once, so little can be bent",
                "take an example in which figures differ, and write them as the agency prints them",
            )
        return found


def _refuse_replacements(table: pa.Table, payloads: Sequence[Payload], what: str) -> None:
    __tracebackhide__ = True
    if any("\ufffd".encode() in payload.body for payload in payloads):
        return
    for name in table.column_names:
        texts = [text for text in table[name].unique().to_pylist() if isinstance(text, str)]
        lost = next((text for text in texts if "\ufffd" in text), None)
        if lost is not None:
            broken(
                f"{what}, and the table says {lost!r} in column {name}: what stood there is lost",
                "decode with payload.body.decode(), without errors='replace': statpipe refuses the "
                "payload then, and names the byte",
            )


def _units(table: pa.Table) -> set[tuple[str, int]]:
    """Give units and powers of ten, as the table has them."""
    columns = (table["unit_measure"].to_pylist(), table["unit_mult"].to_pylist())
    return set(zip(*columns, strict=True))


def _statpipe_says(error: BaseException) -> bool:
    """Tell whether statpipe raised an error: it has the table and knows no payload."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals["__name__"].startswith("statpipe.")
