"""The functions that ``import statpipe`` offers, one per question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from statpipe.api import StatpipeError
from statpipe.engine.record.advice import in_environment
from statpipe.engine.site.aws_environment import aws_exported
from statpipe.engine.site.configuration import load_configuration
from statpipe.engine.site.instances import add_instances
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_lake
from statpipe.reading.figures import Figures
from statpipe.reading.lakehouse import Lakehouse

log = structlog.get_logger("statpipe")


@contextmanager
def open(  # noqa: A001 - as in `statpipe.open("prod")`
    environment: str = "local", *, config: str | Path | None = None
) -> Iterator[Lakehouse]:
    """
    Open an environment for several questions; it is closed at the end of the block.

    The configuration is ``statpipe.toml`` in this folder or above, or the file that *config* names::

        with statpipe.open("prod") as lakehouse:
            now = lakehouse.read("pce_state", ref_area="CA")
            then = lakehouse.read("pce_state", ref_area="CA", as_of="2021-01-01")

    :raises ConfigError: The environment is not configured, or its configuration is wrong.
    """
    configuration = load_configuration(None if config is None else Path(config))
    registry = Registry.installed()
    add_instances(configuration, registry)
    try:
        with (
            aws_exported(configuration.variables, configuration.env_file, log.warning),
            Lakehouse(open_lake(configuration, registry, environment)) as lakehouse,
        ):
            yield lakehouse
    except StatpipeError as error:
        error.args = (in_environment(str(error), environment), *error.args[1:])
        raise


def read(
    model: str, *, environment: str = "local", config: str | Path | None = None, **wanted: Any
) -> Figures:
    """
    Return figures of a Gold model: ``read("pce_state", as_of="2021-01-01", ref_area="CA")``.

    The other arguments are those of :meth:`Lakehouse.read`: ``as_of``, ``ref_area``, ``category``,
    ``period``, ``dataset``, ``floats``, ``sink``, and any column.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.read(model, **wanted)


def revisions(
    model: str, *, environment: str = "local", config: str | Path | None = None, **wanted: Any
) -> Figures:
    """
    Return every revision of a model's figures. Arguments are those of :func:`read`.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.revisions(model, **wanted)


def releases(
    model: str, *, environment: str = "local", config: str | Path | None = None, **wanted: Any
) -> Figures:
    """
    Return each figure in each release: ``releases("pce_state", ref_area="CA", nth=0)`` returns the
    first releases.

    The other arguments are those of :meth:`Lakehouse.releases`: ``nth``, ``wide``, ``growth``, and any column.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.releases(model, **wanted)


def revision_statistics(
    model: str, *, environment: str = "local", config: str | Path | None = None, **wanted: Any
) -> Figures:
    """
    Return statistics of revisions, one row per series and release: size, bias, news or noise, the
    first efficient release.

    The other arguments are those of :meth:`Lakehouse.revision_statistics`: ``nth``, ``final``, ``growth``, and any column.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.revision_statistics(model, **wanted)


def diff(
    model: str,
    from_: str | date,
    to: str | date | None = None,
    *,
    environment: str = "local",
    config: str | Path | None = None,
    **wanted: Any,
) -> Figures:
    """
    Return the figures that differ between two dates, or between a date and now:
    ``diff("pce_state", "2021-01-01", "2022-12-31", ref_area="CA")``.

    The other arguments choose figures, as in :func:`read`.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.diff(model, from_, to, **wanted)


def search(*words: str, environment: str = "local", config: str | Path | None = None) -> Figures:
    """
    Return the models, categories and areas that match all words, best match first:
    ``search("housing utilities")``.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.search(*words)


def models(*, environment: str = "local", config: str | Path | None = None) -> Figures:
    """
    Return all Gold models.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.models()


def describe(
    model: str, *, environment: str = "local", config: str | Path | None = None
) -> Figures:
    """
    Return a model's columns with their descriptions.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.describe(model)


def vintages(
    model: str, *, environment: str = "local", config: str | Path | None = None, **wanted: Any
) -> Figures:
    """
    Return the vintages behind a model, oldest first; if figures are chosen, only vintages that set
    one of them.

    The other arguments choose figures, as in :func:`read`.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.vintages(model, **wanted)


def explain(
    model: str, *, environment: str = "local", config: str | Path | None = None, **cell: Any
) -> dict[str, Any]:
    """
    Return where one figure comes from. The other arguments are those of :meth:`Lakehouse.explain`:
    ``ref_area``, ``category``, ``period``.
    """
    with open(environment, config=config) as lakehouse:
        return lakehouse.explain(model, **cell)
