"""Objects that are complete or do not exist, in any kind of store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable
from contextlib import AbstractContextManager
from typing import ClassVar, TypeVar

from statpipe.api import Diagnosis

_A = TypeVar("_A")
_T = TypeVar("_T")


class ObjectStore(ABC):
    """
    The calls that the lake needs. A path is relative to the store's root; ``/`` separates its
    parts.

    If the store refuses or fails, every method raises :class:`statpipe.api.ConfigError` or
    :class:`statpipe.api.Unavailable` with one readable line.
    """

    gives_tags: ClassVar[bool] = False
    """Whether :meth:`listed` gives each object a tag that changes with its bytes, like S3's ETags."""

    @property
    @abstractmethod
    def address(self) -> str:
        """
        Where the objects are, for people.
        """

    @abstractmethod
    def put(self, path: str, body: bytes) -> str:
        """
        Put an object, or replace it; readers see the old or the new one, never a part.

        Return its tag, if the store has tags.
        """

    @abstractmethod
    def put_if_absent(self, path: str, body: bytes) -> bool:
        """
        Put an object unless one exists. Return whether it was put.

        The reply to a successful put may be lost; then the second try finds our own object. A
        caller that needs to know must compare the stored object.
        """

    @abstractmethod
    def get(self, path: str) -> bytes | None:
        """
        Return an object's bytes, or ``None`` where there is none.

        :raises ContentError: Something else than an object is in its place.
        """

    @abstractmethod
    def tagged_tail(self, path: str, length: int) -> tuple[bytes, str] | None:
        """
        Return an object's last *length* bytes and its tag, or ``None`` where there is none.

        :raises ContentError: Something else than an object is in its place.
        """

    @abstractmethod
    def piece(self, path: str, start: int, length: int) -> bytes | None:
        """
        Return *length* bytes of an object from *start* on, or fewer where it ends before; ``None`` where there is none.

        :raises ContentError: Something else than an object is in its place.
        """

    def tail(self, path: str, length: int) -> bytes | None:
        """
        Return an object's last *length* bytes, as :meth:`tagged_tail` does.
        """
        found = self.tagged_tail(path, length)
        return found and found[0]

    @abstractmethod
    def listed(self, prefix: str) -> dict[str, str]:
        """
        List the objects below a prefix, sorted, each with its tag.
        """

    def paths(self, prefix: str) -> list[str]:
        """
        List the objects below a prefix, sorted.
        """
        return list(self.listed(prefix))

    def side_by_side(self, function: Callable[[_A], _T], arguments: Iterable[_A]) -> list[_T]:
        """
        Call a function that uses the store with each argument, several at once if that saves time.
        """
        return [function(argument) for argument in arguments]

    @abstractmethod
    def move(self, path: str, to: str) -> int:
        """
        Move an object to another path, where readers see the old or the new one. Return its size.
        """

    @abstractmethod
    def set_aside(self, path: str) -> str:
        """
        Rename an object to ``<path>.damaged``, or to that name with a number. Return the name.
        """

    def settle(self) -> None:  # noqa: B027 - a bucket keeps what it has answered for
        """
        Make sure that everything put so far survives a power failure.
        """

    @abstractmethod
    def lock(
        self, name: str, shown: str, wait: float, run_id: Callable[[], str]
    ) -> AbstractContextManager[str]:
        """
        Hold the write lock of a name; see :meth:`statpipe.api.Lake.lock`.
        """

    def still_locked(self) -> None:  # noqa: B027 - a folder's lock cannot be lost
        """
        Make sure that we still hold our locks.

        :raises Locked: A lock was lost, so another run may be active.
        """

    @abstractmethod
    def remove_all(self) -> None:
        """
        Remove all objects. It is only called for scratch corners.
        """

    @abstractmethod
    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Check what the store needs.
        """


def free_name(path: str, taken: Container[str]) -> str:
    """
    Return the first unused name of ``<path>.damaged``, ``<path>.damaged.2``, ...
    """
    names = (f"{path}.damaged{number}" for number in ("", *(f".{n}" for n in range(2, 1000))))
    return next(name for name in names if name not in taken)
