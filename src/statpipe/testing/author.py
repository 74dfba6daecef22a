"""Tells the plugin author's code from that of libraries and of Python."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType

import statpipe


@cache
def _roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(sorted({str(Path(one).resolve()) for one in found} | found))


@cache
def _of_statpipe() -> str:
    return str(Path(statpipe.__file__).parent)


@cache
def is_python(file: str) -> bool:
    """
    Return whether a file belongs to Python's standard library.
    """
    if file.startswith("<"):
        return True
    stdlib = sysconfig.get_paths()["stdlib"]
    return file.startswith((stdlib, str(Path(stdlib).resolve()))) and "site-packages" not in file


@cache
def is_library(file: str) -> bool:
    """
    Return whether a file belongs to Python, to an installed library or to statpipe.
    """
    return file.startswith(("<", *_roots(), _of_statpipe()))


class Author:
    """
    The code of a plugin's object: its package, in any place.
    """

    def __init__(self, thing: object) -> None:
        self.module = thing.__module__
        self.package = self.module.partition(".")[0]

    def wrote(self, frame: FrameType) -> bool:
        """
        Return whether a running line is the author's.
        """
        name = str(frame.f_globals.get("__name__", ""))
        if self.package != "statpipe" and name.partition(".")[0] == self.package:
            return True
        return not is_library(frame.f_code.co_filename)

    def modules(self) -> Iterator[ModuleType]:
        """
        Return the loaded modules of the author's package.
        """
        for name, module in list(sys.modules.items()):
            if name == self.module or (
                self.package != "statpipe" and name.partition(".")[0] == self.package
            ):
                yield module

    def folder(self) -> str:
        """
        Return the folder of the author's package.
        """
        file = getattr(sys.modules.get(self.package), "__file__", None)
        file = file or getattr(sys.modules.get(self.module), "__file__", None)
        return str(Path(file).resolve().parent) if file else ""
