"""Log lines and warnings of a worker in another process, on their way back.

A worker has no terminal. Its lines are collected, sent back with the result, and logged by the
coordinator: through its filters, its masks and its format, with the run's id.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from attrs import define, field


@define
class Heard:
    """
    The collected lines. They can be pickled.
    """

    records: list[logging.LogRecord] = field(factory=list)
    warnings: list[warnings.WarningMessage] = field(factory=list)

    def say(self) -> None:
        """
        Log the lines here.
        """
        for record in self.records:
            logger = logging.getLogger(record.name)
            if isinstance(record.msg, dict):  # structlog's bound values, such as the run id
                record.msg = structlog.contextvars.merge_contextvars(None, "", record.msg)
            if logger.isEnabledFor(record.levelno):
                logger.handle(record)
        for one in self.warnings:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


class _Ear(logging.Handler):
    """Keeps the lines of one thread, without what cannot be pickled."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._thread:
            return
        if not isinstance(record.msg, dict):
            record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        self._records.append(record)


@contextmanager
def hearing(level: int) -> Iterator[Heard]:
    """
    Collect log lines from this *level* on, and warnings.
    """
    if not structlog.is_configured():
        _configure()
    heard, root = Heard(), logging.getLogger()
    ear, before = _Ear(heard.records), root.level
    root.addHandler(ear)
    root.setLevel(level)
    try:
        with warnings.catch_warnings(record=True) as said:
            yield heard
            heard.warnings += said
    finally:
        root.removeHandler(ear)
        root.setLevel(before)


def _configure() -> None:
    """Send structlog's lines the same way as all others."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
