"""A hash of figures that does not depend on their order or format."""

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
    Return a hash of all observations of a message, in hexadecimal.

    The time of the request and the like are not part of observations.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    left = {*OF_THE_MESSAGE, FROM, TO, SET}
    if ACTION in table.column_names:
        # "Information" or "Replace" depends on the format; deletions do not.
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
