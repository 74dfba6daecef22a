"""A declaration that is wrong stops the runs that need it before anything is fetched, and no other run."""

from types import SimpleNamespace

import attrs
import pytest

from statpipe.api import Component, Dataset, Dimension, PluginError, hookimpl
from statpipe.engine.runs.source_run import refuse_shared_columns
from support.tea import LATEST, SOURCE, TeaPlugin


def model(**changed):
    return attrs.evolve(LATEST, **{"name": "stranger", **changed})


def offering(*models):
    """A stranger's plugin: a source of its own, and these models."""

    @hookimpl
    def statpipe_sources():
        return [Component(name="coffee", summary="Coffee", factory=lambda _: None)]

    @hookimpl
    def statpipe_models():
        return list(models)

    return SimpleNamespace(statpipe_sources=statpipe_sources, statpipe_models=statpipe_models)


CIRCLE = [model(name="a", inputs=("b", "the_source")), model(name="b", inputs=("a",))]
WRONG = {
    "has the name of its source": [model(name="the_source", inputs=("the_source",))],
    "is a view over a source": [model(inputs=("the_source",), materialized="view")],
    "reads what nobody makes": [model(inputs=("the_source", "milk"))],
    "is one of a circle": CIRCLE,
    "reads one of a circle": [*CIRCLE, model(inputs=("b",))],
}


def models_over(source, which):
    return [
        attrs.evolve(
            one,
            name=one.name.replace("the_source", source),
            inputs=tuple(name.replace("the_source", source) for name in one.inputs),
        )
        for one in WRONG[which]
    ]


@pytest.mark.parametrize("which", WRONG)
def test_a_wrong_model_of_another_source_stops_only_that_source(office, which):
    office.watching.append(offering(*models_over("coffee", which)))
    assert office.run().outcome == "loaded"
    assert [one.name for one in office.registry.models()] == [LATEST.name]


@pytest.mark.parametrize("which", WRONG)
def test_a_wrong_model_stops_its_source_before_anything_is_fetched(office, which):
    office.watching.append(offering(*models_over(SOURCE, which)))
    manifest = office.run()
    assert (manifest.outcome, manifest.exit_code) == ("failed", 2)
    assert "a-test 2.0" in manifest.message
    assert "correct or uninstall" in manifest.message
    assert not office.lake.bronze
    assert not office.lake.held


def test_a_wrong_name_is_reported_with_the_nearest_one(office):
    office.watching.append(offering(model(inputs=("tea_price",))))
    wrong = office.registry.wrong_models()
    assert wrong == {
        "stranger": "Gold model stranger of a-test 2.0 reads 'tea_price', which is neither a source nor a "
        "model (did you mean 'tea_prices'?); correct or uninstall it"
    }
    with pytest.raises(PluginError, match="did you mean 'tea_prices'"):
        office.registry.find("model", "stranger")


@pytest.mark.parametrize(("inputs", "outcome"), [((SOURCE,), "failed"), (("coffee",), "loaded")])
def test_a_model_offered_twice_only_stops_the_sources_it_reads(office, inputs, outcome):
    for _ in range(2):
        office.watching.append(
            SimpleNamespace(statpipe_models=hookimpl(lambda: [model(inputs=inputs)]))
        )
    office.watching.append(offering(model(name="over", inputs=("stranger",), materialized="view")))
    manifest = office.run()
    assert manifest.outcome == outcome
    assert ("two plugins offer a model named 'stranger'" in manifest.message) is (
        outcome == "failed"
    )
    assert not office.lake.bronze or outcome == "loaded"


def test_a_wrong_normalizer_stops_its_source_before_anything_is_fetched(office):
    office.agency.version = ""
    manifest = office.run()
    assert manifest.exit_code == 2
    assert "normalizer 'tea_json' of statpipe-tea 1.0 cannot be used" in manifest.message
    assert not office.lake.bronze


def test_a_model_with_the_column_of_a_dimension_is_refused_by_both_names():
    over = model(sql="SELECT *:dimensions FROM rates")
    currency, port = (Dimension(id=name, name=name) for name in ("CURRENCY", "PORT"))
    rates = Dataset(name="rates", title="Rates", normalizer="n", dimensions=(currency,))
    refuse_shared_columns([over], [rates])
    with_port = attrs.evolve(rates, dimensions=(currency, port))
    with pytest.raises(PluginError) as raised:
        refuse_shared_columns([over], [with_port])
    assert "Gold model stranger declares the column 'port'" in str(raised.value)
    assert "the dimension PORT of dataset rates" in str(raised.value)
    refuse_shared_columns([attrs.evolve(over, sql="SELECT 1")], [with_port])


def test_a_wrong_model_of_the_sources_own_plugin_is_refused(office):
    office.plugin = lambda: TeaPlugin(lambda: office.agency, [model(inputs=("milk", SOURCE))])
    assert "Gold model stranger of statpipe-tea 1.0 reads 'milk'" in office.run().message
    assert not office.lake.bronze
