"""What a plugin declares is looked at when it is registered, and refused in words that say what to do."""

from types import SimpleNamespace

import attrs
import pytest

from statpipe.api import Component, hookimpl
from statpipe.engine.site.registry import Registry
from support.tea import LATEST


def reason_of(**hooks):
    """Register a plugin with these hooks, which is broken; return why."""
    plugin = SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})
    registry = Registry([("cup", "cracked-cup", "1", plugin)])
    assert registry.offers == []
    (broken,) = registry.broken
    return broken.reason


def component(**changed):
    fields = {"name": "tea", "summary": "Tea", "factory": lambda _: None}
    return Component(**fields | changed)


@pytest.mark.parametrize(
    ("offered", "reason"),
    [
        (None, "statpipe_sources returned None; expected a list of statpipe.api.Component"),
        ("tea", "statpipe_sources returned a str; expected a list of statpipe.api.Component"),
        (component(), "statpipe_sources returned a Component; expected a list of statpipe.api.Component"),
        (["tea"], "statpipe_sources returned a str in its list; expected a list of statpipe.api.Component"),
        ([LATEST], "statpipe_sources returned a Model in its list; expected a list of statpipe.api.Component"),
    ],
)  # fmt: skip
def test_a_hook_with_a_wrong_result_is_reported_with_the_expectation(offered, reason):
    assert reason_of(statpipe_sources=lambda: offered) == reason


def test_a_hook_that_raises_while_iterating_is_named():
    def sources():
        yield component()
        raise OSError("no kettle")

    assert reason_of(statpipe_sources=sources) == "statpipe_sources raised OSError: no kettle"


def test_a_name_offered_twice_by_one_plugin_is_refused():
    reason = reason_of(statpipe_checks=lambda: [component(), component()])
    assert reason == "check 'tea' is offered twice; give each its own name"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": "Green Tea"}, "'Green Tea' is not a valid name for a component; expected lower-case letters"),
        ({"summary": None}, "the summary of component tea is None; expected one line of text"),
        ({"factory": 3}, "the factory of component tea is 3; expected a function"),
        ({"settings": dict}, "the settings of component tea are <class 'dict'>; expected a class that"),
    ],
)  # fmt: skip
def test_an_unusable_component_is_refused_by_its_name(changed, reason):
    assert reason in reason_of(statpipe_sources=lambda: [component(**changed)])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"name": "Tea"},
            "'Tea' is not a valid name for a Gold model; expected lower-case letters",
        ),
        ({"inputs": "tea_prices"}, "model tea_latest: inputs is 'tea_prices'; expected a tuple"),
        ({"grain": ["area"]}, "model tea_latest: grain is ['area']; expected a tuple of names"),
        ({"grain": ()}, "model tea_latest has no grain; name the columns"),
        ({"columns": ("area",)}, "model tea_latest: columns is not a tuple of statpipe.api.Column"),
        ({"columns": LATEST.columns * 2}, "model tea_latest declares the column"),
        ({"materialized": "file"}, "model tea_latest: materialized is 'file'; expected 'table' or"),
    ],
)
def test_an_impossible_model_is_refused_by_its_name(changed, reason):
    assert reason in reason_of(statpipe_models=lambda: [attrs.evolve(LATEST, **changed)])
