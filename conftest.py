"""What holds for every test of the repository, the plugins' included."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from statpipe.engine.record.logs import QUIET
from support.strangers import hide_strangers

hide_strangers()

# A deadline would judge the machine. `--hypothesis-profile=ci` replaces this profile, and has none either.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")
# It draws the same examples each time, so more of them would be paid for in each run; `make test-all` draws new ones.
settings.register_profile("ci", settings.get_profile("ci"), max_examples=50)


def pytest_sessionstart() -> None:
    """Collect thousands of tests, none of which is garbage, without looking for garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on, look for garbage only among what tests make."""
    gc.freeze()
    gc.enable()


LEVELS = [(logger, logger.level) for logger in map(logging.getLogger, (None, *QUIET))]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A test, or a fixture of a module, that runs a command in this process leaves the next one's logs alone."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    # pytest's own handlers come and go around each phase of a test: only ours is taken away.
    ours = structlog.stdlib.ProcessorFormatter
    kept = [handler for handler in root.handlers if not isinstance(handler.formatter, ours)]
    root.handlers = kept + [handler for handler in handlers if handler not in kept]
    for logger, level in LEVELS:
        logger.setLevel(level)
    structlog.reset_defaults()
