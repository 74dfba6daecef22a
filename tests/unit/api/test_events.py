"""Events are frozen values, and each has a hook that tells it."""

import inspect
import typing

import attrs
import pytest

from statpipe.api import RunStarted, events, hookspecs

EVENTS = [
    kind
    for _, kind in inspect.getmembers(events, inspect.isclass)
    if kind.__module__ == events.__name__
]


def hooks_of(kind):
    hooks = [
        hook
        for _, hook in inspect.getmembers(hookspecs, inspect.isfunction)
        if hook.__module__ == hookspecs.__name__
    ]
    return [hook for hook in hooks if typing.get_type_hints(hook).get("event") is kind]


@pytest.mark.parametrize("kind", EVENTS)
def test_each_event_has_exactly_one_hook(kind):
    assert len(hooks_of(kind)) == 1


@pytest.mark.parametrize("kind", EVENTS)
def test_each_event_is_a_documented_keyword_only_attrs_class(kind):
    assert attrs.has(kind)
    assert all(field.kw_only for field in attrs.fields(kind))
    assert kind.__doc__.strip()


def test_an_observer_cannot_change_an_event():
    event = RunStarted(run_id="r", source="s", environment="local")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.source = "other"


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_names_its_run(kind):
    names = {field.name for field in attrs.fields(kind)}
    assert "manifest" in names or {"run_id", "source"} <= names
