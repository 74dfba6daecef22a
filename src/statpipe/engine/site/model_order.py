"""Gold models in the order of computation, and the models that cannot be made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from statpipe.api import Model, PluginError
from statpipe.domain.nearest import nearest


def in_order(models: Iterable[Model]) -> list[Model]:
    """
    Return models so that each comes after the models that it reads.

    :raises PluginError: Models read each other in a cycle.
    """
    by_name = {model.name: model for model in models}
    try:
        return [by_name[name] for name in TopologicalSorter(_graph(by_name)).static_order()]
    except CycleError as error:
        raise PluginError(f"{_in_a_circle(error)}; correct or uninstall their plugin") from None


def impossible(
    offered: Sequence[tuple[Model, str]], sources: Collection[str], ambiguous: Mapping[str, str]
) -> dict[str, str]:
    """
    Return the reason for each model that cannot be made, in general or by a database, by its name.
    Models that read such a model cannot be made either.

    *offered* are models with the distributions that offer them; each name occurs once. *ambiguous*
    are the names of others, with the reason.
    """
    by_name = {model.name: model for model, _ in offered}
    wrong, names = dict(ambiguous), {*by_name, *ambiguous}
    for model, whose in offered:
        fault = _fault(model, names, sources)
        if fault:
            wrong[model.name] = (
                f"Gold model {model.name} of {whose} {fault}; correct or uninstall it"
            )
    sound = {name: one for name, one in by_name.items() if name not in wrong}
    while circle := _circle(sound):
        whose = ", ".join(dict.fromkeys(who for model, who in offered if model.name in circle[1]))
        wrong |= dict.fromkeys(circle[1], f"{circle[0]}; correct or uninstall {whose}")
        sound = {name: one for name, one in sound.items() if name not in wrong}
    while more := _readers(sound, wrong):
        wrong |= more
        sound = {name: one for name, one in sound.items() if name not in wrong}
    return wrong


def _fault(model: Model, models: Collection[str], sources: Collection[str]) -> str:
    """Return what is wrong with a model by itself, if anything is."""
    if model.name in sources:
        return "has the same name as a source, so SQL would be ambiguous"
    over = [name for name in model.inputs if name in sources]
    if model.materialized == "view" and over:
        return (
            f"is a view that reads the source {over[0]}, but no database holds Silver: declare it "
            'materialized="table", or let it read a model'
        )
    lost = [name for name in model.inputs if name not in sources and name not in models]
    if lost:
        hint = nearest(lost[0], [*sources, *models]).removeprefix("; ")
        return f"reads {lost[0]!r}, which is neither a source nor a model ({hint})"
    return ""


def _readers(sound: Mapping[str, Model], wrong: Mapping[str, str]) -> dict[str, str]:
    return {
        model.name: wrong[name]
        for model in sound.values()
        for name in reversed(model.inputs)
        if name in wrong
    }


def _circle(by_name: Mapping[str, Model]) -> tuple[str, set[str]] | None:
    try:
        TopologicalSorter(_graph(by_name)).prepare()
    except CycleError as error:
        return _in_a_circle(error), set(error.args[1])
    return None


def _in_a_circle(error: CycleError) -> str:
    return f"Gold models read each other in a circle: {' -> '.join(error.args[1])}"


def _graph(by_name: Mapping[str, Model]) -> dict[str, list[str]]:
    return {name: [n for n in one.inputs if n in by_name] for name, one in by_name.items()}


def reading(ordered: Sequence[Model], source: str) -> list[Model]:
    """
    Return the ordered models that read a source, directly or through others.
    """
    reached = {source}
    found = []
    for model in ordered:
        if reached & set(model.inputs):
            reached.add(model.name)
            found.append(model)
    return found


def sources_of(models: Sequence[Model], model: Model) -> list[str]:
    """
    Return the sources that a model reads, directly or through others.
    """
    by_name = {one.name: one for one in models}
    found: dict[str, None] = {}
    for name in model.inputs:
        below = sources_of(models, by_name[name]) if name in by_name else [name]
        found |= dict.fromkeys(below)
    return list(found)


def models_under(models: Sequence[Model], model: Model) -> list[Model]:
    """
    Return the models that a model reads, directly or through others.
    """
    below = [one for one in models if one.name in model.inputs]
    found = {one.name: one for near in below for one in (near, *models_under(models, near))}
    return list(found.values())
