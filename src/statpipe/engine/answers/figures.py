"""The rows of a Gold model, read in the same way for the command line and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from statpipe.api import ConfigError, Database, Model, Sink
from statpipe.engine.answers.as_of import latest_rows, rows_as_of
from statpipe.engine.answers.from_database import rows_in_database
from statpipe.engine.answers.words import OPTIONS, Words
from statpipe.engine.gold.dimensions import with_dimensions
from statpipe.engine.record.records import held_of
from statpipe.engine.site.site import Site

if TYPE_CHECKING:
    import pyarrow as pa


def whole_model(site: Site, name: str) -> Model:
    """
    Return an installed model, with the columns of the dimensions that the lake holds.

    :raises PluginError: Nothing has this name.
    """
    model: Model = site.registry.find("model", name).item
    return with_dimensions(site.registry.models(), model, partial(held_of, site.lake))


def figures(
    site: Site,
    model: Model,
    wanted: Mapping[str, Sequence[str]],
    day: date | None = None,
    *,
    words: Words = OPTIONS,
    sink: str | None = None,
) -> pa.Table:
    """
    Return the chosen rows of a model: the latest, or as of a date.

    They are read from the lake, or from the *sink*, which is a database.

    :raises ConfigError: No row matches a column, a value or the date.
    :raises ContentError: The model was not built yet, or is damaged.
    """
    if sink is not None and (named := site.sink(sink)) is not site.lake:
        return rows_in_database(_database(named, sink), model, wanted, day, words)
    models = site.registry.models()
    if day is None:
        return latest_rows(site.lake, models, model, wanted, words)
    return rows_as_of(site.lake, models, model, day, wanted, words=words)


def _database(found: Sink, name: str) -> Database:
    if not isinstance(found, Database):
        raise ConfigError(f"sink {name} is neither the lake nor a database, so it cannot be read")
    return found
