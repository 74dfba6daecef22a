"""The contracts of sinks are part of the kit; this is their old place."""

from statpipe.testing import LakeContract, SinkContract, StoreContract
from statpipe.testing.partitions import (
    REVISED,
    SMALL,
    Figures,
    fingerprint_of,
    gold_partition,
    manifest_of,
    tables,
)

__all__ = [
    "REVISED",
    "SMALL",
    "Figures",
    "LakeContract",
    "SinkContract",
    "StoreContract",
    "fingerprint_of",
    "gold_partition",
    "manifest_of",
    "tables",
]
