"""The sink that analysts query with SQL."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

from attrs import frozen

from statpipe.api.sink import Sink
from statpipe.domain.model import Model
from statpipe.domain.partition import Partition, Receipt

How = Literal["trust", "verify", "rebuild"]
"""What to do about a table whose fingerprint is current: leave it, compare and correct its rows one
by one, or rebuild it."""


@frozen
class Rows:
    """
    The answer to a query: column names, and rows of Python values.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class Database(Sink):
    """
    A sink that answers SQL and derives views itself, so it only gets the rows of tables.

    The fingerprint of a view is its model's version.
    """

    @abstractmethod
    def load(
        self, partitions: Sequence[Partition], views: Sequence[Model], how: How = "trust"
    ) -> Sequence[Receipt]:
        """
        Load these tables and create these views on them, all at once or not at all.

        Views come in the order in which they read each other. Views that are up to date are not
        changed. Grants and dependent views survive.

        :raises Unavailable: The database cannot be reached or is full.
        :raises ConfigError: A permission is missing, or another user's object blocks the load.
        """

    def write(self, partition: Partition) -> Receipt:
        """
        Load one table; see :meth:`load`.
        """
        (receipt,) = self.load([partition], ())
        return receipt

    @abstractmethod
    def query(self, sql: str) -> Rows:
        """
        Run one read-only statement and return its rows.

        :raises ConfigError: The statement is wrong, or the role may not read the relations in it.
        The text comes from the database and shows the place of the error.
        :raises Unavailable: The database cannot be reached, or does not answer in time.
        """

    @abstractmethod
    def init(self) -> Sequence[str]:
        """
        Create missing schemas, roles and grants; return lines that say what was done.

        :raises ConfigError: The login lacks the permission.
        """

    @abstractmethod
    def start(self) -> str:
        """
        Keep the database running, if statpipe manages it, and return its address.
        """

    @abstractmethod
    def stop(self) -> str:
        """
        Stop the database, if statpipe manages it, and say what was done.
        """
