"""One message with all vintages of its history, which is read once and replayed from vintage to
vintage.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from threading import Lock

from statpipe.api import ContentError, Payload
from statpipe_sdmx.components import Columns, columns_of, key_of, named_columns
from statpipe_sdmx.data import read_data
from statpipe_sdmx.history import Replay
from statpipe_sdmx.structure import Structure

_replays: dict[str, Replay] = {}
_lock = Lock()


def components_at(
    payload: Payload, structure: Structure, at: datetime, *, beside: Collection[Payload]
) -> Columns:
    """
    Return the columns of the observations that were valid at a time.

    The replays of the messages *beside* this one are kept in memory for the next vintage, and all
    others are dropped. A replay is only reused for the same bytes and the same structure, so it
    saves time and never changes a result.

    :raises ContentError: What :func:`~statpipe_sdmx.components.components_of` refuses.
    """
    names = {f"{structure!r} {one.sha256}" for one in beside}
    mine = f"{structure!r} {payload.sha256}"
    with _lock:
        for name in _replays.keys() - names:
            del _replays[name]
        try:
            if mine not in _replays:
                named = named_columns(read_data(payload), payload, structure)
                _replays[mine] = Replay(named, key_of(structure), structure.measure_ids)
            valid = _replays[mine].as_of(at)
        except ValueError as error:
            raise ContentError(f"payload {payload.name}: {error}", payload=payload) from None
        return columns_of(valid, structure)
