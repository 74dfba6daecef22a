"""A lake and a sink that die at one of their calls."""

from __future__ import annotations

from typing import Any

from statpipe.api import Component, hookimpl
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink
from support.fakes import MemorySink


class Dead(BaseException):
    """The process is gone: whatever it would still do, it does not."""


class Fuse:
    """Burns down with each call of a lake or sink; then it raises, once or always."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.error: type[BaseException] = Dead
        self.for_ever = True

    def set(self, calls: int, error: type[BaseException], *, for_ever: bool) -> None:
        self.left, self.error, self.for_ever = calls, error, for_ever

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.for_ever):
            raise self.error


def fused(sink_type: type) -> type:
    """Make a sink whose every call burns the fuse, and half of whose deaths come after the work."""

    def calling(name: str) -> Any:
        def call(self: Any, *arguments: Any) -> Any:
            self.fuse.burn()
            answer = getattr(sink_type, name)(self, *arguments)
            self.fuse.burn()
            return answer

        return call

    names = [
        "fingerprint",
        "write",
        "record",
        "keep",
        "payload",
        "partitions",
        "read",
        "run_ids",
        "manifest",
    ]
    return type(
        f"Fused{sink_type.__name__}",
        (sink_type,),
        {name: calling(name) for name in names if hasattr(sink_type, name)},
    )


FusedLake, FusedMemory = fused(LakeSink), fused(MemorySink)


class FusedLakePlugin:
    """The real lake, with a fuse."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    @hookimpl
    def statpipe_sinks(self) -> list[Component]:
        return [Component(name="lake", summary="A lake", settings=LakeSettings, factory=self._make)]

    def _make(self, settings: LakeSettings) -> Any:
        lake = FusedLake(settings)
        lake.fuse = self._fuse
        return lake
