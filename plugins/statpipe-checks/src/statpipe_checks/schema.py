"""The check ``schema``: the table has exactly Silver's columns, with the right types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.api import CheckResult, Snapshot
from statpipe.domain.observation import silver_schema
from statpipe_checks.results import counted
from statpipe_checks.table_check import TableCheck

if TYPE_CHECKING:
    import pyarrow as pa


class Schema(TableCheck):
    """
    Compare names, types and order of the columns with Silver and the dataset's own dimensions.
    """

    name = "schema"

    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:  # noqa: ARG002
        """
        Report each column that is missing or unknown, or has the wrong type or position.
        """
        wanted, actual = silver_schema(current.dataset.dimensions), current.table.schema
        cells = [*_missing(wanted, actual), *_unknown(wanted, actual), *_retyped(wanted, actual)]
        if not cells and wanted.names != actual.names:
            cells = _moved(wanted, actual)
        if not cells:
            return self.fine(current, f"all {counted(len(wanted), 'column')} match Silver")
        first = cells[0]
        message = (
            f"different from Silver: {counted(len(cells), 'column')}, first: {first['column']} "
            f"{first['problem']}; correct the normalizer or the dataset's dimensions"
        )
        return self.found(current, message, len(cells), cells)


def _missing(wanted: pa.Schema, actual: pa.Schema) -> list[dict[str, Any]]:
    return [
        {"column": name, "problem": "is missing"}
        for name in wanted.names
        if name not in actual.names
    ]


def _unknown(wanted: pa.Schema, actual: pa.Schema) -> list[dict[str, Any]]:
    return [
        {"column": name, "problem": "is unknown"}
        for name in actual.names
        if name not in wanted.names
    ]


def _retyped(wanted: pa.Schema, actual: pa.Schema) -> list[dict[str, Any]]:
    pairs = [(actual.field(n), wanted.field(n)) for n in wanted.names if n in actual.names]
    return [
        {"column": have.name, "problem": f"is {have.type}, not {want.type}"}
        for have, want in pairs
        if have.type != want.type
    ]


def _moved(wanted: pa.Schema, actual: pa.Schema) -> list[dict[str, Any]]:
    return [
        {"column": have, "problem": f"is in the position of {want}"}
        for have, want in zip(actual.names, wanted.names, strict=False)
        if have != want
    ]
