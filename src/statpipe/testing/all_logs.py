"""Catches log lines as an operator sees them with --debug."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_QUIET = ("boto3", "botocore", "httpcore", "httpx", "stamina", "urllib3")
"""Libraries of which statpipe only shows warnings and errors."""


@contextmanager
def all_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Catch every line that statpipe shows with --debug."""
    loggers = [logging.getLogger(name) for name in _QUIET]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with caplog.at_level(logging.DEBUG):
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
