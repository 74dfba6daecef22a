"""All vintages that the lake holds of a source, as one history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from statpipe.api import ContentError, Held, Lake
from statpipe.domain.history import Published, history
from statpipe.engine.record.state import silver_key

if TYPE_CHECKING:
    import pyarrow as pa


def source_history(lake: Lake, source: str, held: Iterable[Held], reader: str) -> pa.Table:
    """
    Read every vintage of a source, as one history of all its datasets.

    :raises ContentError: The lake holds nothing of it.
    """
    import pyarrow as pa

    datasets: dict[str, list[Published]] = {}
    for one in held:
        if one.fingerprint:
            table = lake.read(silver_key(source, one))
            datasets.setdefault(one.dataset, []).append(Published(vintage=one.vintage, table=table))
    if not datasets:
        msg = f"model {reader} reads {source}, of which the lake holds nothing; run it first"
        raise ContentError(msg)
    histories = [history(published) for _, published in sorted(datasets.items())]
    return pa.concat_tables(histories, promote_options="default").unify_dictionaries()
