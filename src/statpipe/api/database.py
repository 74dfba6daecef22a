"""The sink that analysts query with SQL."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from statpipe.api.sink import Sink


@frozen
class Rows:
    """
    The answer to a query: column names, and rows of Python values.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class Database(Sink):
    """
    A sink that answers SQL.
    """

    @abstractmethod
    def query(self, sql: str) -> Rows:
        """
        Run one reading statement and return its rows.

        :raises Rejected: The statement is wrong; the text is the database's.
        """

    @abstractmethod
    def start(self) -> str:
        """
        Leave the database running, where that is ours to do, and return its address.
        """

    @abstractmethod
    def stop(self) -> str:
        """
        Stop the database, where that is ours to do, and say what was done.
        """
