"""What stands for the real thing in a test, in memory; held to the same contracts."""

from statpipe.testing.fakes.memory_lake import MemoryLake
from statpipe.testing.fakes.memory_sink import MemorySink
from statpipe.testing.fakes.memory_source import MemoryNormalizer, MemorySource

__all__ = ["MemoryLake", "MemoryNormalizer", "MemorySink", "MemorySource"]
