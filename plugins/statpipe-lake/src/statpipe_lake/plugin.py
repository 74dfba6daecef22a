"""What this plugin offers: the lake."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api import Component, Sink, hookimpl
from statpipe_lake.settings import LakeSettings


def make_lake(settings: LakeSettings) -> Sink:
    """
    Open the configured lake.
    """
    from statpipe_lake.sink import LakeSink

    return LakeSink(settings)


@hookimpl
def statpipe_sinks() -> Iterable[Component]:
    """
    Offer the sink ``lake``.
    """
    return [
        Component(
            name="lake",
            summary="Bronze, Silver, Gold and manifests in a folder or an S3 bucket",
            settings=LakeSettings,
            factory=make_lake,
        )
    ]
