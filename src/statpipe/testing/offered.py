"""The components as which a plugin offers what is tested."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points

from statpipe.api import Component


def offered(role: str, thing: object) -> list[Component]:
    """
    Return the components of a role whose factory is the class of *thing*. The plugin is what its distribution
    names, or the module ``plugin`` of its package.
    """
    mine = f"{type(thing).__module__}:{type(thing).__qualname__}"
    return [
        one
        for one in _of_plugin(role, thing)
        if one.factory is type(thing) or getattr(one.factory, "__qualname__", "") == mine
    ]


def offered_names(role: str, thing: object) -> set[str]:
    """
    Return the names of these components, or those of all of the role if a function makes *thing*.
    """
    return {one.name for one in offered(role, thing) or _of_plugin(role, thing)}


def _of_plugin(role: str, thing: object) -> list[Component]:
    package = _package(type(thing).__module__)
    places = {one.value for one in entry_points(group="statpipe") if _package(one.value) == package}
    found: list[Component] = []
    for place in sorted({*places, f"{package}.plugin"}):
        with suppress(ImportError):
            hook = getattr(import_module(place), f"statpipe_{role}s", None)
            found += list(hook()) if hook is not None else []
    return found


def _package(place: str) -> str:
    return place.partition(":")[0].partition(".")[0]
