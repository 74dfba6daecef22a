"""Objects, whole or not there, wherever they lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import obstore

from statpipe.api import Diagnosis


class ObjectStore(ABC):
    """
    The few calls that the lake needs, over obstore. A folder and a bucket differ in how they are
    opened and locked, and in what their failures mean.
    """

    _store: Any

    @property
    @abstractmethod
    def address(self) -> str:
        """
        Where the objects lie, for people.
        """

    def put(self, path: str, body: bytes) -> None:
        """
        Put an object in place of what is there; readers see the old or the new one, never a part.
        """
        with self._readable(path):
            obstore.put(self._store, path, body)

    def put_if_absent(self, path: str, body: bytes) -> bool:
        """
        Put an object unless one is there; tell whether it was put.

        A bucket may lose the reply to a put that it did, and the second try then finds our own
        object: who needs to know compares what is there.
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
            except FileNotFoundError as error:
                self._absent(error)
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
            except FileNotFoundError as error:
                self._absent(error)
                return None

    def paths(self, prefix: str) -> list[str]:
        """
        List the objects below a prefix, sorted.
        """
        with self._readable(prefix):
            found = (meta["path"] for page in obstore.list(self._store, prefix) for meta in page)
            return sorted(found)

    @abstractmethod
    def lock(
        self, name: str, shown: str, wait: float, run_id: Callable[[], str]
    ) -> AbstractContextManager[str]:
        """
        Hold the right to write under a name; see :meth:`statpipe.api.Lake.lock`.
        """

    def still_locked(self) -> None:  # noqa: B027 - a folder's lock cannot be lost
        """
        Make sure that the locks held here are still ours.

        :raises Locked: One was lost, and somebody else may be at work.
        """

    @abstractmethod
    def remove_all(self) -> None:
        """
        Remove every object: of a scratch corner, and of nothing else.
        """

    @abstractmethod
    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Look at what the store needs.
        """

    @abstractmethod
    def _readable(self, path: str) -> AbstractContextManager[None]:
        """Say every failure in one readable line."""

    def _absent(self, error: FileNotFoundError) -> None:  # noqa: B027
        """Take what is not there as the answer that it is, unless more is missing."""
