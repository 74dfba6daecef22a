"""Write a partition, and say in plain words what the sink did wrong."""

from __future__ import annotations

from statpipe.api import Partition, Receipt, Sink
from statpipe.testing.wording import broken, foreseen


def write(sink: Sink, partition: Partition) -> Receipt:
    """
    Write a partition and return the receipt; end the test if that fails.
    """
    __tracebackhide__ = True
    with foreseen(f"write({partition.key.path})", "take the partition, or say Unavailable"):
        receipt = sink.write(partition)
    if not isinstance(receipt, Receipt):
        broken(f"write returned {type(receipt).__name__}", "return a statpipe.api.Receipt")
    return receipt
