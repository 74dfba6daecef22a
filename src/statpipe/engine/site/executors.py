"""The standard executors that run units of work."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from multiprocessing import get_context
from typing import Any

from attrs import frozen

from statpipe.api import ConfigError, Unavailable
from statpipe.domain.nearest import nearest
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.interruption import left_to_the_parent

_MOST = 4
_KEYS = ("executor", "workers", "scheduler", "memory")
_LOCAL = "local"
_PATIENCE = 30
"""Seconds to wait for the first Dask worker."""


class _Threads(ThreadPoolExecutor):
    """Threads that inherit the run id of log lines from the submitter."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(copy_context().run, fn, *args, **kwargs)


@frozen(kw_only=True)
class _Wanted:
    """The executor settings in ``[engine]``."""

    kind: str
    workers: int
    scheduler: str
    shown: str


@contextmanager
def executor_for(configuration: Configuration, given: Executor | None) -> Iterator[Executor]:
    """
    Yield the given executor, or the one that ``[engine]`` configures.

    ``executor`` is ``"threads"`` (Arrow releases the interpreter's lock), ``"processes"`` or
    ``"dask"``, and ``workers`` is their number. ``scheduler`` is the address of Dask's scheduler,
    such as ``"tcp://10.0.0.5:8786"``, or ``"local"`` for workers on this machine.

    :raises ConfigError: The configuration names something else, or Dask is not installed.
    :raises Unavailable: The scheduler cannot be reached.
    """
    if given is not None:
        yield given
        return
    wanted = _wanted(configuration)
    with _KINDS[wanted.kind](wanted) as pool:
        yield pool


def workers_in(configuration: Configuration) -> int:
    """
    Read ``engine.workers``: how many units of work run at the same time.

    :raises ConfigError: It is not a valid number.
    """
    workers = configuration.table("engine").get("workers", min(_MOST, os.cpu_count() or 1))
    if type(workers) is not int or workers < 1:
        msg = f"{configuration.shown}: engine.workers is {workers!r}; expected 1 or more"
        raise ConfigError(msg)
    return workers


def _wanted(configuration: Configuration) -> _Wanted:
    table, shown = configuration.table("engine"), configuration.shown
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{shown}: unknown key engine.{key}{nearest(key, _KEYS)}")
    workers = workers_in(configuration)
    kind = table.get("executor", "threads")
    if kind not in _KINDS:
        choices = "'threads', 'processes' or 'dask'"
        raise ConfigError(f"{shown}: engine.executor is {kind!r}; expected {choices}")
    scheduler = table.get("scheduler", _LOCAL)
    if not isinstance(scheduler, str) or not (scheduler == _LOCAL or "://" in scheduler):
        msg = (
            f"{shown}: engine.scheduler is {scheduler!r}; expected 'local' or an address such as "
            "'tcp://10.0.0.5:8786'"
        )
        raise ConfigError(msg)
    return _Wanted(kind=kind, workers=workers, scheduler=scheduler, shown=shown)


@contextmanager
def _threads(wanted: _Wanted) -> Iterator[Executor]:
    with _shut_down(_Threads(wanted.workers, thread_name_prefix="statpipe")) as pool:
        yield pool


@contextmanager
def _processes(wanted: _Wanted) -> Iterator[Executor]:
    pool = ProcessPoolExecutor(
        wanted.workers, mp_context=get_context("spawn"), initializer=_one_of_several
    )
    with _shut_down(pool):
        yield pool


def _one_of_several() -> None:
    """
    Initialize a worker process: it uses one core, like Dask's workers, and leaves Ctrl-C to the
    parent.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    left_to_the_parent()


@contextmanager
def _dask(wanted: _Wanted) -> Iterator[Executor]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        msg = (
            f"{wanted.shown}: engine.executor is 'dask', but the package distributed is not "
            'installed; run `pip install distributed` (part of the extra "dask")'
        )
        raise ConfigError(msg) from error
    with ExitStack() as stack:
        address: Any = wanted.scheduler
        if address == _LOCAL:
            cluster = LocalCluster(
                n_workers=wanted.workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.ERROR,
            )
            address = stack.enter_context(cluster)
        try:
            client = stack.enter_context(Client(address))
            client.wait_for_workers(1, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            msg = (
                f"the Dask scheduler {wanted.scheduler} has no workers ({error}); start them "
                "with `dask scheduler` and `dask worker`, or correct engine.scheduler"
            )
            raise Unavailable(msg) from error
        pool = client.get_executor(pure=False)
        try:
            if wanted.scheduler == _LOCAL:
                client.run(left_to_the_parent)
            yield pool
        finally:
            pool.shutdown(wait=False)  # the remaining work is not needed


@contextmanager
def _shut_down(pool: Executor) -> Iterator[Executor]:
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_KINDS: Mapping[str, Callable[[_Wanted], AbstractContextManager[Executor]]] = {
    "threads": _threads,
    "processes": _processes,
    "dask": _dask,
}
