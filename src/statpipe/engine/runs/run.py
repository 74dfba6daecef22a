"""Runs of one or several sources, each with a manifest, whatever happens."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Event

import attrs
import structlog

import statpipe
from statpipe.api import Manifest, RunFinished, RunStarted, Source, StatpipeError
from statpipe.domain.errors import REFUSED_BY_CHECKS
from statpipe.domain.manifest import Outcome
from statpipe.engine.record.advice import in_environment
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.logs import mask_of
from statpipe.engine.record.records import match_records, mended_manifest
from statpipe.engine.record.run_id import new_run_id
from statpipe.engine.record.state import State
from statpipe.engine.runs.ahead import Ahead
from statpipe.engine.runs.source_run import SourceRun
from statpipe.engine.site.credentials import credentials
from statpipe.engine.site.executors import executor_for
from statpipe.engine.site.interruption import stop_if_interrupted, was_interrupted
from statpipe.engine.site.memory import give_free_memory_back
from statpipe.engine.site.site import Site, opened_again
from statpipe.engine.stages.options import INGEST, Options
from statpipe.engine.stages.workers import Workers, workers_of

log = structlog.get_logger("statpipe")

BUG, INTERRUPTED = 1, 130
_WORST_FIRST = (INTERRUPTED, BUG, 4, REFUSED_BY_CHECKS, 2, 5, 6, 0)
"""Exit codes by urgency: failures that may pass by themselves come last."""


def worst(codes: Sequence[int]) -> int:
    """
    Return the exit code of a run of several sources.
    """
    return min(codes, key=lambda c: _WORST_FIRST.index(c) if c in _WORST_FIRST else 0, default=0)


def run_sources(
    site: Site,
    names: Sequence[str],
    options: Options,
    executor: Executor | None = None,
    jobs: int = 1,
) -> list[Manifest]:
    """
    Run sources, so many *jobs* at a time; one that fails does not stop the others.

    *executor* is any standard executor; without one, the configured one is made.
    """
    with executor_for(site.configuration, executor) as pool:
        if jobs > 1 and len(names) > 1:
            return _side_by_side(site, names, options, pool, jobs)
        workers, manifests = workers_of(site, pool), []
        for name in names:
            manifests.append(run_source(site, name, options, workers))
            if manifests[-1].outcome == "interrupted":
                break
        return manifests


def _side_by_side(
    site: Site, names: Sequence[str], options: Options, pool: Executor, jobs: int
) -> list[Manifest]:
    """Run sources in threads, each with its own sinks, because a database connection serves one at
    a time.
    """
    all_known = Event()  # before that, an interrupt finds no active run

    def run(name: str) -> Manifest:
        all_known.wait()
        own = opened_again(site)
        try:
            with structlog.contextvars.bound_contextvars(beside=name):
                return run_source(own, name, options, workers_of(own, pool))
        finally:
            own.close()

    with ThreadPoolExecutor(jobs, thread_name_prefix="statpipe-run") as threads:
        runs: list[Future[Manifest]] = []
        try:
            runs = [threads.submit(copy_context().run, run, name) for name in names]
            all_known.set()
            wait(runs)
        except KeyboardInterrupt:  # each run notices the remembered signal at its next step
            all_known.set()
            if not runs:
                raise
            log.warning("interrupted; runs stop after their current step")
            for one in runs:
                one.cancel()
            wait(runs)
    return [one.result() for one in runs if not one.cancelled()]


def run_source(  # noqa: PLR0917 - what is run, where, and what was begun before
    site: Site,
    name: str,
    options: Options,
    workers: Workers,
    ready: Source | None = None,
    ahead: Ahead | None = None,
) -> Manifest:
    """
    Run one source. Nothing is raised: the manifest says how the run ended.

    A *ready* source is used instead of a new one, and stays open. Work that was started *ahead* is
    used.
    """
    started = datetime.now(UTC)
    give_free_memory_back()
    observers = site.observers()
    source = ready
    try:
        source = ready or site.source(name)
        with site.lake.lock(name, options.wait, lambda: _next_run_id(site, name)) as run_id:
            journal = Journal(run_id=run_id, source=name, observers=observers)
            with structlog.contextvars.bound_contextvars(run_id=run_id, source=name):
                turn = Turn(site=site, journal=journal, options=options, started=started)
                return turn.take(source, workers, ahead)
    except BaseException as error:  # noqa: BLE001 - every ending becomes a manifest
        # It never had the lock: the lake's newest manifest must stay the one with the state.
        journal = Journal(run_id=new_run_id(), source=name, observers=observers)
        with structlog.contextvars.bound_contextvars(run_id=journal.run_id, source=name):
            turn = Turn(site=site, journal=journal, options=options, started=started)
            turn.tell_start("")
            return turn.tell_end(turn.manifest(Ending.of(error), None))
    finally:
        if source is not None and ready is None:
            close_source(source, name)


def close_source(source: Source, name: str) -> None:
    """
    Close a source; if that fails, log it and go on.
    """
    try:
        source.close()
    except Exception as error:  # noqa: BLE001 - the run is over; the others must have their turn
        log.warning("source did not close", source=name, error=str(error))


@attrs.frozen(kw_only=True)
class Ending:
    """
    How a run ended.
    """

    outcome: Outcome
    code: int = 0
    message: str = ""
    notice: str = ""

    @classmethod
    def of(cls, error: BaseException, notice: str = "") -> Ending:
        """
        Return what an exception means for the reader.
        """
        # First, because a library may turn an interruption into any error of its own.
        if isinstance(error, KeyboardInterrupt) or was_interrupted():
            text = "interrupted; run again to complete it"
            return cls(outcome="interrupted", code=INTERRUPTED, message=text, notice=notice)
        if isinstance(error, StatpipeError):
            return cls(outcome="failed", code=error.exit_code, message=str(error), notice=notice)
        log.debug("a bug", exc_info=error)
        text = (
            f"a bug in statpipe or a plugin: {type(error).__name__}: {error}; run again with --debug "
            "for the traceback and report it"
        )
        return cls(outcome="failed", code=BUG, message=text, notice=notice)


@attrs.frozen(kw_only=True)
class Turn:
    """
    A run that holds the lock: does the work, and records how it ended.
    """

    site: Site
    journal: Journal
    options: Options
    started: datetime

    def take(self, source: Source, workers: Workers, ahead: Ahead | None = None) -> Manifest:
        """
        Do the work. Whatever happens, every sink gets the manifest, and the observers are called
        once.
        """
        try:
            notice = source.notice if INGEST in self.options.stages else ""
        except BaseException as error:  # noqa: BLE001 - every ending becomes a manifest
            self.tell_start("")
            return self.tell_end(self._recorded(Ending.of(error), None))
        self.tell_start(notice)
        state: State | None = None
        try:
            before = mended_manifest(self.site.lake, self.journal.source)
            state = State(before.holds if before else ())
            if before is not None:
                self.journal.asked, self.journal.asked_for = before.asked, before.asked_for
            SourceRun(
                self.site, source, state, self.journal, self.options, workers, ahead
            ).execute()
            stop_if_interrupted()
            ending = self._good_end(notice)
        except BaseException as error:  # noqa: BLE001 - every ending becomes a manifest
            ending = Ending.of(error, notice)
        return self.tell_end(self._recorded(ending, state))

    def manifest(self, ending: Ending, state: State | None) -> Manifest:
        """
        Write the manifest. Its message contains no credential, even if a library's error does.
        """
        mask = mask_of(credentials(self.site.configuration, self.site.registry))
        return Manifest(
            run_id=self.journal.run_id,
            source=self.journal.source,
            environment=self.site.environment.name,
            command=self.options.command,
            started=self.started,
            finished=datetime.now(UTC),
            outcome=ending.outcome,
            exit_code=ending.code,
            message=in_environment(mask(ending.message), self.site.environment.name),
            notice=ending.notice,
            accepted_revision=any(result.accepted for result in self.journal.checks),
            vintages=tuple(self.journal.vintages),
            checks=tuple(self.journal.checks),
            receipts=tuple(self.journal.receipts),
            versions={
                "python": platform.python_version(),
                "statpipe": statpipe.__version__,
                **self.site.registry.versions(),
            },
            holds=state.holds() if state is not None else (),
            asked=self.journal.asked,
            asked_for=self.journal.asked_for,
            calendar=self.journal.calendar,
            late=self.journal.late,
        )

    def tell_start(self, notice: str) -> None:
        """
        Tell the observers that the run began.
        """
        self.journal.observers.tell(
            "statpipe_run_started",
            RunStarted(
                run_id=self.journal.run_id,
                source=self.journal.source,
                environment=self.site.environment.name,
                notice=notice,
            ),
        )

    def tell_end(self, manifest: Manifest) -> Manifest:
        """
        Tell the observers that the run ended.
        """
        self.journal.observers.tell("statpipe_run_finished", RunFinished(manifest=manifest))
        return manifest

    def _good_end(self, notice: str) -> Ending:
        outcome = self.journal.outcome
        if outcome == "refused":
            text = _refusal(self.journal)
            return Ending(outcome=outcome, code=REFUSED_BY_CHECKS, message=text, notice=notice)
        return Ending(outcome=outcome, notice=notice)

    def _recorded(self, ending: Ending, state: State | None) -> Manifest:
        """Send the manifest to every sink, the lake last: its newest manifest makes the run's work
        visible.
        """
        manifest = self.manifest(ending, state)
        for sink in (*self.site.other_sinks().values(), self.site.lake):
            if sink is self.site.lake and state is None:
                continue  # the lake's contents could not be read, so they must not be overwritten
            try:
                if sink is not self.site.lake and state is not None:
                    # The run was killed, or the sink was down.
                    match_records(self.site.lake, sink, self.journal.source)
                sink.record(manifest)
            except BaseException as error:  # noqa: BLE001 - told below; the next sink must hear of it
                if manifest.exit_code == 0:
                    manifest = self.manifest(Ending.of(error, ending.notice), state)
                else:
                    log.warning("run not recorded", sink=type(sink).__name__, error=str(error))
        return manifest


def _refusal(journal: Journal) -> str:
    refusals = [result for result in journal.checks if result.refuses]
    # Failures that cannot be overruled come first, because they say what has to be done.
    first = min(refusals, key=lambda result: result.about_revision)
    others = [f"{r.check} on {r.dataset}" for r in refusals if r is not first]
    also = f" (also refused by {', '.join(dict.fromkeys(others))})" if others else ""
    return (
        f"refused by check {first.check} on {first.dataset} {first.vintage}: "
        f"{first.message}{also}; nothing of this release was published, but Bronze keeps it; "
        f"{first.next_step}"
    )


def _next_run_id(site: Site, name: str) -> str:
    runs = site.lake.run_ids(name)
    return new_run_id(runs[-1][1] if runs else None)
