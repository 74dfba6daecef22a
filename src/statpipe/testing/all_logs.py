"""Log lines as an operator sees them with --verbose."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_QUIET = ("boto3", "botocore", "httpcore", "httpx", "stamina", "urllib3")
"""Libraries whose lines below a warning statpipe does not show either."""


@contextmanager
def all_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Catch every line that statpipe with --debug would show."""
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
