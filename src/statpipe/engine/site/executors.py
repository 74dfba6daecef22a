"""The standard executors that run tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from multiprocessing import get_context
from typing import Any

from statpipe.api import ConfigError
from statpipe.domain.nearest import nearest
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.interruption import left_to_the_parent

_MOST = 4


class _Threads(ThreadPoolExecutor):
    """Threads that know what whoever submits knows: the run id of log lines."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(copy_context().run, fn, *args, **kwargs)


@contextmanager
def executor_for(configuration: Configuration, given: Executor | None) -> Iterator[Executor]:
    """
    Give the executor that was handed in, or make the one that ``[engine]`` configures.

    ``executor = "threads"`` (Arrow works outside the interpreter's lock) or ``"processes"``;
    ``workers`` is their number.

    :raises ConfigError: The configuration names something else.
    """
    if given is not None:
        yield given
        return
    table = configuration.table("engine")
    for key in table:
        choices = ("executor", "workers", "memory")
        if key not in choices:
            raise ConfigError(
                f"{configuration.shown}: unknown key engine.{key}{nearest(key, choices)}"
            )
    workers = table.get("workers", min(_MOST, os.cpu_count() or 1))
    if type(workers) is not int or workers < 1:
        raise ConfigError(
            f"{configuration.shown}: engine.workers is {workers!r}; expected 1 or more"
        )
    kind = table.get("executor", "threads")
    if kind not in {"threads", "processes"}:
        msg = (
            f"{configuration.shown}: engine.executor is {kind!r}; expected 'threads' or 'processes'"
        )
        raise ConfigError(msg)
    pool: Executor = (
        _Threads(workers, thread_name_prefix="statpipe")
        if kind == "threads"
        else ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=left_to_the_parent
        )
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
