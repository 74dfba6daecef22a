"""Watches what code reads besides its arguments: the clock, random numbers, the environment,
files.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from attrs import define, field, frozen

from statpipe.testing.author import Author, is_python

_CLOCKS: dict[int, str] = {
    id(getattr(time, name)): f"time.{name}"
    for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime")
}
_CLOCK_METHODS = {"now", "utcnow", "today"}
_CHANCE = {id(os.urandom): "os.urandom"}
_ENVIRONMENT = {type(os.environ).__getitem__.__code__, type(os.environ).__iter__.__code__}
_ENVIRONS = {"environ", "environb", "getenv"}
_HARMLESS = ("logging", "importlib", "zipimport", "linecache", "traceback", "warnings", "zoneinfo",
             "threading", "tokenize", "inspect", "pkgutil", "_weakrefset", "encodings",
             "concurrent", "queue", "_frozen_importlib", "_frozen_importlib_external")  # fmt: skip


@frozen
class Look:
    """
    One access to something other than the arguments: ``kind``, ``what`` was read, and ``where``.
    """

    kind: str
    what: str
    where: str


@define
class Watch:
    """
    The accesses so far. With ``offline``, the network is also blocked.
    """

    author: Author
    offline: bool = True
    looks: list[Look] = field(factory=list)

    def first(self, *kinds: str) -> Look | None:
        """
        Return the first access of these kinds.
        """
        return next((look for look in self.looks if look.kind in kinds), None)

    def see(self, kind: str, what: str, frame: FrameType | None) -> None:
        """
        Record an access, if it comes from the author's own line, directly or through Python's own
        library.
        """
        while frame is not None:
            if self.author.wrote(frame):
                if kind == "environment" and not _ENVIRONS & set(frame.f_code.co_names):
                    return  # the access is from a library without frames, such as pyarrow
                where = f"{frame.f_code.co_filename}, line {frame.f_lineno}"
                self.looks.append(Look(kind, what, where))
                return
            name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if name in _HARMLESS or not is_python(frame.f_code.co_filename):
                return
            frame = frame.f_back


@contextmanager
def watched(thing: object, *, offline: bool = True) -> Iterator[Watch]:
    """
    Watch the lines of *thing*'s author in this thread, inside the block.
    """
    watch = Watch(Author(thing), offline)
    active, before = _hooked(), sys.getprofile()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            _called(watch, frame, argument)
        elif event == "call" and frame.f_code in _ENVIRONMENT:
            watch.see("environment", "os.environ", frame)

    active.append(watch)
    sys.setprofile(profile)
    try:
        yield watch
    finally:
        sys.setprofile(before)
        active.remove(watch)


def _called(watch: Watch, frame: FrameType, function: Any) -> None:
    name = getattr(function, "__name__", "")
    owner = getattr(function, "__self__", None)
    if id(function) in _CLOCKS:
        watch.see("clock", f"{_CLOCKS[id(function)]}()", frame)
    elif name in _CLOCK_METHODS and isinstance(owner, type) and issubclass(owner, (date, datetime)):
        watch.see("clock", f"{owner.__name__}.{name}()", frame)
    elif id(function) in _CHANCE:
        watch.see("chance", f"{_CHANCE[id(function)]}()", frame)
    elif owner is random._inst:  # noqa: SLF001 - the shared generator has no public name
        watch.see("chance", f"random.{name}()", frame)


@cache
def _hooked() -> list[Watch]:
    """Hook into Python's audit events, once per process, because such a hook cannot be removed."""
    active: list[Watch] = []

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if active:
            _audited(active[-1], event, arguments)

    sys.addaudithook(audit)
    return active


def _audited(watch: Watch, event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, _ = arguments
        if isinstance(path, (str, bytes, os.PathLike)) and not _is_own(watch, path, mode):
            watch.see("file", f"the file {os.fsdecode(path)}", sys._getframe(2))  # noqa: SLF001
    elif event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        if watch.offline:
            watch.looks.append(Look("network", event, ""))
            msg = "the contract allows no network here"
            raise ConnectionRefusedError(msg)
    elif event in {"subprocess.Popen", "os.system"}:
        watch.see("another program", "another program", sys._getframe(2))  # noqa: SLF001


def _is_own(watch: Watch, path: Any, mode: Any) -> bool:
    """Return whether a file is part of the plugin or of Python, and is only read."""
    if isinstance(mode, str) and set(mode) & set("wax+"):
        return False
    whole = str(Path(os.fsdecode(path)).absolute())
    folder = watch.author.folder()
    return whole.startswith((sys.prefix, sys.base_prefix, "/usr/share/zoneinfo")) or bool(
        folder and whole.startswith(folder)
    )
