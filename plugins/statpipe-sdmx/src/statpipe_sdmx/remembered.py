"""Remembers in a file what was last seen of a flow, so a service may answer that nothing has
changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
from attrs import field, frozen
from cattrs.preconf.json import make_converter

from statpipe.api import Vintage
from statpipe_sdmx.service import Question

BELIEVED = 7 * 86_400.0
"""Seconds for which "nothing has changed" is trusted. After that, figures and structure are read
again, whatever the service says."""


@frozen(kw_only=True)
class Seen:
    """
    The state of a flow when it was last read.

    ``asked`` are the settings of the request, and ``vintage`` is its result. ``updated`` is the
    time in the service's annotation; ``brought`` is a hash of the messages. ``question`` is the
    request for the figures, if a single one returned them all, and ``headers`` are those that make
    it conditional.
    """

    asked: str
    read: float
    vintage: Vintage
    updated: str = ""
    brought: str = ""
    question: Question | None = None
    headers: Mapping[str, str] = field(factory=dict)


class Remembered:
    """
    A file for each flow in a *folder*. A file that cannot be read or written is ignored; then the
    flow is read.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._converter = make_converter()

    def recall(self, name: str, asked: str) -> Seen | None:
        """
        Return what was seen of the flow with this name, if it was requested with the same settings.
        """
        with contextlib.suppress(
            Exception
        ):  # whatever is wrong with the file, it only saves requests
            document = json.loads(self._file(name).read_text())
            seen = self._converter.structure(document, Seen)
            return seen if seen.asked == asked else None
        return None

    def believes(self, seen: Seen) -> bool:
        """
        Return whether it was seen recently enough to trust that nothing has changed.
        """
        return 0 <= self._now() - seen.read < BELIEVED

    def keep(self, name: str, seen: Seen) -> None:
        """
        Save what was just seen.
        """
        document = self._converter.unstructure(attrs.evolve(seen, read=self._now()))
        file = self._file(name)
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = file.with_suffix(f".{os.getpid()}")
            beside.write_text(json.dumps(document))
            beside.replace(file)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"
