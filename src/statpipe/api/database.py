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
"""What to do about a table that says it holds what it should: leave it, compare its rows one by one and
correct them, or make it anew."""


@frozen
class Rows:
    """
    The answer to a query: column names, and rows of Python values.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class Database(Sink):
    """
    A sink that answers SQL, and so derives views itself: it is given just the tables' rows.

    The fingerprint of a view is its model's version.
    """

    @abstractmethod
    def load(
        self, partitions: Sequence[Partition], views: Sequence[Model], how: How = "trust"
    ) -> Sequence[Receipt]:
        """
        Hold these tables and have these views over them, all at once or not at all.

        Views come in the order in which they read each other. Views that are right already are not
        changed. Grants, and views that others made, survive.

        :raises Unavailable: The database cannot be reached or is full.
        :raises ConfigError: A right is missing, or something of others stands in the way.
        """

    def write(self, partition: Partition) -> Receipt:
        """
        Hold one table; see :meth:`load`.
        """
        (receipt,) = self.load([partition], ())
        return receipt

    @abstractmethod
    def query(self, sql: str) -> Rows:
        """
        Run one reading statement and return its rows.

        :raises ConfigError: The statement is wrong, or the role may not read what it names. The
            text is the database's, with the place of the mistake.
        :raises Unavailable: The database cannot be reached, or does not answer in time.
        """

    @abstractmethod
    def init(self) -> Sequence[str]:
        """
        Make schemas, roles and grants as far as they are missing; say in lines what was done.

        :raises ConfigError: Who logs in may not do that.
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
