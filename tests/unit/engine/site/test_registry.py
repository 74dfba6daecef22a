"""Which plugins are installed, and what happens to those that are broken."""

import sys
from types import SimpleNamespace

import attrs
import pytest

from statpipe.api import Component, PluginError, hookimpl
from statpipe.engine.site.registry import Registry
from support.installed import install, install_tea
from support.tea import LATEST, SOURCE, TeaAgency, TeaPlugin


def offering(*names):
    @hookimpl
    def statpipe_sources():
        return [Component(name=name, summary="", factory=lambda _: None) for name in names]

    return SimpleNamespace(statpipe_sources=statpipe_sources)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [n for n in sys.modules if n.startswith("cup")]:
        del sys.modules[name]


def test_an_installed_plugin_is_found_with_the_name_of_its_distribution(folder):
    install_tea(folder)
    offer = Registry.installed().find("source", "tea_prices")
    assert (offer.distribution, offer.version, offer.plugin) == ("statpipe-tea", "1.0", "tea")
    assert offer.summary == "Prices of tea by port"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys\nsys.exit('no tea')", "SystemExit: no tea"),
        ("raise KeyError('cup')", "KeyError: 'cup'"),
        (
            "import no_such_module_here",
            "ModuleNotFoundError: No module named 'no_such_module_here'",
        ),
        ("tea = (", "SyntaxError"),
        (
            "def statpipe_sources():\n    raise OSError('two\\nlines')",
            "statpipe_sources raised OSError: two",
        ),
        ("import sys\ndef statpipe_sources():\n    sys.exit(3)", "SystemExit: 3"),
        ("def statpipe_sources():\n    return ['tea']", "statpipe_sources returned a str in its"),
        (
            "def statpipe_models():\n    return None",
            "statpipe_models returned None; expected a list",
        ),
    ],
)
def test_a_broken_plugin_is_shown_and_does_not_stop_others(folder, text, reason):
    install_tea(folder)
    install(folder, name="cracked-cup", entry_points={"cup": "cup"}, modules={"cup": text})
    registry = Registry.installed()
    (broken,) = registry.broken
    assert (broken.plugin, broken.distribution, broken.version) == ("cup", "cracked-cup", "1.0")
    assert broken.reason.startswith(reason)
    assert "\n" not in broken.reason
    assert "Traceback" in broken.trace
    assert registry.find("source", "tea_prices")
    assert "cracked-cup" not in registry.versions()


def test_ctrl_c_while_loading_does_not_mark_a_plugin_as_broken(folder):
    text = {"cup": "raise KeyboardInterrupt"}
    install(folder, name="cracked-cup", entry_points={"cup": "cup"}, modules=text)
    with pytest.raises(KeyboardInterrupt):
        Registry.installed()


@pytest.mark.parametrize(
    ("hook", "text"),
    [
        (
            "statpipe_source",
            "statpipe_source is not a hook of statpipe; did you mean 'statpipe_sources'?",
        ),
        ("statpipe_run_finishd", "did you mean 'statpipe_run_finished'?"),
    ],
)
def test_a_misspelt_hook_is_reported_with_the_right_name(hook, text):
    def misspelt():
        return []

    misspelt.__name__ = hook
    plugin = SimpleNamespace(**{hook: hookimpl(misspelt)})
    registry = Registry([("cup", "cracked-cup", "1", plugin)])
    (broken,) = registry.broken
    assert text in broken.reason
    assert not registry.manager.has_plugin("cup")


def test_a_lifecycle_hook_without_its_marker_is_an_error():
    plugin = SimpleNamespace(statpipe_run_finished=lambda event: None)
    (broken,) = Registry([("cup", "cracked-cup", "1", plugin)]).broken
    assert "statpipe_run_finished" in broken.reason
    assert "hookimpl" in broken.reason


def test_a_hook_with_another_argument_is_an_error():
    @hookimpl
    def statpipe_run_finished(manifest):
        pass

    plugin = SimpleNamespace(statpipe_run_finished=statpipe_run_finished)
    (broken,) = Registry([("cup", "cracked-cup", "1", plugin)]).broken
    assert "manifest" in broken.trace


