"""Texts that end in what cannot be decoded or stored, or in a letter that each encoding writes in another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from statpipe.domain.payload import Payload
from statpipe.testing.damage.bounds import MOST_PAYLOADS, MOST_PLACES
from statpipe.testing.damage.damaged import Damage, with_payload
from statpipe.testing.damage.words import word_spans
from statpipe.testing.documents import Document, Path, at, documents, places, printed, tree

_MARK = "ODDTEXT"
ACCENT, ACCENTED = "\u00e9", "a letter with an accent"
_ODD_TEXTS = {
    ACCENTED: ACCENT,
    "the byte 0xff": "\udcff",
    "half a character": "\\ud800",
    "a NUL": "\\u0000",
}


def odd_texts(payloads: Sequence[Payload], encoding: str = "utf-8") -> Iterator[Damage]:
    """
    A text in each place ends in a byte that is not text, in what JSON can write and nobody store, or in a
    letter with an accent, unless the agency writes it in another *encoding* than UTF-8.
    """
    for place, payload in enumerate(payloads[:MOST_PAYLOADS]):
        for document in documents(payload)[:MOST_PAYLOADS]:
            for where, marked in _marked_texts(document):
                for what, odd in _ODD_TEXTS.items():
                    if odd == ACCENT and encoding != "utf-8":
                        continue
                    if document.form == "json" or not odd.startswith("\\"):
                        bent = document.with_text(marked.replace(_MARK, odd))
                        yield Damage(
                            f"{where} of payload {document.name} ends in {what}",
                            with_payload(payloads, place, bent),
                        )


def _marked_texts(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the document with a mark after each of its texts in turn, and the place."""
    if document.form != "json":
        spans = [
            s for s in word_spans(document.text) if document.text[slice(*s)].strip("().-").isalnum()
        ]
        for _, end in spans[:: len(spans) // MOST_PLACES + 1]:
            yield f"the text before character {end}", _at(document.text, end)
        return
    whole = tree(document.text)
    alike: dict[tuple[object, ...], Path] = {}
    for path in places(whole):
        if isinstance(at(whole, path), str):
            alike.setdefault(tuple("[]" if isinstance(s, int) else s for s in path), path)
    for path in list(alike.values())[:MOST_PLACES]:
        bent = tree(document.text)
        at(bent, path[:-1])[path[-1]] += _MARK
        yield ".".join(str(step) for step in path), printed(bent)


def _at(text: str, place: int) -> str:
    return f"{text[:place]}{_MARK}{text[place:]}"
