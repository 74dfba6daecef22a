"""Models are made after those that they read, and a circle of them is named."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Column, Model, PluginError
from statpipe.engine.site.model_order import in_order, models_under, reading, sources_of


def model(name, *inputs):
    column = Column(name="area", type="text", description="Where", nullable=False)
    return Model(
        name=name, title=name, inputs=inputs, grain=("area",), columns=(column,), sql="SELECT 1"
    )


def names(models):
    return [one.name for one in models]


A, B, C = model("a", "agency"), model("b", "a"), model("c", "b", "a")
OTHER = model("other", "coffee")


@pytest.mark.parametrize("given_order", list(itertools.permutations([A, B, C])))
def test_each_model_comes_after_those_that_it_reads(given_order):
    assert names(in_order(given_order)) == ["a", "b", "c"]


def test_no_models_are_in_order():
    assert in_order([]) == []


def test_an_input_that_is_no_model_is_a_source_and_not_in_the_order():
    assert names(in_order([A])) == ["a"]


def test_a_circle_is_named_with_what_to_do():
    with pytest.raises(PluginError) as raised:
        in_order([model("x", "y"), model("y", "x"), A])
    assert str(raised.value) in {
        f"Gold models read each other in a circle: {circle}; correct or uninstall their plugin"
        for circle in ("x -> y -> x", "y -> x -> y")
    }


def test_a_model_that_reads_itself_is_a_circle():
    with pytest.raises(PluginError, match="in a circle: x -> x;"):
        in_order([model("x", "x")])


def test_what_reads_a_source_reads_it_directly_or_through_others():
    ordered = in_order([C, B, OTHER, A])
    assert names(reading(ordered, "agency")) == ["a", "b", "c"]
    assert names(reading(ordered, "coffee")) == ["other"]
    assert reading(ordered, "tea") == []


def test_a_model_of_two_sources_is_read_through_either():
    both = model("both", "agency", "coffee")
    assert names(reading([both], "agency")) == names(reading([both], "coffee")) == ["both"]


@given(
    wanted=st.dictionaries(st.sampled_from("abcde"), st.sets(st.sampled_from(["s", "t", *"abcde"])))
)
def test_an_order_exists_unless_there_is_a_circle(wanted):
    """Kahn's algorithm, by hand: take away what waits for nothing until nothing is left."""
    waiting = {name: {i for i in inputs if i in wanted} for name, inputs in wanted.items()}
    while free := {name for name, inputs in waiting.items() if not inputs & set(waiting)}:
        waiting = {name: inputs for name, inputs in waiting.items() if name not in free}
    models = [model(name, *sorted(inputs)) for name, inputs in wanted.items()]
    if waiting:
        with pytest.raises(PluginError, match="in a circle"):
            in_order(models)
        return
    found = in_order(models)
    assert sorted(names(found)) == sorted(wanted)
    for place, one in enumerate(found):
        assert not set(one.inputs) & set(names(found[place:]))
    reached = {"s"}
    for _ in wanted:
        reached |= {name for name, inputs in wanted.items() if inputs & reached}
    assert set(names(reading(found, "s"))) == reached - {"s"}


def test_the_sources_of_a_model_are_found_through_all_that_it_reads():
    both = model("both", "c", "other")
    everything = [A, B, C, OTHER, both]
    assert sources_of(everything, C) == ["agency"]
    assert sources_of(everything, both) == ["agency", "coffee"]


def test_the_models_under_a_model_are_those_that_it_reads_directly_or_through_others():
    models = [A, B, C, OTHER]
    assert names(models_under(models, C)) == ["a", "b"]
    assert models_under(models, A) == []
