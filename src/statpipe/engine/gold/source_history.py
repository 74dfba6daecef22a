"""All vintages that the lake holds of a source, as one history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from statpipe.api import Held, Lake
from statpipe.engine.gold.changes import Keep, by_dataset, changes_of
from statpipe.engine.gold.intervals import intervals

if TYPE_CHECKING:
    import pyarrow as pa


def source_history(
    lake: Lake, source: str, held: Iterable[Held], reader: str, keep: Keep | None = None
) -> pa.Table:
    """
    Join every vintage of a source into one history of all its datasets.

    With *keep*, the lake holds afterwards what the vintages changed.

    :raises ContentError: The lake holds nothing of it.
    """
    import pyarrow as pa

    histories = [
        intervals(changes_of(lake, source, vintages, keep))
        for vintages in by_dataset(source, held, reader).values()
    ]
    return pa.concat_tables(histories, promote_options="default").unify_dictionaries()
