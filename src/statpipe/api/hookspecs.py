"""All extension points, top to bottom.

A plugin is a module named by an entry point in the group ``statpipe``. It implements any of these
hooks with :data:`statpipe.api.hookimpl`.

*Component hooks* offer declarations and do nothing else. They are called once, must be cheap, and
need no credentials. *Lifecycle hooks* observe: they get frozen values that say what happened,
return nothing, and cannot change the run; if one raises, it is logged by name and the run goes on.

Commands are not hooks, so a plugin is only loaded for its own commands: an entry point in the group
``statpipe.commands`` names a ``cyclopts.App``, which becomes the command of that name. A
:class:`statpipe.api.StatpipeError` that it raises becomes one line and an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statpipe.api.component import Component, Instance
from statpipe.api.events import (
    CheckFinished,
    PartitionWritten,
    PayloadReceived,
    RunFinished,
    RunStarted,
    VintageFound,
)
from statpipe.api.markers import hookspec
from statpipe.domain.model import Model

# --- Component hooks: what a plugin offers ---------------------------------------------------


@hookspec
def statpipe_sources() -> Iterable[Component]:  # type: ignore[empty-body]
    """
    Offer sources; the factories return :class:`statpipe.api.Source` objects.

    A source that declares its frequency gets the standard Gold models, from history to growth,
    without a further hook.

    .. code-block:: python

        from attrs import frozen
        from statpipe.api import Component, Secret, hookimpl, secret

        @frozen(kw_only=True)
        class Settings:
            key: Secret | None = secret("MY_AGENCY_KEY")
            tables: tuple[str, ...] = ("T1",)

        @hookimpl
        def statpipe_sources():
            return [Component(name="my_agency", summary="Prices of tea by port",
                              settings=Settings, factory="my_agency.source:MySource", freq="M")]
    """


@hookspec
def statpipe_normalizers() -> Iterable[Component]:  # type: ignore[empty-body]
    """
    Offer normalizers; the factories return :class:`statpipe.api.Normalizer` objects.

    A dataset names the normalizer that reads its payloads. A normalizer without settings needs no
    hook: the dataset names its import path, ``normalizer="my_agency.normalizer:rows"``, a function
    of the dataset and a payload, or a class.

    .. code-block:: python

        @hookimpl
        def statpipe_normalizers():
            return [Component(name="my_agency_json", summary="Answers of My Agency's API",
                              factory="my_agency.normalizer:MyNormalizer")]
    """


@hookspec
def statpipe_sinks() -> Iterable[Component]:  # type: ignore[empty-body]
    """
    Offer sinks; the factories return :class:`statpipe.api.Sink` objects, one of them a
    :class:`statpipe.api.Lake`.

    .. code-block:: python

        @hookimpl
        def statpipe_sinks():
            return [Component(name="duck", summary="Gold in one DuckDB file",
                              settings=Settings, factory="duck.sink:DuckSink")]
    """


@hookspec
def statpipe_checks() -> Iterable[Component]:  # type: ignore[empty-body]
    """
    Offer checks; the factories return :class:`statpipe.api.Check` objects.

    .. code-block:: python

        @hookimpl
        def statpipe_checks():
            return [Component(name="no_future", summary="No figure for a year to come",
                              factory="no_future.check:NoFuture")]
    """


@hookspec
def statpipe_models(instances: Sequence[Instance]) -> Iterable[Model]:  # type: ignore[empty-body]
    """
    Offer Gold models: declarations, with SQL over the histories of sources or over other models.

    The standard models, from history to growth, are ready made; a source that declares its ``freq``
    gets them without this hook. A hook with the argument *instances* receives the sources that the
    configuration makes of components (``[sources.NAME] use = "my_agency"``), and returns a family
    for each:

    .. code-block:: python

        from statpipe.api import Model, hookimpl
        from statpipe.api.gold import gold_families

        @hookimpl
        def statpipe_models(instances=()):
            return [
                *gold_families(name="tea", source="my_agency", title="Prices of tea", freq="M",
                               instances=instances),
                Model(name="tea_dear", title="Dear tea", inputs=("tea",), materialized="view",
                      grain=("ref_area", "category", "time_period", "dataset"), columns=COLUMNS,
                      sql="SELECT * FROM tea WHERE value > 100"),
            ]
    """


@hookspec
def statpipe_notifiers() -> Iterable[Component]:  # type: ignore[empty-body]
    """
    Offer notifiers: observers that have settings, such as an address and a credential.

    The factories return :class:`statpipe.api.Notifier` objects, whose methods are the lifecycle
    hooks below. Each environment has its own notifiers.

    .. code-block:: python

        from statpipe.api import Component, Notifier, hookimpl

        class Bell(Notifier):
            def __init__(self, settings):
                self._settings = settings

            @hookimpl
            def statpipe_run_finished(self, event):
                if event.manifest.exit_code:
                    print("ding", event.manifest.message)

        @hookimpl
        def statpipe_notifiers():
            return [Component(name="bell", summary="Rings when a run fails",
                              settings=Settings, factory=Bell)]
    """


# --- Lifecycle hooks: what happened ----------------------------------------------------------


@hookspec
def statpipe_run_started(event: RunStarted) -> None:
    """
    A run of one source began.

    .. code-block:: python

        @hookimpl
        def statpipe_run_started(event):
            print(event.run_id, event.source)
    """


@hookspec
def statpipe_vintage_found(event: VintageFound) -> None:
    """
    The probe or an archive offered a vintage, and the run decided what to do with it.

    .. code-block:: python

        @hookimpl
        def statpipe_vintage_found(event):
            print(event.dataset, event.vintage.id, event.action, event.reason)
    """


@hookspec
def statpipe_payload_received(event: PayloadReceived) -> None:
    """
    A payload arrived and is in Bronze.

    .. code-block:: python

        @hookimpl
        def statpipe_payload_received(event):
            print(f"{event.number} of {event.expected}: {event.name}")
    """


@hookspec
def statpipe_check_finished(event: CheckFinished) -> None:
    """
    A check finished on a vintage.

    .. code-block:: python

        @hookimpl
        def statpipe_check_finished(event):
            if event.result.refuses:
                print(event.result.message)
    """


@hookspec
def statpipe_partition_written(event: PartitionWritten) -> None:
    """
    A sink wrote a partition.

    .. code-block:: python

        @hookimpl
        def statpipe_partition_written(event):
            print(event.receipt.sink, event.receipt.path, event.receipt.rows)
    """


@hookspec
def statpipe_run_finished(event: RunFinished) -> None:
    """
    A run ended: loaded, unchanged, refused, failed or interrupted. Called exactly once for each
    started run.

    .. code-block:: python

        @hookimpl
        def statpipe_run_finished(event):
            print(event.manifest.outcome, event.manifest.exit_code)
    """
