"""Objects, whole or not there, wherever they lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeVar

import obstore

from statpipe.api import Diagnosis

_ABSENT = (FileNotFoundError, obstore.exceptions.PermissionDeniedError)
_T = TypeVar("_T")


class ObjectStore(ABC):
    """
    The few calls that the lake needs, over obstore. A folder and a bucket differ in how they are
    opened and locked, and in what their failures mean.
    """

    _store: Any
    _whole: ClassVar[Any] = None
    """What to ask for to get an object whole."""

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
            self._patiently(lambda: obstore.put(self._store, path, body))

    def put_if_absent(self, path: str, body: bytes) -> bool:
        """
        Put an object unless one is there; tell whether it was put.

        A bucket may lose the reply to a put that it did, and the second try then finds our own
        object: who needs to know compares what is there.
        """
        with self._readable(path):
            try:
                self._patiently(lambda: obstore.put(self._store, path, body, mode="create"))
            except obstore.exceptions.AlreadyExistsError:
                return False
            return True

    def get(self, path: str) -> bytes | None:
        """
        Return an object's bytes, or ``None`` where there is none.
        """
        return self._read(path, self._whole)

    def tail(self, path: str, length: int) -> bytes | None:
        """
        Return an object's last *length* bytes, or ``None`` where there is none.
        """
        # One request: between two, a writer may have put another object there.
        return self._read(path, {"range": {"suffix": length}})

    def paths(self, prefix: str) -> list[str]:
        """
        List the objects below a prefix, sorted.
        """
        with self._readable(prefix):
            return self._patiently(
                lambda: sorted(
                    m["path"] for page in obstore.list(self._store, prefix) for m in page
                )
            )

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

    def _read(self, path: str, options: Any) -> bytes | None:
        with self._readable(path):
            try:
                return self._patiently(lambda: self._bytes(path, options))
            except _ABSENT as error:
                self._absent(path, error)
                return None

    def _bytes(self, path: str, options: Any) -> bytes:
        found = obstore.get(self._store, path, options=options)
        body, (start, end) = bytes(found.bytes()), found.range
        if len(body) != end - start:
            msg = f"HTTP error: {len(body)} of {end - start} bytes came"
            raise obstore.exceptions.GenericError(msg)
        return body

    def _absent(self, path: str, error: Exception) -> None:  # noqa: ARG002 - for those who look
        """Take what is not there as the answer that it is, unless more is missing."""
        if not isinstance(error, FileNotFoundError):
            raise error

    def _patiently(self, request: Callable[[], _T]) -> _T:
        """Make a request, again if that may help; all of them can be repeated."""
        return request()
