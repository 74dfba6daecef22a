"""What was last seen of a flow, in a file: so that a service need only say that nothing has changed."""

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
"""For how many seconds "nothing has changed" is trusted. After that, figures and structure are read
again, whatever the service says."""


@frozen(kw_only=True)
class Seen:
    """
    A flow as it was when it was last read.

    ``asked`` are the settings that it was asked for with. ``vintage`` is what it showed. ``updated`` is the time
    that the service gave in its annotation, ``brought`` a hash of the messages that it brought then; ``question`` the request for its figures, where one brought them all,
    and ``headers`` those that ask it again if they changed.
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
    A file for each flow in a *folder*. One that cannot be read or written is left out: the flow is then read.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._converter = make_converter()

    def recall(self, name: str, asked: str) -> Seen | None:
        """
        Return what was seen of the flow of this name, if it was asked for with the same settings.
        """
        with contextlib.suppress(Exception):  # whatever lies there, it is just a shorter way
            document = json.loads(self._file(name).read_text())
            seen = self._converter.structure(document, Seen)
            return seen if seen.asked == asked else None
        return None

    def believes(self, seen: Seen) -> bool:
        """
        Return whether it was seen lately enough to believe that nothing has changed.
        """
        return 0 <= self._now() - seen.read < BELIEVED

    def keep(self, name: str, seen: Seen) -> None:
        """
        Note what was seen just now.
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
