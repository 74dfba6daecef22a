"""The dimensions of sources as columns of the models that request them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from statpipe.api import Held, Model
from statpipe.engine.site.model_order import sources_of


def with_dimensions(
    models: Sequence[Model], model: Model, held: Callable[[str], Sequence[Held]]
) -> Model:
    """
    Return the model with columns for the dimensions that the lake holds of its sources.
    """
    if not model.takes_dimensions:
        return model
    found: dict[str, str] = {}
    for source in sources_of(models, model):
        found |= dimensions_of(held(source))
    return model.with_dimensions(found)


def dimensions_of(held: Sequence[Held]) -> Mapping[str, str]:
    """
    Return columns and names of the dimensions of all datasets of a source, from the newest
    vintages.
    """
    found: dict[str, str] = {}
    for one in sorted(held, key=lambda one: (one.released, one.sequence)):
        found |= one.dimensions
    return found
