"""What a factory makes is fit for its role, or its plugin is named before anything is fetched."""

from types import SimpleNamespace

import pytest

from statpipe.api import (
    Check,
    Component,
    ConfigError,
    Layer,
    Normalizer,
    PluginError,
    Unavailable,
    hookimpl,
)
from statpipe.engine.site.made import made_of
from statpipe.engine.site.registry import Registry
from support.fakes import MemorySink


class WithoutLayers(MemorySink):
    layers = property(lambda self: self._layers)


class LayersAsText(MemorySink):
    layers = "gold"


class LayersAsTexts(MemorySink):
    layers = frozenset({"gold"})


class Half(Check):
    pass


class Numbered(Normalizer):
    version = 1

    def normalize(self, dataset, payloads):
        return None


class Nameless(Numbered):
    version = " "


def offer_of(role, factory):
    @hookimpl
    def hook():
        return [Component(name="tea", summary="Tea", factory=factory)]

    plugin = SimpleNamespace(**{f"statpipe_{role}s": hook})
    return Registry([("cup", "cracked-cup", "1.0", plugin)]).find(role, "tea")


def raises(error):
    def factory(settings):
        raise error

    return factory


@pytest.mark.parametrize(
    ("role", "factory", "fault"),
    [
        ("sink", lambda _: WithoutLayers(), "WithoutLayers has no `layers`; expected a frozenset"),
        ("sink", lambda _: LayersAsText(), "LayersAsText has the layers 'gold'; expected"),
        ("sink", lambda _: LayersAsTexts(), "has the layers frozenset({'gold'}); expected"),
        ("normalizer", lambda _: Numbered(), 'has the version 1; expected text, such as version = "1"'),
        ("normalizer", lambda _: Nameless(), "has the version ' '; expected text"),
        ("source", lambda _: None, "its factory returned a NoneType, which is not a Source"),
        ("check", lambda _: Half(), "its factory raised TypeError: Can't instantiate abstract class"),
        ("check", raises(KeyError("pot")), "its factory raised KeyError: 'pot'"),
        ("check", lambda: None, "its factory raised TypeError: "),
    ],
)  # fmt: skip
def test_an_unfit_object_is_refused_with_its_plugins_name(office, role, factory, fault):
    environment = office.configuration.environment("local", None)
    with pytest.raises(PluginError) as raised:
        made_of(offer_of(role, factory), office.configuration, environment)
    text = str(raised.value)
    assert text.startswith(f"{role} 'tea' of cracked-cup 1.0 cannot be used: ")
    assert fault in text
    assert text.endswith("; correct or uninstall its plugin")


def test_a_factory_that_cannot_be_loaded_is_reported_with_its_plugin(office):
    environment = office.configuration.environment("local", None)
    with pytest.raises(PluginError) as raised:
        made_of(offer_of("check", "no_such_tea:Check"), office.configuration, environment)
    assert str(raised.value) == (
        "check 'tea' of cracked-cup 1.0 cannot be used: the factory no_such_tea:Check cannot be loaded (No "
        "module named 'no_such_tea'); correct the plugin"
    )


@pytest.mark.parametrize("error", [ConfigError("no pot; set it"), Unavailable("the shop is shut")])
def test_an_error_from_the_plugin_itself_passes_unchanged(office, error):
    environment = office.configuration.environment("local", None)
    with pytest.raises(type(error), match=str(error)):
        made_of(offer_of("check", raises(error)), office.configuration, environment)


def plugin_of(role, factory):
    @hookimpl
    def hook():
        return [Component(name="stranger", summary="A stranger", factory=factory)]

    return SimpleNamespace(**{f"statpipe_{role}s": hook})


WRONG = {
    "a sink without layers": ("sink", lambda _: WithoutLayers()),
    "a check that cannot be made": ("check", lambda _: Half()),
    "a source that cannot be made": ("source", raises(KeyError("pot"))),
    "a normalizer without a version": ("normalizer", lambda _: Numbered()),
    "a notifier that cannot be made": ("notifier", lambda _: None),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_plugin_does_not_stop_other_sources(office, wrong):
    office.watching.append(plugin_of(*WRONG[wrong]))
    assert office.run().outcome == "loaded"
    assert office.ledger.held


@pytest.mark.parametrize("wrong", ["a sink without layers", "a check that cannot be made"])
def test_a_wrong_configured_component_is_refused_before_anything_is_fetched(office, wrong):
    role, _ = WRONG[wrong]
    office.watching.append(plugin_of(*WRONG[wrong]))
    sinks = {name: {} for name in ("lake", "ledger", "stranger")}
    office.document |= {
        "checks": {"stranger": {}} if role == "check" else {},
        "environments": {"local": {"sinks": sinks if role == "sink" else {"lake": {}}}},
    }
    with pytest.raises(PluginError, match=f"{role} 'stranger' of a-test 2.0 cannot be used"):
        office.site()
    assert not office.lake.bronze


def test_layers_may_be_any_set(office):
    environment = office.configuration.environment("local", None)
    sink = MemorySink()
    sink.layers = {Layer.GOLD}
    offer = offer_of("sink", lambda _: sink)
    assert made_of(offer, office.configuration, environment) is sink
