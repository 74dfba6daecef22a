"""Fakes in memory for tests. They pass the same contract tests as the real objects."""

from statpipe.testing.fakes.memory_lake import MemoryLake
from statpipe.testing.fakes.memory_sink import MemorySink
from statpipe.testing.fakes.memory_source import MemoryNormalizer, MemorySource

__all__ = ["MemoryLake", "MemoryNormalizer", "MemorySink", "MemorySource"]
