"""Reorders records: the meaning of a record must not depend on its position."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from statpipe.domain.dataset import Dataset
from statpipe.domain.payload import Payload
from statpipe.testing.damage import ELEMENT, Damage, Found, with_payload
from statpipe.testing.documents import at, header, places, printed, tree

_MOST = 4

Words = Mapping[tuple[int, str], frozenset[str]]
"""Position in a key, and code -> all names that the agency may use for it."""


def reordered(
    payloads: Sequence[Payload], found: Sequence[Found], dataset: Dataset
) -> Iterator[Damage]:
    """
    Swap two records, if each contains everything that distinguishes their figures.
    """
    words, given = _words(dataset), 0
    for one, other in combinations(found, 2):
        if given < _MOST and one.place == other.place and one.document == other.document:
            text = _swapped(one, other, words)
            if text is not None:
                what = f"the records of the figures {one.literal} and {other.literal} have changed places"
                given += 1
                bent = with_payload(payloads, one.place, one.document.with_text(text))
                yield Damage(what, bent)


def _words(dataset: Dataset) -> Words:
    found = {
        (0, a.code): frozenset(filter(None, (a.code, a.geo_fips, a.iso_3166, a.name)))
        for a in dataset.areas
    }
    return found | {(1, c.code): frozenset((c.code, c.name)) for c in dataset.categories}


def _swapped(one: Found, other: Found, words: Words) -> str | None:
    find = {"json": _in_json, "delimited": _in_rows, "xml": _in_xml}.get(one.document.form)
    return find(one, other, words) if find is not None else None


def _tell(one: Found, other: Found, mine: str, others: str, words: Words) -> bool:
    """Return whether two records contain the difference between the keys of their figures."""
    for place, (code, another) in enumerate(zip(one.key, other.key, strict=True)):
        if code != another and not all(
            any(_stands(word, text) for word in words.get((place, given), {given}))
            for given, text in ((code, mine), (another, others))
        ):
            return False
    return True


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _in_json(one: Found, other: Found, words: Words) -> str | None:
    root = tree(one.document.text)
    first, second = (_path(root, each.literal) for each in (one, other))
    depth = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if depth is None or not isinstance(first[depth], int):
        return None
    holder, here, there = at(root, first[:depth]), first[depth], second[depth]
    mine, others = holder[here], holder[there]
    if not isinstance(mine, dict | list):
        return None
    if not _tell(one, other, printed(mine), printed(others), words):
        return None
    holder[here], holder[there] = others, mine
    return printed(root)


def _path(root: Any, literal: str) -> tuple[str | int, ...]:
    for path in places(root):
        leaf = at(root, path)
        if isinstance(leaf, str) and leaf.strip() == literal:
            return tuple(path)
    return ()


def _in_rows(one: Found, other: Found, words: Words) -> str | None:
    text = one.document.text
    spans = [_line(text, each.start) for each in (one, other)]
    return _exchanged(one, other, spans, words) if header(text) is not None else None


def _line(text: str, place: int) -> tuple[int, int]:
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    return text.rfind("\n", 0, place) + 1, end - (text[end - 1 : end] == "\r")


def _in_xml(one: Found, other: Found, words: Words) -> str | None:
    text, spans = one.document.text, []
    for each in (one, other):
        element = ELEMENT.match(text, text.rfind("<", 0, each.start))
        if element is None or element.end() <= each.start:
            return None
        spans.append(element.span())
    return _exchanged(one, other, spans, words)


def _exchanged(
    one: Found, other: Found, spans: Sequence[tuple[int, int]], words: Words
) -> str | None:
    text = one.document.text
    mine, others = (text[start:end] for start, end in spans)
    if spans[0] == spans[1] or not _tell(one, other, mine, others, words):
        return None
    (a, b), (c, d) = sorted(spans)
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
