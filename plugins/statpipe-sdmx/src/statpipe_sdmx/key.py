"""Keys: the requested series of a flow, such as ``D.USD+GBP..SP00.A``."""

from __future__ import annotations

from collections.abc import Sequence

WHOLE = ("", "all", "*")
"""Keys that request all series."""

Codes = Sequence[Sequence[str]]
"""The requested codes of each dimension; empty means all."""


def codes_in(key: str) -> list[list[str]]:
    """
    Return the codes in each part of a key. An empty part and ``*`` mean all codes.
    """
    return [[code for code in part.split("+") if code not in {"", "*"}] for part in key.split(".")]


def written(codes: Codes) -> str:
    """
    Return the key of these codes, as SDMX 2.1 writes it.
    """
    return ".".join("+".join(some) for some in codes) if any(codes) else ""


def written_in_3(codes: Codes, dimensions: Sequence[str]) -> tuple[str, dict[str, str]]:
    """
    Return the key of these codes as SDMX 3.0 writes it, with the parameters for dimensions that have several.
    """
    parts = [some[0] if len(some) == 1 else "*" for some in codes]
    several = {
        f"c[{name}]": ",".join(some)
        for name, some in zip(dimensions, codes, strict=True)
        if len(some) > 1
    }
    return ("*" if set(parts) == {"*"} else ".".join(parts)), several
