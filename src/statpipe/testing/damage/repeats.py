"""Repeats payloads and records."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from statpipe.domain.payload import Payload
from statpipe.testing.damage.damaged import Damage, with_payload
from statpipe.testing.damage.found import ELEMENT, Found, record_path
from statpipe.testing.damage.other_figures import next_figure
from statpipe.testing.documents import at, printed, tree


def repeated_payload(payloads: Sequence[Payload], one: Found) -> Damage:
    """
    Repeat a payload under another name and with another figure.
    """
    bent = one.replaced(payloads, next_figure(one.literal))[one.place]
    again = attrs.evolve(bent, name=f"{bent.name}-again")
    return Damage(
        f"payload {bent.name} comes once more, as {again.name} and with another figure",
        (*payloads, again),
    )


def repeated_records(payloads: Sequence[Payload], found: Sequence[Found]) -> Iterator[Damage]:
    """
    Repeat the record of a figure, once unchanged and once with another figure.
    """
    for one in found[:2]:
        for what, literal in (
            ("occurs twice", one.literal),
            (
                f"occurs twice, the second time with {next_figure(one.literal)}",
                next_figure(one.literal),
            ),
        ):
            text = _twice(one, literal)
            if text is not None:
                yield Damage(
                    f"the record of the figure {one.literal} {what}",
                    with_payload(payloads, one.place, one.document.with_text(text)),
                )


def _twice(one: Found, literal: str) -> str | None:
    text = one.document.text
    if one.document.form == "json":
        path = record_path(one)
        if path is None:
            return None
        root = tree(text)
        again = copy.deepcopy(at(root, path))
        _put(again, one.literal, literal)
        at(root, path[:-1]).append(again)
        return printed(root)
    if one.document.form == "delimited":
        start = text.rfind("\n", 0, one.start) + 1
        end = text.find("\n", one.start)
        end = len(text) if end < 0 else end + 1
    else:
        start = text.rfind("<", 0, one.start)
        element = ELEMENT.match(text, start) if one.document.form == "xml" else None
        if element is None or element.end() <= one.start:
            return None
        end = element.end()
    again = text[start : one.start] + literal + text[one.start + len(one.literal) : end]
    apart = "" if one.document.form == "xml" or text[:end].endswith("\n") else "\n"
    return text[:end] + apart + again + text[end:]


def _put(record: Any, old: str, new: str) -> None:
    steps = list(record) if isinstance(record, dict) else range(len(record))
    for step in steps:
        leaf = record[step]
        if isinstance(leaf, str) and leaf.strip() == old:
            record[step] = type(leaf)(new)
            return
