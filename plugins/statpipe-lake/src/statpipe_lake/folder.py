"""A lake in a folder."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from statpipe.api import ConfigError, ContentError, Diagnosis, StatpipeError, Unavailable
from statpipe_lake.below import Strange, folder, opened, walk
from statpipe_lake.lock import locked
from statpipe_lake.store import ObjectStore, free_name

_STAGED = re.compile(r".*#[0-9]+")
"""The name of a half-written object."""
_STAGED_FOR = 3600.0
"""Seconds after which a half-written object of another process counts as abandoned."""
_UNDECIDED_FOR = 24 * 3600.0
"""Seconds after which a staged table counts as abandoned."""
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR})
"""Errors that another path or permission would fix."""


class FolderStore(ObjectStore):
    """
    Files below a folder.

    An object is written under a temporary name, flushed to the disk, and then renamed;
    :meth:`settle` flushes the names. So after a power failure, an object is complete or does not
    exist, and a manifest never names a lost one. Without *fsync*, the operating system decides when
    to flush.
    """

    def __init__(self, root: Path, *, corner: str = "", fsync: bool = True) -> None:
        self.root = root / corner
        self._fsync = fsync
        self._unsettled: set[str] = set()
        self._swept = False
        with self._readable(self.root):
            root.mkdir(parents=True, exist_ok=True)
            with folder(root, _parts(corner), make=lambda _: None):
                pass

    @property
    def address(self) -> str:
        return str(self.root)

    def put(self, path: str, body: bytes) -> str:
        with self._writing(path, body) as (at, staged, name):
            try:
                os.replace(staged, name, src_dir_fd=at, dst_dir_fd=at)
            except IsADirectoryError:
                # This is not ours: keep it under another name.
                _rename_aside(name, at)
                os.replace(staged, name, src_dir_fd=at, dst_dir_fd=at)
        return ""

    def put_if_absent(self, path: str, body: bytes) -> bool:
        with self._writing(path, body) as (at, staged, name):
            try:
                os.link(staged, name, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
            except FileExistsError:
                return False
            finally:
                os.unlink(staged, dir_fd=at)
            return True

    def get(self, path: str) -> bytes | None:
        return self._read(path)

    def tagged_tail(self, path: str, length: int) -> tuple[bytes, str] | None:
        found = self._read(path, -length)
        return None if found is None else (found, "")

    def piece(self, path: str, start: int, length: int) -> bytes | None:
        return self._read(path, start, length)

    def listed(self, prefix: str) -> dict[str, str]:
        with self._readable(self.root / prefix, reading=True):
            found = sorted(
                f"{place}/{name}".lstrip("/")
                for place, name, _ in walk(self.root, prefix)
                if not _STAGED.fullmatch(name)
            )
        return dict.fromkeys(found, "")

    def move(self, path: str, to: str) -> int:
        (place, _, name), (target, _, called) = path.rpartition("/"), to.rpartition("/")
        with (
            self._readable(self.root / to),
            folder(self.root, _parts(place)) as at,
            folder(self.root, _parts(target), self._made) as there,
        ):
            size = os.stat(name, dir_fd=at, follow_symlinks=False).st_size
            os.replace(name, called, src_dir_fd=at, dst_dir_fd=there)
        self._unsettled.add(target)
        return size

    def set_aside(self, path: str) -> str:
        place, _, name = path.rpartition("/")
        with self._readable(self.root / path), folder(self.root, _parts(place)) as at:
            aside = _rename_aside(name, at)
        self._unsettled.add(place)
        return f"{place}/{aside}"

    def settle(self) -> None:
        places, self._unsettled = self._unsettled, set()
        for place in sorted(places) if self._fsync else ():
            with self._readable(self.root / place), folder(self.root, _parts(place)) as at:
                _flush_folder(at)

    @contextmanager
    def lock(self, name: str, shown: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        with locked(self.root, f"locks/{name}.lock", shown, wait, run_id) as held_by:
            own = [f"{layer}/{name}" for layer in ("silver", "bronze", "runs", "copies")]
            self.sweep(*(["gold", "changes"] if name == "gold" else own))
            yield held_by
            self.settle()

    def sweep(self, *prefixes: str) -> None:
        """
        Remove half-written objects of killed writers: all below *prefixes*, whose locks the caller
        holds, and elsewhere those older than an hour. Also remove staged tables that were not
        published.

        The other places are only searched once, because a process may take the locks of many
        sources.
        """
        now, places = time.time(), (*prefixes, "staged") if self._swept else ("",)
        self._swept = True
        for place, name, at in (file for one in places for file in walk(self.root, one)):
            undecided = place.startswith("staged/")
            if not (undecided or _STAGED.fullmatch(name)):
                continue
            own = any(f"{place}/".startswith(f"{prefix}/") for prefix in prefixes)
            with suppress(OSError):
                age = now - os.stat(name, dir_fd=at, follow_symlinks=False).st_mtime
                if own or age > (_UNDECIDED_FOR if undecided else _STAGED_FOR):
                    os.unlink(name, dir_fd=at)

    def remove_all(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        with suppress(OSError):  # another smoke run is active
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
    def _writing(self, path: str, body: bytes) -> Iterator[tuple[int, str, str]]:
        """Write a body under a temporary name. Yield its folder, this name, and the final name."""
        place, _, name = path.rpartition("/")
        staged = f"#{os.getpid()}{int.from_bytes(os.urandom(4)):010}"
        with (
            self._readable(self.root / path),
            folder(self.root, _parts(place), self._made) as at,
        ):
            try:
                handle = opened(self.root, staged, at, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                with os.fdopen(handle, "wb") as file:
                    file.write(body)
                    file.flush()
                    if self._fsync:
                        _flush(file.fileno())
                yield at, staged, name
            except BaseException:
                with suppress(OSError):
                    os.unlink(staged, dir_fd=at)
                raise
            self._unsettled.add(place)

    def _read(self, path: str, start: int = 0, length: int = -1) -> bytes | None:
        """Read a file, or a part of it. A negative *start* counts from the end."""
        place = path.rpartition("/")[0]
        with (
            self._readable(self.root / path, reading=True),
            suppress(FileNotFoundError),
            folder(self.root, _parts(place)) as at,
            os.fdopen(opened(self.root, path, at), "rb") as file,
        ):
            if start < 0:
                start = max(0, os.fstat(file.fileno()).st_size + start)
            file.seek(start)
            return file.read(length)
        return None

    def _made(self, place: str) -> None:
        self._unsettled.add(place.rpartition("/")[0])

    @contextmanager
    def _readable(self, where: Path, *, reading: bool = False) -> Iterator[None]:
        """Turn every failure into one readable line."""
        try:
            yield
        except Strange as error:
            if reading and error.wanted == "a file":
                raise ContentError(str(error)) from error
            msg = (
                f"the lake cannot be used: {error}; replace it with {error.wanted} (statpipe "
                "follows symbolic links to the lake, but not inside it)"
            )
            raise (ContentError if reading else ConfigError)(msg) from error
        except OSError as error:
            reason = f"{error.strerror} (os error {error.errno})"
            if error.errno in _REFUSED:
                verb, right = ("read", "read it") if reading else ("written", "write there")
                msg = (
                    f"the lake cannot be {verb}: {where}: {reason}; give this user permission to "
                    f"{right}, or set another path"
                )
                raise ConfigError(msg) from error
            msg = f"the lake failed at {where}: {reason}; free some space or repair the disk, and run again"
            raise Unavailable(msg) from error


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _rename_aside(name: str, at: int) -> str:
    aside = free_name(name, os.listdir(at))
    os.rename(name, aside, src_dir_fd=at, dst_dir_fd=at)
    return aside


def _flush(handle: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # the file system does not support it
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


def _flush_folder(handle: int) -> None:
    try:
        _flush(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the file system cannot flush folders
            raise
