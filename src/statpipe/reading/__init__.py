"""The analysts' entry point: the lake's contents as tables, without a command line.

Each function opens the environment, reads, and closes it. :func:`open` keeps one open, for many
questions. A failure raises a :class:`statpipe.api.StatpipeError`, whose text says what to do.
"""

from __future__ import annotations

from statpipe.reading.figures import Figures
from statpipe.reading.functions import (
    describe,
    diff,
    explain,
    models,
    open,  # noqa: A004 - as in `statpipe.open("prod")`
    read,
    releases,
    revision_statistics,
    revisions,
    search,
    vintages,
)
from statpipe.reading.lakehouse import Lakehouse

__all__ = [
    "Figures",
    "Lakehouse",
    "describe",
    "diff",
    "explain",
    "models",
    "open",
    "read",
    "releases",
    "revision_statistics",
    "revisions",
    "search",
    "vintages",
]
