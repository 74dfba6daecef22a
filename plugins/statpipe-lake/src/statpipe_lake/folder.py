"""A lake in a folder."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.store import LocalStore

from statpipe.api import ConfigError, Diagnosis, StatpipeError, Unavailable
from statpipe_lake.lock import locked
from statpipe_lake.store import ObjectStore

_STAGED_FOR = 3600.0
"""Seconds after which another process's half-written object is certainly abandoned."""


class FolderStore(ObjectStore):
    """
    Files below a folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        with self._readable(str(root)):
            root.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(prefix=root)

    @property
    def address(self) -> str:
        return str(self.root)

    @contextmanager
    def lock(self, name: str, shown: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        path = self.root / "locks" / f"{name}.lock"
        with locked(path, shown, wait, run_id) as held_by:
            self.sweep(name, *(f"{layer}/{name}" for layer in ("silver", "bronze", "runs")))
            yield held_by

    def sweep(self, *prefixes: str) -> None:
        """
        Remove what killed writers left half-written: all of it below *prefixes*, whose lock the
        caller holds, and elsewhere what is older than an hour.
        """
        now = time.time()
        for staged in self.root.rglob("*#[0-9]*"):
            own = any(staged.is_relative_to(self.root / prefix) for prefix in prefixes)
            with contextlib.suppress(OSError):
                if own or now - staged.stat().st_mtime > _STAGED_FOR:
                    staged.unlink()

    def remove_all(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        with contextlib.suppress(OSError):  # another smoke run is at work beside it
            self.root.parent.rmdir()

    def diagnose(self) -> Iterable[Diagnosis]:
        probe = ".doctor"
        try:
            self.put(probe, b"")
            (self.root / probe).unlink()
        except (StatpipeError, OSError) as error:
            remedy = f"make {self.root} writable, or set another path"
            yield Diagnosis("lake", "error", str(error), remedy)
            return
        free = shutil.disk_usage(self.root).free
        yield Diagnosis(
            "lake",
            "ok" if free > 1 << 30 else "warning",
            f"{self.root} is writable, {free / (1 << 30):,.1f} GiB free",
            "" if free > 1 << 30 else "free some space",
        )

    @contextmanager
    def _readable(self, path: str) -> Iterator[None]:
        where = self.root / path
        try:
            yield
        except FileNotFoundError:
            raise
        except (obstore.exceptions.BaseError, OSError) as error:
            reason = str(error).split("\n", 1)[0]
            if (
                isinstance(error, PermissionError | NotADirectoryError | FileExistsError)
                or "ermission" in reason
                or "os error 30" in reason
            ):
                msg = f"the lake cannot be written: {where}: {reason}; give this user the right to write there, or set another path"
                raise ConfigError(msg) from error
            msg = f"the lake failed at {where}: {reason}; free some space or repair the disk, and run again"
            raise Unavailable(msg) from error
