"""Every hook says what it is for with an example that runs, and fits into one of the two kinds."""

import ast
import inspect
import textwrap
import typing
from collections.abc import Iterable

import attrs
import pluggy
import pytest

from statpipe.api import Column, Component, Model, events, hookimpl, hookspecs
from statpipe.api.markers import PROJECT

HOOKS = {
    name: hook
    for name, hook in inspect.getmembers(hookspecs, inspect.isfunction)
    if hook.__module__ == hookspecs.__name__
}
COMPONENTS = {
    "statpipe_sources",
    "statpipe_normalizers",
    "statpipe_sinks",
    "statpipe_checks",
    "statpipe_models",
    "statpipe_notifiers",
}
LIFECYCLE = sorted(HOOKS.keys() - COMPONENTS)

every_hook = pytest.mark.parametrize("name", sorted(HOOKS))


def example_of(hook):
    """The text of the code block in a hook's docstring."""
    _, found, after = inspect.getdoc(hook).partition(".. code-block:: python\n")
    assert found, f"{hook.__name__} has no code block"
    return textwrap.dedent(after)


def implementations_in(example):
    tree = ast.parse(example)
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == "hookimpl" for d in node.decorator_list)
    ]


def test_there_are_hooks_of_both_kinds():
    assert HOOKS.keys() >= COMPONENTS
    assert len(LIFECYCLE) >= 5


@every_hook
def test_the_name_of_each_hook_has_the_prefix(name):
    assert name.startswith(f"{PROJECT}_")


@every_hook
def test_each_hook_is_marked_as_a_specification(name):
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    assert getattr(manager.hook, name).spec is not None


@every_hook
def test_each_docstring_has_a_sentence_and_an_example(name):
    hook = HOOKS[name]
    first = inspect.getdoc(hook).split("\n\n")[0]
    assert first.endswith(".")
    (shown,) = implementations_in(example_of(hook))
    assert shown.name == name
    taken = [argument.arg for argument in shown.args.args]
    assert taken == list(inspect.signature(hook).parameters)


@every_hook
def test_each_example_is_a_plugin_that_can_be_registered_and_called(name):
    class Anything:
        """Stands for the names of an author's own module."""

        def __init__(self, *_, **__):
            pass

    given = {
        "Component": Component,
        "Model": Model,
        "hookimpl": hookimpl,
        "COLUMNS": tuple(
            Column(name=column, type="text", description="d")
            for column in ("ref_area", "category", "time_period", "dataset", "value")
        ),
        "Settings": attrs.make_class("Settings", []),
        **dict.fromkeys(("make", "MyNormalizer", "NoFuture"), Anything),
    }
    exec(compile(example_of(HOOKS[name]), name, "exec"), given)
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(type("Plugin", (), {name: staticmethod(given[name])}))
    manager.check_pending()
    if name in COMPONENTS:
        told = {"instances": ()} if name == "statpipe_models" else {}
        (offers,) = getattr(manager.hook, name)(**told)
        wanted = Model if name == "statpipe_models" else Component
        assert offers
        assert all(isinstance(offer, wanted) for offer in offers)


@pytest.mark.parametrize("name", sorted(COMPONENTS))
def test_a_component_hook_returns_many_and_takes_at_most_instances(name):
    hook = HOOKS[name]
    taken = ["instances"] if name == "statpipe_models" else []
    assert list(inspect.signature(hook).parameters) == taken
    offered = typing.get_type_hints(hook)["return"]
    assert typing.get_origin(offered) is Iterable
    assert typing.get_args(offered) in {(Component,), (Model,)}


@pytest.mark.parametrize("name", LIFECYCLE)
def test_a_lifecycle_hook_takes_one_event_and_returns_nothing(name):
    told = typing.get_type_hints(HOOKS[name])
    assert told.pop("return") is type(None)
    assert list(told) == ["event"]
    assert told["event"].__module__ == events.__name__


@pytest.mark.parametrize("name", LIFECYCLE)
def test_a_lifecycle_hook_has_the_name_of_its_event(name):
    event = typing.get_type_hints(HOOKS[name])["event"].__name__
    words = "".join(part.title() for part in name.removeprefix(f"{PROJECT}_").split("_"))
    assert words == event
