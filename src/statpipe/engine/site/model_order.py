"""Gold models in the order in which they are made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from statpipe.api import Model, PluginError


def in_order(models: Iterable[Model]) -> list[Model]:
    """
    Return models so that each comes after those that it reads.

    :raises PluginError: They read each other in a circle.
    """
    by_name = {model.name: model for model in models}
    graph = {
        name: [one for one in model.inputs if one in by_name] for name, model in by_name.items()
    }
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        msg = (
            f"Gold models read each other in a circle: {circle}; correct or uninstall their plugin"
        )
        raise PluginError(msg) from None


def refuse_impossible(models: Iterable[Model], sources: Collection[str]) -> None:
    """
    Refuse models that no database, or nobody, could make.

    :raises PluginError: One has the name of a source, or is a view over a source.
    """
    for model in models:
        if model.name in sources:
            msg = (
                f"Gold model {model.name} has the name of a source, so that SQL could not tell them "
                "apart; rename it in its plugin"
            )
            raise PluginError(msg)
        over = [name for name in model.inputs if name in sources]
        if model.materialized == "view" and over:
            msg = (
                f"Gold model {model.name} is a view and reads the source {over[0]}, whose Silver no "
                'database holds; declare it materialized="table", or let it read a model'
            )
            raise PluginError(msg)


def reading(ordered: Sequence[Model], source: str) -> list[Model]:
    """
    Return those of the ordered models that read a source, directly or through others.
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
