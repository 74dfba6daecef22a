"""A hash of figures, the same in whatever order and format a service sends them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from statpipe_sdmx.actions import ACTION
from statpipe_sdmx.csv_data import OF_THE_MESSAGE
from statpipe_sdmx.history import FROM, SET, TO

if TYPE_CHECKING:
    import pyarrow as pa


def fingerprint(table: pa.Table) -> str:
    """
    Return a hash of all that a message says of its observations, in hexadecimal.

    The time of the query and the like stand in no observation.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    left = {*OF_THE_MESSAGE, FROM, TO, SET}
    if ACTION in table.column_names:
        # Whether a message says "Information" or "Replace" differs by format; what it deletes does not.
        said = pc.unique(table[ACTION].cast("string")).to_pylist()
        letters = {(text or "")[:1].upper() for text in said}
        left |= set() if "D" in letters else {ACTION}
    names = sorted(name for name in table.column_names if name not in left)
    if not names:
        return hashlib.sha256(b"").hexdigest()
    texts = pa.table({name: table[name].cast(pa.string()) for name in names})
    ordered = texts.sort_by([(name, "ascending") for name in names])
    sink = pa.BufferOutputStream()
    csv.write_csv(ordered, sink)
    return hashlib.sha256(sink.getvalue()).hexdigest()
