"""Splits a key if a service says that the whole is too much."""

from __future__ import annotations

from statpipe.api import Rejected
from statpipe_sdmx.key import WHOLE, codes_in, written
from statpipe_sdmx.structure import Structure


class TooMuch(Rejected):
    """
    The service does not send so many observations at once.
    """


def halves(structure: Structure, key: str) -> tuple[str, str] | None:
    """
    Return two keys that together request the same as *key*, or ``None`` if it requests a single
    series.

    The dimension of most codes is split: those that the key names, or else all of its list. A partial list is not split:
    the parts would lack the codes that it leaves out.
    """
    named = codes_in(key) if key not in WHOLE else [[] for _ in structure.dimensions]
    codes = [
        some or [one.code for one in item.codes if not item.is_partial]
        for some, item in zip(named, structure.dimensions, strict=True)
    ]
    longest = max(range(len(codes)), key=lambda place: len(codes[place]), default=-1)
    if longest < 0 or len(codes[longest]) < 2:  # noqa: PLR2004 - one code cannot be split
        return None
    middle = len(codes[longest]) // 2

    def with_codes(some: list[str]) -> str:
        return written([*named[:longest], some, *named[longest + 1 :]])

    return with_codes(codes[longest][:middle]), with_codes(codes[longest][middle:])
