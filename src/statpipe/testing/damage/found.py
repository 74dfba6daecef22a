"""Finds figures of the example, and their records, in the payloads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from statpipe.domain.payload import Payload
from statpipe.testing.cells import Key, shown
from statpipe.testing.cells import figure as number
from statpipe.testing.damage.damaged import with_payload
from statpipe.testing.documents import Document, at, documents, occurrences, places, tree

ELEMENT = re.compile(r"<[\w.:-]+(?:\s+[\w.:-]+=\"[^\"]*\"){2,}\s*/>")
"""An empty element with at least two attributes: a record by itself."""


@frozen
class Found:
    """
    A figure of the example, and its place in the payloads.
    """

    key: Key
    literal: str
    place: int
    document: Document
    start: int

    def bare(self, payloads: Sequence[Payload], text: str) -> tuple[Payload, ...] | None:
        """
        Return the payloads with the figure as a JSON number, if it is a quoted text in JSON.
        """
        old, end = self.document.text, self.start + len(self.literal)
        if self.document.form != "json" or old[self.start - 1] + old[end : end + 1] != '""':
            return None
        new = self.document.with_text(old[: self.start - 1] + text + old[end + 1 :])
        return with_payload(payloads, self.place, new)

    def replaced(self, payloads: Sequence[Payload], text: str) -> tuple[Payload, ...]:
        """
        Return the payloads with the figure replaced by another text.
        """
        old = self.document.text
        end = self.start + len(self.literal)
        if self.document.form == "json" and old[self.start - 1] != '"' and not _is_number(text):
            text = json.dumps(text)
        new = self.document.with_text(old[: self.start] + text + old[end:])
        return with_payload(payloads, self.place, new)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def found_figures(
    payloads: Sequence[Payload], figures: Mapping[Key, str | None], mark: str = "."
) -> list[Found]:
    """
    Find the figures that occur exactly once in the payloads, so that each can be changed
    separately.
    """
    texts = [(n, d) for n, payload in enumerate(payloads) for d in documents(payload)]
    found = []
    for key, text in figures.items():
        if text is None:
            continue
        for literal in dict.fromkeys((text.strip(), shown(number(text, mark)).replace(".", mark))):
            hits = [(n, d, start) for n, d in texts for start in occurrences(d.text, literal)]
            if len(hits) == 1:
                found.append(Found(key, literal, *hits[0]))
                break
    return found


def record_path(one: Found) -> tuple[str | int, ...] | None:
    """
    Return the path to the record of a figure: the object that contains it, if it is in a list of
    records.
    """
    root = tree(one.document.text)
    for path in places(root):
        leaf = at(root, path)
        if isinstance(leaf, str) and leaf.strip() == one.literal:
            record = path[:-1]
            return record if record and isinstance(record[-1], int) else None
    return None
