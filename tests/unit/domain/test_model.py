"""A Gold model declares its table: grain, columns and SQL."""

import attrs
import pytest

from statpipe.domain.model import Column, Model

AREA = Column(name="area", type="text", description="Where", nullable=False)
VALUE = Column(name="value", type="decimal", description="Spending", unit="million USD")
MODEL = Model(
    name="spending",
    title="Spending by area",
    inputs=("agency",),
    grain=("area",),
    columns=(AREA, VALUE),
    sql="SELECT ref_area AS area, obs_value AS value FROM agency",
)


def test_a_column_s_comment_is_its_description_and_unit():
    assert AREA.comment == "Where"
    assert VALUE.comment == "Spending [million USD]"


@pytest.mark.parametrize("name", ["", "Value", "9a", "a b", 'a"', "a;drop", "_a"])
def test_names_are_plain_in_sql(name):
    with pytest.raises(ValueError, match="is not a valid name for a"):
        attrs.evolve(VALUE, name=name)
    with pytest.raises(ValueError, match="is not a valid name for a"):
        attrs.evolve(MODEL, name=name)


def test_a_name_longer_than_postgresqls_limit_is_refused():
    assert attrs.evolve(MODEL, name="m" * 57).name == "m" * 57
    assert attrs.evolve(VALUE, name="v" * 63).name == "v" * 63
    with pytest.raises(ValueError) as caught:
        attrs.evolve(MODEL, name="m" * 58)
    assert str(caught.value) == (
        f"the name {'m' * 58!r} has 58 characters; choose one of at most 57, since PostgreSQL cuts names after "
        "63 and the function of a model ends in _as_of"
    )
    with pytest.raises(
        ValueError, match="has 64 characters; choose one of at most 63, since PostgreSQL cuts"
    ):
        attrs.evolve(VALUE, name="v" * 64)


def test_a_grain_with_an_unknown_column_is_refused():
    with pytest.raises(
        ValueError, match="model spending: grain names 'year', which is not one of its columns"
    ):
        attrs.evolve(MODEL, grain=("area", "year"))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Spending by place"},
        {"inputs": ("agency", "other")},
        {"grain": ("area", "value")},
        {"columns": (VALUE, AREA)},
        {"columns": (AREA, attrs.evolve(VALUE, unit="USD"))},
        {"columns": (AREA, attrs.evolve(VALUE, description="Spent"))},
        {"columns": (AREA, attrs.evolve(VALUE, nullable=False))},
        {"columns": (AREA, attrs.evolve(VALUE, type="double"))},
        {"sql": "SELECT 1"},
    ],
    ids=repr,
)
def test_every_edit_gives_another_version(change):
    assert attrs.evolve(MODEL, **change).version != MODEL.version


def test_an_equal_declaration_has_the_same_version():
    assert attrs.evolve(MODEL).version == MODEL.version
    assert len(MODEL.version) == 64
