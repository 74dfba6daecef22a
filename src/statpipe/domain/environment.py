"""The environment of a run."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen, validators


@frozen(kw_only=True)
class Environment:
    """
    The environment of a run, such as ``local``, ``staging`` or ``prod``.

    ``embedded`` environments need no account: sources may fall back to bundled samples, and sinks
    to bundled servers. ``home`` is the folder that relative paths start from. ``scratch`` is the
    name of an area that a smoke run writes to and then removes.
    """

    name: str = field(validator=validators.matches_re(r"[a-z][a-z0-9_-]*"))
    home: Path
    embedded: bool = False
    scratch: str | None = field(
        default=None,
        validator=validators.optional(validators.matches_re(r"[A-Za-z][A-Za-z0-9_-]*")),
    )
