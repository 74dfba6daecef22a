"""A structure is known by its hash."""

import attrs
import pytest

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.dimension import Code, Dimension
from statpipe.domain.selection import Selection
from statpipe.domain.structure import structure_hash

EURO, DOLLAR = Code(code="EUR", name="Euro"), Code(code="USD", name="US dollar")
CURRENCY = Dimension(id="CURRENCY", name="Currency", codes=(EURO, DOLLAR))
TYPE = Dimension(id="EXR_TYPE", name="Type", codes=(Code(code="SP00", name="Spot"),))
DATASET = Dataset(
    name="EXR",
    title="Rates",
    normalizer="n",
    areas=(Area(code="U2", name="Euro area", level="union"),),
    categories=(Category(code="1", name="Rate", unit_measure="Dollars"),),
    dimensions=(CURRENCY, TYPE),
)


def with_currency(**changes):
    return attrs.evolve(DATASET, dimensions=(attrs.evolve(CURRENCY, **changes), TYPE))


@pytest.mark.parametrize(
    "same",
    [
        attrs.evolve(DATASET, selection=Selection(areas=("U2",))),
        attrs.evolve(DATASET, title="Exchange rates"),
        with_currency(codes=(DOLLAR, EURO)),
    ],
    ids=["selection", "title", "order of codes"],
)
def test_texts_that_describe_no_code_do_not_change_the_hash(same):
    assert structure_hash(same) == structure_hash(DATASET)


@pytest.mark.parametrize(
    "other",
    [
        attrs.evolve(DATASET, areas=()),
        attrs.evolve(DATASET, areas=(Area(code="U2", name="Euro zone", level="union"),)),
        attrs.evolve(DATASET, categories=(Category(code="1", name="Rate", unit_measure="Euros"),)),
        attrs.evolve(DATASET, dimensions=(TYPE, CURRENCY)),
        with_currency(name="Money"),
        with_currency(codes=(EURO,)),
        with_currency(codes=(EURO, attrs.evolve(DOLLAR, name="Dollar"))),
        with_currency(codes=(EURO, attrs.evolve(DOLLAR, parent="EUR"))),
    ],
    ids=lambda other: structure_hash(other)[:6],
)
def test_descriptions_of_codes_and_the_order_of_dimensions_change_the_hash(other):
    assert structure_hash(other) != structure_hash(DATASET)
