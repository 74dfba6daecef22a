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
def test_each_model_comes_after_the_models_it_reads(given_order):
    assert names(in_order(given_order)) == ["a", "b", "c"]


def test_an_empty_list_of_models_is_ordered():
    assert in_order([]) == []


def test_an_input_that_is_not_a_model_is_left_out():
    assert names(in_order([A])) == ["a"]


def test_a_cycle_is_reported_with_a_remedy():
    with pytest.raises(PluginError) as raised:
        in_order([model("x", "y"), model("y", "x"), A])
    assert str(raised.value) in {
        f"Gold models read each other in a circle: {circle}; correct or uninstall their plugin"
        for circle in ("x -> y -> x", "y -> x -> y")
    }


def test_a_model_that_reads_itself_is_a_cycle():
    with pytest.raises(PluginError, match="in a circle: x -> x;"):
        in_order([model("x", "x")])


def test_models_read_a_source_directly_or_through_others():
    ordered = in_order([C, B, OTHER, A])
    assert names(reading(ordered, "agency")) == ["a", "b", "c"]
    assert names(reading(ordered, "coffee")) == ["other"]
    assert reading(ordered, "tea") == []


def test_a_model_of_two_sources_is_found_through_either():
    both = model("both", "agency", "coffee")
    assert names(reading([both], "agency")) == names(reading([both], "coffee")) == ["both"]


@given(
    wanted=st.dictionaries(st.sampled_from("abcde"), st.sets(st.sampled_from(["s", "t", *"abcde"])))
)
def test_an_order_exists_unless_there_is_a_cycle(wanted):
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


def test_the_sources_of_a_model_are_found_through_all_its_inputs():
    both = model("both", "c", "other")
    everything = [A, B, C, OTHER, both]
    assert sources_of(everything, C) == ["agency"]
    assert sources_of(everything, both) == ["agency", "coffee"]


def test_the_inputs_of_a_model_include_indirect_ones():
    models = [A, B, C, OTHER]
    assert names(models_under(models, C)) == ["a", "b"]
    assert models_under(models, A) == []
