"""The vintages that the lake holds, and the code that made them."""

from datetime import date

import attrs

from statpipe.api import Category, Code, Dimension, Held, Selection, Vintage
from statpipe.engine.record.state import State, code_of
from support.tea import TeaNormalizer, tea_dataset

DAY = date(2024, 3, 1)
TEA = tea_dataset("black")


def held(token="a", sequence=1, released=DAY, fingerprint="f"):
    return Held(
        dataset="black",
        released=released,
        sequence=sequence,
        note="",
        token=token,
        selection=Selection(areas=("CAL", "MOM")),
        fingerprint=fingerprint,
    )


def test_vintages_are_sorted_by_release():
    later = held(released=date(2024, 4, 1))
    state = State([later, held("b", 2), held("a")])
    assert [h.vintage.id for h in state.holds()] == ["2024-03-01", "2024-03-01.02", "2024-04-01"]
    assert [h.sequence for h in state.of_release("black", DAY)] == [1, 2]
    assert state.before("black", later.vintage).vintage.id == "2024-03-01.02"
    assert state.before("black", held("a").vintage) is None
    assert state.before("green", later.vintage) is None


def test_old_bronze_only_withdraws_releases_shown_before_it():
    first, later = date(2024, 3, 1), date(2024, 4, 1)
    newest = attrs.evolve(held("b", released=later), looked=date(2024, 4, 10))
    lain = held("c", 2, fingerprint="")
    state = State([held("a"), lain, newest])
    offered = Vintage(released=first, token="c")
    for day, expected in ((9, False), (10, False), (11, True)):
        seen = date(2024, 4, day)
        assert state.goes_back("black", offered, seen, lain) == expected
        name = state.named("black", offered, seen, beside=False, but=lain)
        assert name.released == (seen if expected else first)


def test_the_vintage_before_is_in_silver():
    state = State([held("a"), held("b", 2, fingerprint="")])
    assert state.before("black", Vintage(released=date(2024, 4, 1))).sequence == 1


def test_a_vintage_is_replaced_and_dropped_by_name():
    state = State([held("a")])
    state.put(held("b"))
    assert [h.token for h in state.holds()] == ["b"]
    state.drop(held("a"))
    state.drop(held("a"))
    assert state.holds() == ()


def test_the_code_version_depends_on_normalizer_and_code_lists_only():
    code = code_of(TEA, TeaNormalizer("1"))
    assert code.startswith("tea_json/1/")
    assert code_of(tea_dataset("black", Selection(areas=("CAL",))), TeaNormalizer("1")) == code
    assert code_of(TEA, TeaNormalizer("2")) != code
    other = attrs.evolve(TEA, categories=(Category(code="x", name="x", unit_measure="u"),))
    assert code_of(other, TeaNormalizer("1")) != code


def test_another_code_list_of_a_dimension_changes_the_code_version():
    """What a plugin itself knows of a dimension: Silver is rebuilt once it knows more."""
    dollar, pound = Code(code="USD", name="US dollar"), Code(code="GBP", name="Pound")
    codes = [
        code_of(
            attrs.evolve(
                TEA, dimensions=(Dimension(id="CURRENCY", name="Currency", codes=listed),)
            ),
            TeaNormalizer(),
        )
        for listed in ((dollar,), (dollar, pound))
    ]
    assert codes[0] != codes[1]
