"""Files below a root, reached without following a symbolic link.

Each folder of a path is opened relative to its parent, so no link can lead a reader or writer out
of the lake. The root itself may be a link.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS: Sequence[tuple[Callable[[int], bool], str]] = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISREG, "a file"),
)


class Strange(Exception):
    """
    Something else exists in place of a file or folder. The message says what and where.
    """

    def __init__(self, place: str, found: str, wanted: str) -> None:
        super().__init__(f"{place} is {found}, not {wanted}")
        self.wanted = wanted


@contextmanager
def folder(
    root: Path, parts: Sequence[str], make: Callable[[str], None] | None = None
) -> Iterator[int]:
    """
    Open the folder at *parts*, for use as ``dir_fd``.

    With *make*, missing folders are created, and *make* is called with the path of each.

    :raises FileNotFoundError: The folder does not exist, and is not created.
    :raises Strange: A link or a file is in the way.
    """
    handle = os.open(root, _FOLDER)
    try:
        for number, part in enumerate(parts, 1):
            if make is not None:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
                    make("/".join(parts[:number]))
            below = _opened(root, parts[:number], handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def opened(root: Path, path: str, at: int, flags: int = os.O_RDONLY, mode: int = 0o666) -> int:
    """
    Open the file at *path* in the folder *at*. Opening never blocks on a pipe or a device.

    :raises FileNotFoundError: The file does not exist, and is not created.
    :raises Strange: It is not a regular file.
    """
    name = path.rpartition("/")[2]
    with suppress(FileNotFoundError):
        _require_file(root, path, os.stat(name, dir_fd=at, follow_symlinks=False))
    try:
        handle = os.open(name, flags | _FILE, mode, dir_fd=at)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Strange(str(root / path), "a symbolic link", "a file") from error
        raise
    try:
        _require_file(root, path, os.fstat(handle))
    except Strange:
        os.close(handle)
        raise
    return handle


def walk(root: Path, prefix: str) -> Iterator[tuple[str, str, int]]:
    """
    Yield every file below a prefix: its folder, its name and the ``dir_fd`` of the folder.

    Links to folders are not entered.
    """
    parts = [part for part in prefix.split("/") if part]
    with suppress(FileNotFoundError), folder(root, parts) as top:
        for place, _, names, at in os.fwalk(".", dir_fd=top):
            below = [part for part in place.split("/") if part != "."]
            for name in names:
                yield "/".join((*parts, *below)), name, at


def kind_of(mode: int) -> str:
    """
    Return in words what a file of this mode is.
    """
    return next((text for is_kind, text in _KINDS if is_kind(mode)), "something else")


def _opened(root: Path, parts: Sequence[str], at: int) -> int:
    try:
        return os.open(parts[-1], _FOLDER | os.O_NOFOLLOW, dir_fd=at)
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
        found = kind_of(os.stat(parts[-1], dir_fd=at, follow_symlinks=False).st_mode)
        raise Strange(str(root.joinpath(*parts)), found, "a folder") from error


def _require_file(root: Path, path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Strange(str(root / path), kind_of(found.st_mode), "a file")
