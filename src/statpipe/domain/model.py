"""A Gold model: a table for analysts, declared with its grain and columns, derived by SQL."""

from __future__ import annotations

import hashlib
from typing import Literal

from attrs import field, frozen, validators

ColumnType = Literal["text", "integer", "decimal", "double", "date"]


@frozen(kw_only=True)
class Column:
    """
    One column of a Gold model. The description and unit go into Parquet and into Postgres.
    """

    name: str = field(validator=validators.matches_re(r"[a-z][a-z0-9_]*"))
    type: ColumnType
    description: str
    unit: str | None = None
    nullable: bool = True

    @property
    def comment(self) -> str:
        """
        Description and unit in one line.
        """
        return f"{self.description} [{self.unit}]" if self.unit else self.description


@frozen(kw_only=True)
class Model:
    """
    A table for analysts.

    ``inputs`` names the sources whose Silver the SQL reads: each is a relation of that name which
    holds every vintage of every dataset. ``grain`` lists the columns that identify a row, and by
    which the table is sorted.
    """

    name: str = field(validator=validators.matches_re(r"[a-z][a-z0-9_]*"))
    title: str
    inputs: tuple[str, ...]
    grain: tuple[str, ...]
    columns: tuple[Column, ...] = field(repr=False)
    sql: str = field(repr=False)

    def __attrs_post_init__(self) -> None:
        unknown = [name for name in self.grain if name not in {c.name for c in self.columns}]
        if unknown:
            msg = f"model {self.name}: grain names {unknown[0]!r}, which is none of its columns"
            raise ValueError(msg)

    @property
    def version(self) -> str:
        """
        Hash of the whole declaration: whatever is edited makes the table anew.
        """
        declared = (self.title, self.inputs, self.grain, self.columns, self.sql)
        return hashlib.sha256(repr(declared).encode()).hexdigest()
