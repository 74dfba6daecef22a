"""Objects in a folder: whole or not there, and every failure in one readable line."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.store import LocalStore

from statpipe.api import ConfigError, Unavailable

_STAGED_FOR = 3600.0
"""Seconds after which another process's half-written object is certainly abandoned."""


class ObjectStore:
    """
    The few calls that the lake needs, over obstore.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        with self._readable(str(root)):
            root.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(prefix=root)

    def put(self, path: str, body: bytes) -> None:
        """
        Put an object in place of what is there; readers see the old or the new one, never a part.
        """
        with self._readable(path):
            obstore.put(self._store, path, body)

    def put_if_absent(self, path: str, body: bytes) -> bool:
        """
        Put an object unless one is there; tell whether it was put.
        """
        with self._readable(path):
            try:
                obstore.put(self._store, path, body, mode="create")
            except obstore.exceptions.AlreadyExistsError:
                return False
            return True

    def get(self, path: str) -> bytes | None:
        """
        Return an object's bytes, or ``None`` where there is none.
        """
        with self._readable(path):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def tail(self, path: str, length: int) -> bytes | None:
        """
        Return an object's last *length* bytes, or ``None`` where there is none.
        """
        with self._readable(path):
            try:
                # One request: between two, a writer may have put another object there.
                found = obstore.get(self._store, path, options={"range": {"suffix": length}})
                return bytes(found.bytes())
            except FileNotFoundError:
                return None

    def paths(self, prefix: str) -> list[str]:
        """
        List the objects below a prefix, sorted.
        """
        with self._readable(prefix):
            found = (meta["path"] for page in obstore.list(self._store, prefix) for meta in page)
            return sorted(found)

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
