"""What a run knows of the lake while it holds a lock: nobody else changes it then, so nothing is asked twice."""

from __future__ import annotations

from attrs import define, field


@define
class Turn:
    """
    What was seen, or written, under one lock. ``None`` is what was not asked yet.

    ``runs`` are the recorded runs of the source, ``manifest`` is the last whole one that was read,
    by its run. ``prints`` maps paths to fingerprints, ``None`` where nothing lies; with
    ``all_silver``, a file of Silver that is not listed does not exist.
    """

    runs: list[tuple[str, str]] | None = None
    manifest: tuple[str, bytes] | None = field(default=None, repr=False)
    prints: dict[str, str | None] = field(factory=dict, repr=False)
    all_silver: bool = False
