"""Each standard check keeps what every check promises."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

import attrs
import pyarrow as pa
import pytest

from statpipe.api import Agreement, Vintage
from statpipe.domain.revision import revision_of
from statpipe.testing import CheckContract
from statpipe_checks.plugin import statpipe_checks

GOOD = """
    US 1 2019 30
    US 2 2019 30
    CA 1 2019 10
    CA 2 2019 10
    NY 1 2019 20
    NY 2 2019 20
"""


class Of(CheckContract):
    name: str
    more: ClassVar = {}
    text = GOOD.replace("US 1 2019 30", "US 1 2019 40")

    @pytest.fixture
    def declared(self, areas, categories):
        return {
            "areas": areas("US", "CA<US", "NY<US"),
            "categories": categories("1", "2<1"),
            "additive": frozenset({"ref_area", "category"}),
            **self.more,
        }

    @pytest.fixture
    def check(self):
        return self.made()

    @pytest.fixture
    def lenient(self):
        return self.made(severity="warning")

    def made(self, **settings):
        (component,) = (c for c in statpipe_checks() if c.name == self.name)
        return component.factory(component.settings(**settings))

    @pytest.fixture
    def good(self, observe, declared):
        return observe(GOOD, **declared)

    @pytest.fixture
    def bad(self, observe, declared):
        return observe(self.text, **declared)


class TestAdditivity(Of):
    name = "additivity"


class TestComplete(Of):
    name = "complete"
    text = GOOD.replace("    CA 2 2019 10\n", "")


class TestValueRange(Of):
    name = "value_range"
    more: ClassVar = {"valid_range": (Decimal(0), Decimal(39))}


class TestRowCount(Of):
    name = "row_count"
    text = GOOD.replace("    CA 2 2019 10\n", "")

    @pytest.fixture
    def previous(self, observe, declared):
        return observe(GOOD, released=date(2021, 10, 8), **declared)


class Doubtful(Of):
    """Of tables that :func:`seal` would not make."""

    @pytest.fixture
    def bad(self, good):
        return attrs.evolve(good, table=self.spoilt(good.table))


class TestSchema(Doubtful):
    name = "schema"

    def spoilt(self, table):
        return table.drop(["notes"])


class TestUniqueKeys(Doubtful):
    name = "unique_keys"

    def spoilt(self, table):
        return pa.concat_tables([table, table.slice(0, 2)]).combine_chunks()


class TestNonNullKeys(Doubtful):
    name = "non_null_keys"

    def spoilt(self, table):
        place = table.column_names.index("ref_area")
        areas = pa.array([None, *table["ref_area"].to_pylist()[1:]], pa.string())
        field = table.schema.field("ref_area").with_nullable(True)
        return table.set_column(place, field, areas.dictionary_encode())


class TestAgreement(Of):
    name = "agreement"
    more: ClassVar = {"agreements": (Agreement(dataset="U", pairs=(("1", "1"),)),)}

    @pytest.fixture
    def good(self, observe, table, declared):
        return observe(GOOD, siblings={"U": self.sibling(table, GOOD)}, **declared)

    @pytest.fixture
    def bad(self, observe, table, declared):
        other = GOOD.replace("CA 1 2019 10", "CA 1 2019 11")
        return observe(GOOD, siblings={"U": self.sibling(table, other)}, **declared)

    def sibling(self, table, text):
        return table("\n".join(line for line in text.splitlines() if " 1 2019" in line), name="U")


class TestStableCategories(Of):
    name = "stable_categories"

    @pytest.fixture
    def previous(self, good):
        return attrs.evolve(good, vintage=Vintage(released=date(2021, 10, 8)))

    @pytest.fixture
    def bad(self, observe, declared):
        swapped = tuple(
            attrs.evolve(c, name={"Line 1": "Line 2", "Line 2": "Line 1"}[c.name])
            for c in declared["categories"]
        )
        return observe(GOOD, **declared | {"categories": swapped})


class TestStableDescriptions(Of):
    name = "stable_descriptions"

    @pytest.fixture
    def previous(self, good):
        return attrs.evolve(good, vintage=Vintage(released=date(2021, 10, 8)))

    @pytest.fixture
    def bad(self, observe, declared):
        turned = tuple(attrs.evolve(c, sign=-c.sign) for c in declared["categories"])
        return observe(GOOD, **declared | {"categories": turned})


class TestStillShown(Of):
    name = "still_shown"
    text = GOOD.replace("10", "-")

    @pytest.fixture
    def previous(self, observe, declared):
        return observe(GOOD, released=date(2021, 10, 8), **declared)


class TestSuspectPatterns(Of):
    name = "suspect_patterns"

    @pytest.fixture
    def bad(self, observe, declared):
        return observe("\n".join(f"{line[:-2]}0" for line in GOOD.strip().splitlines()), **declared)


class TestPlausibleRevision(Of):
    name = "plausible_revision"

    @pytest.fixture
    def good(self, observe):
        return self.revised(observe, 101)

    @pytest.fixture
    def bad(self, observe):
        return self.revised(observe, 900)

    def revised(self, observe, value):
        lines = "\n".join(f"US 1 {year} {{}}" for year in range(1990, 2020))
        old = observe(lines.replace("{}", "100"), released=date(2021, 10, 8))
        new = observe(lines.replace("{}", str(value)))
        report = revision_of(old.table, new.table, new.dataset, new.vintage, old.vintage.id)
        return attrs.evolve(new, revision=report)
