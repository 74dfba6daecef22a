"""Puts something else in any place: in each place in turn, or where Hypothesis draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from statpipe.domain.payload import Payload
from statpipe.testing.damage.bounds import MOST_PAYLOADS, MOST_PLACES
from statpipe.testing.damage.damaged import Damage, with_payload
from statpipe.testing.damage.words import word_spans
from statpipe.testing.documents import (
    Document,
    Number,
    Path,
    at,
    documents,
    places,
    printed,
    tree,
    with_body,
)

_MOST_LEAVES = 40
_MOST_WORDS = 6

_KINDS: tuple[Any, ...] = (None, True, Number("7"), "x", [], {}, [None])
_WORDS = ("", "x", "-1", "NaN", "Infinity", "1e999", '"', "\n", ",", "<", "\u00e9", "\x01", "9" * 40,
          "2024-13", "0.123456789")  # fmt: skip
_LEAVES: tuple[Any, ...] = (None, True, {}, [], [[]], {"a": Number("1")}, Number("-1"), "",
                            Number("1e999"), Number("0.1"), *_WORDS)  # fmt: skip


def each_place(payloads: Sequence[Payload]) -> Iterator[Damage]:
    """
    Yield payloads in which each place in turn has something else: another type, not a number, too
    much, nothing.

    Places of a JSON document that only differ in a list index count as one. In other text, places
    are spread all over it.
    """
    for place, payload in enumerate(payloads[:MOST_PAYLOADS]):
        for document in documents(payload)[:MOST_PAYLOADS]:
            if document.form == "json":
                alike: dict[tuple[object, ...], Path] = {}
                for path in places(tree(document.text)):
                    shape = tuple("[]" if isinstance(step, int) else step for step in path)
                    alike.setdefault(shape, path)
                for path in list(alike.values())[:MOST_PLACES]:
                    for leaf in _KINDS:
                        yield _leaf(payloads, place, document, path, leaf)
            else:
                spans = word_spans(document.text)
                for span in spans[:: len(spans) // MOST_PLACES + 1]:
                    for word in _WORDS[:_MOST_WORDS]:
                        yield _word(payloads, place, document, span, word)


def any_damage(payloads: Sequence[Payload]) -> st.SearchStrategy[Damage]:
    """
    Draw payloads, one of which is damaged anywhere.
    """
    ways: list[st.SearchStrategy[Damage]] = []
    for place, payload in enumerate(payloads):
        ways.append(_bytes_changed(payloads, place))
        for document in documents(payload):
            if document.form == "json":
                ways.append(_leaf_replaced(payloads, place, document))
            elif document.text:
                ways.append(_word_replaced(payloads, place, document))
    return st.one_of(ways)


def _leaf_replaced(
    payloads: Sequence[Payload], place: int, document: Document
) -> st.SearchStrategy[Damage]:
    ways = list(places(tree(document.text)))
    if not ways:
        return st.nothing()
    return st.builds(
        lambda path, leaf: _leaf(payloads, place, document, path, leaf),
        st.sampled_from(ways),
        st.sampled_from(_LEAVES),
    )


def _leaf(
    payloads: Sequence[Payload], place: int, document: Document, path: Path, leaf: Any
) -> Damage:
    bent = tree(document.text)
    at(bent, path[:-1])[path[-1]] = leaf
    where = ".".join(str(step) for step in path)
    return Damage(
        f"{where} of payload {document.name} is {printed(leaf)[:_MOST_LEAVES]}",
        with_payload(payloads, place, document.with_text(printed(bent))),
    )


def _word_replaced(
    payloads: Sequence[Payload], place: int, document: Document
) -> st.SearchStrategy[Damage]:
    spans = word_spans(document.text)
    if not spans:
        return st.nothing()
    return st.builds(
        lambda span, word: _word(payloads, place, document, span, word),
        st.sampled_from(spans),
        st.sampled_from(_WORDS),
    )


def _word(
    payloads: Sequence[Payload], place: int, document: Document, span: tuple[int, int], word: str
) -> Damage:
    start, end = span
    text = document.text
    return Damage(
        f"{text[start:end]!r} of payload {document.name} is {word[:_MOST_LEAVES]!r}",
        with_payload(payloads, place, document.with_text(text[:start] + word + text[end:])),
    )


def _bytes_changed(payloads: Sequence[Payload], place: int) -> st.SearchStrategy[Damage]:
    payload = payloads[place]
    size = max(len(payload.body), 1)

    def bend(start: int, length: int, put: bytes) -> Damage:
        body = payload.body[:start] + put + payload.body[start + length :]
        return Damage(
            f"bytes {start} to {start + length} of payload {payload.name} are {put!r}",
            with_payload(payloads, place, with_body(payload, body)),
        )

    return st.builds(
        bend,
        st.integers(0, size - 1),
        st.sampled_from((0, 1, 1, 2, size)),
        st.sampled_from((b"", b"\xff", b"\x00", b"7", b"}", b'"', b"\xc3", payload.body[-20:])),
    )
