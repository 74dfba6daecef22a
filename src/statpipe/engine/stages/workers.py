"""Where units of work run: in threads next to the coordinator, or in other processes.

::

    threads          payloads and tables stay in memory; nothing travels
    other processes  a task goes there; the worker reads Bronze and stages the sealed table in the lake;
                     hashes, counts and verdicts come back

A worker that dies changes nothing: its output is out of readers' sight, and the coordinator repeats
its work.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs
import structlog
from attrs import field, frozen

from statpipe.api import Check, ContentError, Lake, Partition, Payload
from statpipe.engine.record.heard import Heard, hearing
from statpipe.engine.site.site import Site
from statpipe.engine.site.workplace import Bench, Workplace, bench_at, workplace_of
from statpipe.engine.stages.background import side_by_side
from statpipe.engine.stages.case import Case, TableRef, Verdict, verdict_of
from statpipe.engine.stages.promise import Promise
from statpipe.engine.stages.task import Silver, Task, normalize

if TYPE_CHECKING:
    import pyarrow as pa

log = structlog.get_logger("statpipe")

_T = TypeVar("_T")


@frozen(kw_only=True)
class Told(Generic[_T]):
    """
    The answer of another process: a result or an error, and its log lines.
    """

    result: _T | None = None
    error: Exception | None = None
    heard: Heard


@frozen(kw_only=True)
class Workers:
    """
    An executor, and what its units of work need. Without a *workplace*, it shares our memory.
    """

    lake: Lake
    checks: Mapping[str, Check] = field(repr=False)
    executor: Executor = field(repr=False)
    workplace: Workplace | None = None
    _foreseen: list[tuple[Case, Promise[Verdict]]] = field(factory=list, init=False, repr=False)

    @property
    def elsewhere(self) -> bool:
        """
        Whether the work is done in other processes.
        """
        return self.workplace is not None

    def sealed(self, task: Task, payloads: Sequence[Payload] = ()) -> Promise[Silver]:
        """
        Have a task done; *payloads* are those that it names, where they are at hand.
        """
        if self.workplace is None:
            return self.executor.submit(_normalized, self.lake, task, payloads)
        return _Remote(
            self._sent(seal, task),
            here=lambda: _normalized(self.lake, task),
            taken=lambda silver: _at_hand(silver, task, self.lake),
        )

    def judged(self, case: Case, at_hand: Mapping[TableRef, Silver]) -> Promise[Verdict]:
        """
        Have a case judged; the tables *at hand* need not be read.
        """
        return self._begun_already(case) or self._begun(case, at_hand)

    def foresee(self, cases: Sequence[tuple[Case, Mapping[TableRef, Silver]]]) -> None:
        """
        Begin to judge cases that will probably be asked for; forget others that were.
        """
        self._foreseen[:] = [
            (case, self._begun_already(case) or self._begun(case, at_hand))
            for case, at_hand in cases
        ]

    def _begun_already(self, case: Case) -> Promise[Verdict] | None:
        return next((promise for known, promise in self._foreseen if known == case), None)

    def _begun(self, case: Case, at_hand: Mapping[TableRef, Silver]) -> Promise[Verdict]:
        here = _Here(lambda: verdict_of(case, self.checks, partial(self._read, at_hand)))
        ours = [at_hand[one] for one in (case.table, *case.siblings.values()) if one in at_hand]
        if self.workplace is None or not all(silver.staged for silver in ours):
            return here
        return _Remote(self._sent(judge_case, case), here=here.result)

    def _sent(self, unit: Callable[[Bench, Any], _T], value: Any) -> Promise[Told[_T]]:
        assert self.workplace is not None, "it was examined before"
        level = logging.getLogger().getEffectiveLevel()
        try:
            return self.executor.submit(at_work, self.workplace, unit, value, level)
        except RuntimeError as error:  # a pool whose process has died takes no more work
            return _Here(partial(_fail, error))

    def _read(self, at_hand: Mapping[TableRef, Silver], ref: TableRef) -> pa.Table:
        return at_hand[ref].table if ref in at_hand else _in_silver(self.lake, ref)


@frozen
class _Here(Generic[_T]):
    """Work that is done when its result is asked for."""

    result: Callable[[], _T]

    def done(self) -> bool:
        return True


@attrs.define
class _Remote(Generic[_T]):
    """Work of another process; done here if that process fails. Its log lines appear once."""

    _told: Promise[Told[_T]]
    _here: Callable[[], _T] = field(kw_only=True)
    _taken: Callable[[_T], _T] = field(kw_only=True, default=lambda result: result)
    _known: Told[_T] | None = field(init=False, default=None)

    def done(self) -> bool:
        return self._told.done()

    def result(self) -> _T:
        if self._known is None:
            self._known = self._asked()
            self._known.heard.say()
        if self._known.error is not None:
            raise self._known.error
        return self._known.result  # type: ignore[return-value]

    def _asked(self) -> Told[_T]:
        try:
            told = self._told.result()
        except Exception as error:  # noqa: BLE001 - whatever a pool or a cluster raises for a lost worker
            reason = f"{type(error).__name__}: {error}"
            log.warning("a worker failed; its work continues in this process", reason=reason)
            return Told(result=self._here(), heard=Heard())
        if told.error is not None:
            return told
        return attrs.evolve(told, result=self._taken(told.result))  # type: ignore[arg-type]


def at_work(
    workplace: Workplace, unit: Callable[[Bench, Any], _T], value: Any, level: int
) -> Told[_T]:
    """
    Do a unit of work in another process.
    """
    with hearing(level) as heard:
        try:
            return Told(result=unit(bench_at(workplace), value), heard=heard)
        except Exception as error:  # noqa: BLE001 - raised again by the coordinator
            if getattr(error, "payload", None) is not None:
                error.payload = None  # type: ignore[attr-defined] # it is in Bronze
            return Told(error=error, heard=heard)


def seal(bench: Bench, task: Task) -> Silver:
    """
    Read a task's Bronze, normalize it, and stage the sealed table in the lake.
    """
    try:
        payloads = side_by_side(bench.lake.payload, task.bronze, bench.lake.at_once)
    except ContentError as error:
        places = ", ".join(bench.lake.locations().values())
        msg = f"{error} (seen by a worker on {platform.node()}, whose lake is {places})"
        raise ContentError(msg) from error
    silver = normalize(task, payloads)
    bench.lake.stage(Partition(key=task.key, table=silver.table, fingerprint=silver.fingerprint))
    return attrs.evolve(silver, table=_left_there, staged=True)


def judge_case(bench: Bench, case: Case) -> Verdict:
    """
    Check a vintage that is in the lake.
    """
    return verdict_of(case, bench.checks, partial(_read, bench.lake))


def _read(lake: Lake, ref: TableRef) -> pa.Table:
    """
    Read a table that is published or staged.

    :raises ContentError: It is gone or damaged.
    """
    if lake.fingerprint(ref.key) != ref.fingerprint:
        staged = lake.staged(ref.key, ref.fingerprint)
        if staged is not None:
            return staged
    return _in_silver(lake, ref)  # also where it was published between the two looks


def _in_silver(lake: Lake, ref: TableRef) -> pa.Table:
    from statpipe.domain.older_silver import in_todays_columns

    return in_todays_columns(lake.read(ref.key))


def _normalized(lake: Lake, task: Task, payloads: Sequence[Payload] = ()) -> Silver:
    return normalize(task, payloads or side_by_side(lake.payload, task.bronze, lake.at_once))


def _at_hand(silver: Silver, task: Task, lake: Lake) -> Silver:
    """Read the table from the lake when it is needed."""

    @cache
    def table() -> pa.Table:
        staged = lake.staged(task.key, silver.fingerprint)
        return _normalized(lake, task).table if staged is None else staged

    return attrs.evolve(silver, table=table)


def _left_there() -> pa.Table:
    msg = "the table was left in the lake"
    raise AssertionError(msg)


def _fail(error: Exception) -> Any:
    raise error


def workers_of(site: Site, executor: Executor) -> Workers:
    """
    Give the units of a site's work to an executor. Threads share our memory; of any other that is not known.
    """
    workplace = None if isinstance(executor, ThreadPoolExecutor) else workplace_of(site)
    return Workers(lake=site.lake, checks=site.checks, executor=executor, workplace=workplace)
