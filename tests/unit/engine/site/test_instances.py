"""A source can be configured as often as wanted, each time under a name of its own."""

from types import SimpleNamespace

import pytest
from attrs import frozen

from statpipe.api import Component, ConfigError, Instance, PluginError, hookimpl
from statpipe.api.gold import gold_models
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.instances import add_instances, instances_of, is_without_models
from statpipe.engine.site.offers import Broken
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.settings import filled


@frozen(kw_only=True)
class Settings:
    leaf: str = "black"
    instance: str = ""


@hookimpl
def statpipe_sources():
    return [Component(name="tea", summary="Prices of tea", settings=Settings, factory=lambda s: s)]


@hookimpl
def statpipe_models(instances=()):
    families = {"tea_by_port": "tea", **{one.gold: one.name for one in instances}}
    return [
        model
        for name, source in families.items()
        for model in gold_models(name=name, source=source, title="Prices of tea", freq="M")
    ]


def registry_with(models=statpipe_models):
    module = SimpleNamespace(statpipe_sources=statpipe_sources, statpipe_models=models)
    return Registry([("tea", "statpipe-tea", "1.0", module)])


def configured(tmp_path, **sources):
    return Configuration(path=None, home=tmp_path, document={"sources": sources}, variables={})


def test_an_instance_is_a_source_with_its_own_settings_and_gold_family(tmp_path):
    configuration = configured(tmp_path, green={"use": "tea", "leaf": "green"})
    registry = registry_with()
    instances = instances_of(configuration, registry)
    assert instances == [
        Instance(name="green", component="tea", gold="green_figures", settings={"leaf": "green"})
    ]
    registry.add_instances(instances)
    assert list(registry.named("source")) == ["tea", "green"]
    offer = registry.find("source", "green")
    assert (offer.plugin, offer.summary) == ("tea", "uses tea")
    raw, place = configuration.settings("source", "green", "local")
    made = filled(offer.item, raw, place, configuration, configuration.environment("local"))
    assert made == Settings(leaf="green", instance="green")
    assert {"tea_by_port", "green_figures", "green_figures_yoy"} <= set(registry.named("model"))
    assert registry.find("model", "green_figures_history").item.inputs == ("green",)
    assert registry.broken == []


@hookimpl
def sources_with_freq():
    tea = {"settings": Settings, "factory": lambda s: s, "freq": "MA"}
    return [
        Component(name="tea", summary="Prices of tea", **tea),
        Component(name="any_leaf", summary="Any leaf", needs_instance=True, **tea),
    ]


def test_a_source_with_a_frequency_and_its_instances_have_the_standard_models(
    tmp_path,
):
    module = SimpleNamespace(statpipe_sources=sources_with_freq)
    registry = Registry([("tea", "statpipe-tea", "1.0", module)])
    wanted = gold_models(name="tea_figures", source="tea", title="Prices of tea", freq="MA")
    assert set(registry.named("model")) == {m.name for m in wanted}
    green = {"use": "any_leaf", "gold": "leaves"}
    configuration = configured(tmp_path, green=green)
    add_instances(configuration, registry)
    assert registry.find("model", "leaves_history").item.inputs == ("green",)
    assert "leaves_mom" in registry.named("model")
    assert "any_leaf_figures" not in registry.named("model")
    assert "tea_figures_yoy" in registry.named("model")
    assert not is_without_models(configuration, registry, "green")
    assert registry.broken == []


def test_models_of_the_hook_are_added_to_those_of_the_frequency():
    module = SimpleNamespace(statpipe_sources=sources_with_freq, statpipe_models=statpipe_models)
    registry = Registry([("tea", "statpipe-tea", "1.0", module)])
    assert {"tea_by_port", "tea_figures"} <= set(registry.named("model"))


def test_the_family_can_be_named_and_two_instances_coexist(tmp_path):
    configuration = configured(
        tmp_path,
        green={"use": "tea", "gold": "leaves"},
        white={"use": "tea"},
        tea={"leaf": "oolong"},
    )
    registry = registry_with()
    registry.add_instances(instances_of(configuration, registry))
    assert list(registry.named("source")) == ["tea", "green", "white"]
    assert {"leaves", "white_figures"} <= set(registry.named("model"))
    assert configuration.settings("source", "green", "local")[0] == {}


def test_a_component_may_name_itself(tmp_path):
    assert instances_of(configured(tmp_path, tea={"use": "tea"}), registry_with()) == []


def test_a_hook_without_the_argument_still_works(tmp_path):
    @hookimpl
    def without():
        return gold_models(name="tea_by_port", source="tea", title="Prices of tea", freq="M")

    registry = registry_with(without)
    before = set(registry.named("model"))
    registry.add_instances(instances_of(configured(tmp_path, green={"use": "tea"}), registry))
    assert set(registry.named("model")) == before
    assert "green" in registry.named("source")


