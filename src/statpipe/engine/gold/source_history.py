"""All vintages that the lake holds of a source, as one history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Held, Lake
from statpipe.engine.gold.changes import Keep, changes_of
from statpipe.engine.gold.intervals import intervals

if TYPE_CHECKING:
    import pyarrow as pa


def source_history(  # noqa: PLR0917 - what is read, by whom, and with what
    lake: Lake,
    source: str,
    held: Iterable[Held],
    reader: str,
    connection: Any,
    keep: Keep | None = None,
) -> pa.Table:
    """
    Join every vintage of a source into one history of all its datasets.

    *connection* is a DuckDB. With *keep*, the lake holds afterwards what the vintages changed.

    :raises ContentError: The lake holds nothing of it.
    """
    import pyarrow as pa

    datasets: dict[str, list[Held]] = {}
    for one in held:
        if one.fingerprint:
            datasets.setdefault(one.dataset, []).append(one)
    if not datasets:
        msg = f"model {reader} reads {source}, of which the lake holds nothing; run it first"
        raise ContentError(msg)
    histories = [
        intervals(connection, changes_of(lake, source, vintages, keep))
        for _, vintages in sorted(datasets.items())
    ]
    return pa.concat_tables(histories, promote_options="default").unify_dictionaries()