def test_a_name_offered_twice_names_both_distributions_and_what_to_do():
    registry = Registry(
        [("one", "first-house", "1.0", offering("tea")), ("two", "second", "2.1", offering("tea"))]
    )
    with pytest.raises(PluginError) as raised:
        registry.find("source", "tea")
    assert str(raised.value) == (
        "two plugins offer a source named 'tea': first-house 1.0 and second 2.1; "
        "uninstall one of them"
    )


def test_two_models_with_one_name_only_fail_their_users():
    houses = [TeaPlugin(TeaAgency), TeaPlugin(TeaAgency)]
    registry = Registry([(f"p{i}", f"house-{i}", "1", house) for i, house in enumerate(houses)])
    for needing in (
        lambda: registry.models_of(SOURCE),
        lambda: registry.find("model", LATEST.name),
    ):
        with pytest.raises(PluginError, match="two plugins offer a model named 'tea_latest'"):
            needing()
    assert registry.models() == []
    assert registry.models_of("coffee") == []


def test_models_are_sorted_again_after_a_change():
    registry = Registry([("p1", "house-1", "1", TeaPlugin(TeaAgency))])
    assert [model.name for model in registry.models()] == [LATEST.name]
    registry.register("p2", "house-2", "1", TeaPlugin(TeaAgency))
    assert registry.models() == []
    assert LATEST.name in registry.wrong_models()


def test_models_are_sorted_once(monkeypatch):
    registry = Registry([("p1", "house-1", "1", TeaPlugin(TeaAgency))])
    found = registry.models()
    monkeypatch.setattr("statpipe.engine.site.registry.impossible", None)
    assert registry.models() == registry.models_of(SOURCE) == found


def test_a_view_on_a_source_is_refused():
    view = attrs.evolve(LATEST, materialized="view")
    registry = Registry([("tea", "house", "1", TeaPlugin(TeaAgency, [view]))])
    with pytest.raises(PluginError) as raised:
        registry.models_of(SOURCE)
    assert str(raised.value) == (
        "Gold model tea_latest of house 1 is a view that reads the source tea_prices, but no "
        'database holds Silver: declare it materialized="table", or let it read a model; correct or uninstall it'
    )


@pytest.mark.parametrize("inputs", [(), ("tea_prices",)])
def test_a_model_with_a_sources_name_is_refused(inputs):
    named = attrs.evolve(LATEST, name="tea_prices", inputs=inputs)
    registry = Registry([("tea", "house", "1", TeaPlugin(TeaAgency, [named]))])
    with pytest.raises(
        PluginError, match="Gold model tea_prices of house 1 has the same name as a source"
    ):
        registry.models_of(SOURCE)


def test_two_entry_points_with_one_name_coexist():
    heard = []

    class First:
        @hookimpl
        def statpipe_run_finished(self, event):
            heard.append("first")

    registry = Registry(
        [("tea", "first-house", "1", First()), ("tea", "second-house", "1", offering("white"))]
    )
    assert not registry.broken
    assert registry.find("source", "white").distribution == "second-house"
    registry.manager.hook.statpipe_run_finished(event=None)
    assert heard == ["first"]


def test_an_unknown_name_is_reported_with_the_nearest_one():
    registry = Registry([("one", "house", "1", offering("tea", "coffee"))])
    with pytest.raises(PluginError, match="no source is named 'te'; did you mean 'tea'\\?"):
        registry.find("source", "te")
    with pytest.raises(PluginError, match="there are coffee, tea"):
        registry.find("source", "milk")


def test_an_unknown_name_is_reported_with_broken_plugins():
    class Broken:
        def statpipe_sources(self):
            raise OSError("no kettle")

    registry = Registry([("tea", "tea-house", "1", Broken())])
    with pytest.raises(PluginError) as raised:
        registry.find("source", "tea_prices")
    assert "broken plugins: tea (statpipe_sources raised OSError: no kettle)" in str(raised.value)
    assert "statpipe plugins list" in str(raised.value)


def test_a_model_is_summarised_by_its_title():
    registry = Registry([("tea", "tea-house", "1", TeaPlugin(TeaAgency))])
    assert registry.find("model", LATEST.name).summary == LATEST.title
    assert list(registry.models()) == [LATEST]
