"""What a run knows about the lake while it holds a lock. Nobody else changes the lake then."""

from __future__ import annotations

from attrs import define, field


@define
class Turn:
    """
    What was read or written under one lock. ``None`` means not requested yet.

    ``runs`` are the recorded runs of the source. ``manifest`` is the last intact manifest that was
    read, with its run. ``prints`` maps paths to fingerprints, or to ``None`` if nothing exists
    there. If ``all_silver``, a Silver file that is not listed does not exist.
    """

    runs: list[tuple[str, str]] | None = None
    manifest: tuple[str, bytes] | None = field(default=None, repr=False)
    prints: dict[str, str | None] = field(factory=dict, repr=False)
    all_silver: bool = False
