"""The names under which a plugin offers what is tested."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points


def offered_names(role: str, thing: object) -> set[str]:
    """
    Return the names of the components of a role whose factory is the class of *thing*; if none of its plugin's
    is, those of all of them. The plugin is what its distribution names, or the module ``plugin`` of its package.
    """
    package = type(thing).__module__.partition(".")[0]
    places = {one.value for one in entry_points(group="statpipe") if _package(one.value) == package}
    offered = []
    for place in sorted({*places, f"{package}.plugin"}):
        with suppress(ImportError):
            hook = getattr(import_module(place), f"statpipe_{role}s", None)
            offered += list(hook()) if hook is not None else []
    mine = f"{type(thing).__module__}:{type(thing).__qualname__}"
    made = {one.name for one in offered if one.factory in (mine, type(thing))}
    return made or {one.name for one in offered}


def _package(place: str) -> str:
    return place.partition(":")[0].partition(".")[0]