def test_a_hook_that_fails_with_instances_breaks_its_plugin_and_not_the_others(tmp_path):
    @hookimpl
    def failing(instances=()):
        if instances:
            raise KeyError("no family")
        return []

    registry = registry_with(failing)
    registry.add_instances(instances_of(configured(tmp_path, green={"use": "tea"}), registry))
    assert [(one.plugin, one.reason) for one in registry.broken] == [
        ("tea", "statpipe_models raised KeyError: 'no family'")
    ]


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (
            {"green": {"use": "tee"}},
            "sources.green.use: no source component is named 'tee'; did you mean 'tea'?",
        ),
        ({"green": {"use": 3}}, "sources.green.use: no source component is named 3"),
        (
            {"white": {"use": "tea"}, "green": {"use": "white"}},
            "sources.green.use: no source component is named 'white'",
        ),
        ({"Green": {"use": "tea"}}, "sources.Green: 'Green' is not a valid name"),
        (
            {"g" * 41: {"use": "tea"}},
            "is not a valid name; expected at most 40 lower-case letters, digits and _",
        ),
        (
            {"g" * 40: {"use": "tea"}},
            f"_figures', which is longer than 40 characters; set `gold` in [sources.{'g' * 40}]",
        ),
        ({"green": {"use": "tea", "gold": "a b"}}, "sources.green.gold: 'a b' is not a valid name"),
        ({"green": {"use": "tea", "gold": 1}}, "sources.green.gold: 1 is not a valid name"),
        (
            {"green": {"use": "tea", "gold": "tea"}},
            "sources.green.gold is 'tea', which is also the name of a source",
        ),
        (
            {"green": {"use": "tea", "gold": "green"}},
            "sources.green.gold is 'green', which is also the name of a source",
        ),
        (
            {"green": {"use": "tea", "gold": "x"}, "white": {"use": "tea", "gold": "x"}},
            "sources.white.gold is 'x', the same as that of green; give each its own",
        ),
    ],
)
def test_invalid_instances_are_reported_with_their_place(tmp_path, sources, told):
    with pytest.raises(ConfigError) as caught:
        instances_of(configured(tmp_path, **sources), registry_with())
    assert told in str(caught.value)


def test_the_name_of_another_component_cannot_be_used(tmp_path):
    @hookimpl
    def two():
        return [
            Component(name=name, summary="", settings=Settings, factory=lambda s: s)
            for name in ("tea", "coffee")
        ]

    registry = Registry([("both", "drinks", "1", SimpleNamespace(statpipe_sources=two))])
    with pytest.raises(ConfigError) as caught:
        instances_of(configured(tmp_path, coffee={"use": "tea"}), registry)
    assert "sources.coffee.use: the plugin both already has a source of this name" in str(
        caught.value
    )


def test_a_component_that_names_itself_has_its_own_family_already(tmp_path):
    configuration = configured(tmp_path, tea={"use": "tea", "gold": "leaves"})
    with pytest.raises(
        ConfigError, match=r"sources\.tea\.use: the plugin tea already has a source of this name"
    ):
        instances_of(configuration, registry_with())


def test_an_instance_of_a_broken_plugin_only_stops_its_users(tmp_path):
    registry = registry_with()
    registry.broken.append(
        Broken(plugin="cup", distribution="cracked-cup", version="1", reason="SyntaxError: cup")
    )
    configuration = configured(tmp_path, green={"use": "tea"}, mug={"use": "cup"})
    registry.add_instances(instances_of(configuration, registry))
    assert list(registry.named("source")) == ["tea", "green"]
    with pytest.raises(PluginError, match=r"no source is named 'mug'.*broken plugins: cup"):
        registry.find("source", "mug")


def test_an_instance_of_a_name_offered_twice_names_both_plugins(tmp_path):
    registry = Registry(
        (plugin, plugin, "1.0", SimpleNamespace(of=plugin, statpipe_sources=statpipe_sources))
        for plugin in ("one", "other")
    )
    registry.add_instances(instances_of(configured(tmp_path, green={"use": "tea"}), registry))
    with pytest.raises(
        PluginError, match=r"two plugins offer a source named 'green': one 1\.0 and other"
    ):
        registry.find("source", "green")


def test_the_configuration_cannot_set_the_name(tmp_path):
    configuration = configured(tmp_path, green={"use": "tea", "instance": "white"})
    raw, place = configuration.settings("source", "green", "local")
    item = registry_with().find("source", "tea").item
    with pytest.raises(ConfigError, match="unknown key 'instance'"):
        filled(item, raw, place, configuration, configuration.environment("local"))


class TestGoldFamilies:
    @pytest.mark.parametrize(
        ("gold", "name", "other"),
        [
            ("tea_by_port", "tea_by_port_category", "tea"),
            ("tea_by_port_history", "tea_by_port_history", "tea"),
            ("fam_history", "fam_history", "two"),
        ],
    )
    def test_the_name_of_another_family_is_refused_with_a_remedy(self, tmp_path, gold, name, other):
        sources = {"one": {"use": "tea", "gold": gold}, "two": {"use": "tea", "gold": "fam"}}
        with pytest.raises(ConfigError) as error:
            add_instances(configured(tmp_path, **sources), registry_in_pairs())
        said = str(error.value)
        assert "sources." in said
        assert (
            f"{other} already has a Gold model named {name!r}; choose another name for `gold`"
            in said
        )

    def test_an_instance_without_a_family_is_recognized(self, tmp_path):
        configuration = configured(tmp_path, green={"use": "tea"})
        lacking = registry_with(hookimpl(lambda: gold_models(**FAMILY)))
        add_instances(configuration, lacking)
        assert is_without_models(configuration, lacking, "green")
        assert not is_without_models(configuration, lacking, "tea")
        having = registry_in_pairs()
        add_instances(configuration, having)
        assert not is_without_models(configuration, having, "green")


FAMILY = {"name": "tea_by_port", "source": "tea", "title": "Prices of tea", "freq": "M"}


def registry_in_pairs():
    """A plugin that offers each family as it is named, the same name twice included."""

    @hookimpl
    def models(instances=()):
        named = [("tea_by_port", "tea"), *((one.gold, one.name) for one in instances)]
        return [
            model
            for name, source in named
            for model in gold_models(**FAMILY | {"name": name, "source": source})
        ]

    return registry_with(models)
