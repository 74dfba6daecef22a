"""What can happen to a payload on its way, or when the agency changes something."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import frozen
from hypothesis import strategies as st

from statpipe.domain.payload import Payload
from statpipe.testing.cells import Key, shown
from statpipe.testing.cells import figure as number
from statpipe.testing.documents import (
    Document,
    Number,
    Path,
    at,
    documents,
    field_names,
    header,
    occurrences,
    places,
    printed,
    tree,
    unquoted,
    with_body,
)

PAGE = b"<!DOCTYPE html><html><head><title>503</title></head><body>Try again later</body></html>"
JUNK = ("x1x", "(Zz)", "1.2.3", "12k", "1_5", "\u0663", "5\udcff3")
"""What no agency prints for a figure, and no normalizer knows, with the marks of English. Python alone takes an
underscore and the digits of every script for a number; the last one holds a byte that is no text."""
MARKERS = ("", "-", ".", "n/a", "...")
"""What agencies print where they show no figure: each of them a few of these."""
MISGROUPED = ("1,23", "1,2345.5")
"""What looks grouped by thousands and is not: the figures of an agency that changed its marks."""
LONG = "12345678901234567.12345"
"""More digits than a binary float holds, fewer than a decimal of Silver does."""
BARE = "1234567890.12345678"
"""The same for a JSON number without quotes: Python prints what is left of it without an exponent."""
SUFFIX = "_renamed"
_MOST_FIELDS, _MOST_PAYLOADS, _MOST_PLACES, _MOST_LEAVES, _MOST_WORDS = 40, 4, 40, 40, 6


@frozen
class Damage:
    """
    Payloads of which something is wrong, and what it is.
    """

    what: str
    payloads: tuple[Payload, ...]


@frozen
class Found:
    """
    A figure of the example, where it stands in the payloads.
    """

    key: Key
    literal: str
    place: int
    document: Document
    start: int

    def bare(self, payloads: Sequence[Payload], text: str) -> tuple[Payload, ...] | None:
        """
        Return the payloads with a JSON number in place of the figure's text, if JSON quotes it.
        """
        old, end = self.document.text, self.start + len(self.literal)
        if self.document.form != "json" or old[self.start - 1] + old[end : end + 1] != '""':
            return None
        new = self.document.with_text(old[: self.start - 1] + text + old[end + 1 :])
        return with_payload(payloads, self.place, new)

    def replaced(self, payloads: Sequence[Payload], text: str) -> tuple[Payload, ...]:
        """
        Return the payloads with another text in place of the figure.
        """
        old = self.document.text
        end = self.start + len(self.literal)
        if self.document.form == "json" and old[self.start - 1] != '"' and not _is_number(text):
            text = json.dumps(text)
        new = self.document.with_text(old[: self.start] + text + old[end:])
        return with_payload(payloads, self.place, new)


def found_figures(
    payloads: Sequence[Payload], figures: Mapping[Key, str | None], mark: str = "."
) -> list[Found]:
    """
    Find the figures that stand in the payloads just once, and so can be bent one by one.
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


def marked(text: str, mark: str) -> str:
    """
    Write an English figure with *mark* before its decimals.
    """
    return text if mark == "." else text.translate({ord("."): mark, ord(","): "."})


def says(payload: Payload, word: str) -> bool:
    """
    Tell whether a word stands in a payload on its own.
    """
    return any(_whole(word).search(document.text) for document in documents(payload))


def in_another_unit(payloads: Sequence[Payload], unit: str) -> Damage | None:
    """
    Wherever payloads name a unit, they name another one.
    """
    changed = []
    for payload in payloads:
        new = payload
        for member in [d.member for d in documents(payload)]:
            document = next(d for d in documents(new) if d.member == member)
            text = _whole(unit).sub("Bushels", document.text)
            new = document.with_text(text) if text != document.text else new
        changed.append(new)
    if all(new is old for new, old in zip(changed, payloads, strict=True)):
        return None
    return Damage(f"the payloads say Bushels instead of {unit}", tuple(changed))


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")


def next_figure(literal: str) -> str:
    """
    Return another number that looks the same.
    """
    place = max(n for n, sign in enumerate(literal) if sign.isdigit())
    digit = str((int(literal[place]) + 1) % 10)
    changed = literal[:place] + digit + literal[place + 1 :]
    if not re.search("[1-9]", changed):
        changed = literal[:place] + "7" + literal[place + 1 :]
    return changed


def not_payloads(payloads: Sequence[Payload]) -> Iterator[Damage]:
    """
    Each payload in turn is nothing, a page, another document, or cut off.
    """
    for place, payload in enumerate(payloads[:_MOST_PAYLOADS]):
        forms = {document.form for document in documents(payload)}
        bodies = {
            "is empty": b"",
            "is blank": b" \r\n",
            "is a web page": PAGE,
            "is the JSON {}": b"{}",
            "is the JSON []": b"[]",
            "is the JSON null": b"null",
            "is binary": b"\x00\xff\xfe\x80" * 8,
        }
        if forms <= {"json", "xml"}:  # zips, and other binary forms as well
            bodies["is cut off in the middle"] = payload.body[: len(payload.body) // 2]
            bodies["lacks its last bytes"] = payload.body.rstrip()[:-2]
        if "delimited" in forms:
            cut = _cut_in_a_row(payload)
            if cut:
                bodies["is cut off in the middle of a row"] = cut
        for what, body in bodies.items():
            yield Damage(
                f"payload {payload.name} {what}",
                with_payload(payloads, place, with_body(payload, body)),
            )


def renamed_fields(
    payloads: Sequence[Payload], optional: frozenset[str]
) -> Iterator[tuple[str, Damage]]:
    """
    Each field in turn has another name, in all payloads.
    """
    names: dict[str, None] = {}
    for document in (d for p in payloads for d in documents(p)):
        names |= dict.fromkeys(_names(document))
    for name in [one for one in names if one not in optional][:_MOST_FIELDS]:
        changed = []
        for payload in payloads:
            new = payload
            for member in [d.member for d in documents(payload)]:
                document = next(d for d in documents(new) if d.member == member)
                text = _renamed(document, name)
                new = document.with_text(text) if text != document.text else new
            changed.append(new)
        yield name, Damage(f"the field {name!r} is called {name + SUFFIX!r}", tuple(changed))


def fields_left_out(
    payloads: Sequence[Payload], found: Sequence[Found], optional: frozenset[str]
) -> Iterator[tuple[Found, Damage]]:
    """
    Each field of the record of one figure is left out in turn, and the record is of another name.
    """
    for one in found[:2]:
        by_form = {"json": _json_records, "xml": _xml_records, "delimited": _rows_cut}
        for what, text in by_form.get(one.document.form, _nothing)(one, optional):
            yield (
                one,
                Damage(
                    f"{what} the record of the figure {one.literal}",
                    with_payload(payloads, one.place, one.document.with_text(text)),
                ),
            )


def _nothing(_: Found, __: frozenset[str]) -> Iterator[tuple[str, str]]:
    yield from ()


def _json_records(one: Found, optional: frozenset[str]) -> Iterator[tuple[str, str]]:
    path = record_path(one)
    if path is None:
        return
    root = tree(one.document.text)
    record = at(root, path)
    for step in list(record) if isinstance(record, dict) else range(len(record)):
        if step in optional:
            continue
        bent = copy.deepcopy(root)
        del at(bent, path)[step]
        what = f"field {step!r}" if isinstance(step, str) else f"element {step}"
        yield f"the {what} is left out of", printed(bent)


def _xml_records(one: Found, optional: frozenset[str]) -> Iterator[tuple[str, str]]:
    text = one.document.text
    start = text.rfind("<", 0, one.start)
    element = ELEMENT.match(text, start)
    if element is None or element.end() <= one.start:
        return
    whole = element.group(0)
    name = re.match(r"<[\w.:-]+", whole)
    assert name is not None
    renamed = name.group(0) + SUFFIX + whole[name.end() :]
    yield "another name is given to", text[:start] + renamed + text[element.end() :]
    for attribute in re.finditer(r"\s+([\w.:-]+)=\"[^\"]*\"", whole):
        if attribute.group(1) not in optional:
            shorter = whole[: attribute.start()] + whole[attribute.end() :]
            what = f"the attribute {attribute.group(1)!r} is left out of"
            yield what, text[:start] + shorter + text[element.end() :]


def _rows_cut(one: Found, _: frozenset[str]) -> Iterator[tuple[str, str]]:
    text, found = one.document.text, header(one.document.text)
    start = text.rfind("\n", 0, one.start) + 1
    end = text.find("\n", one.start)
    row = text[start : end if end >= 0 else len(text)]
    if found is None or '"' in row:
        return
    cells = row.split(found[0])
    for number_ in range(len(cells)):
        shorter = found[0].join([*cells[:number_], *cells[number_ + 1 :]])
        yield (
            f"cell {number_ + 1} is left out of",
            text[:start] + shorter + text[start + len(row) :],
        )


def repeated_payload(payloads: Sequence[Payload], one: Found) -> Damage:
    """
    A payload comes once more, under another name and with another figure.
    """
    bent = one.replaced(payloads, next_figure(one.literal))[one.place]
    again = attrs.evolve(bent, name=f"{bent.name}-again")
    return Damage(
        f"payload {bent.name} comes once more, as {again.name} and with another figure",
        (*payloads, again),
    )


def repeated_records(payloads: Sequence[Payload], found: Sequence[Found]) -> Iterator[Damage]:
    """
    The record of a figure stands twice: as it is, and with another figure.
    """
    for one in found[:2]:
        for what, literal in (
            ("stands twice", one.literal),
            (
                f"stands twice, the second time with {next_figure(one.literal)}",
                next_figure(one.literal),
            ),
        ):
            text = _twice(one, literal)
            if text is not None:
                yield Damage(
                    f"the record of the figure {one.literal} {what}",
                    with_payload(payloads, one.place, one.document.with_text(text)),
                )


def each_place(payloads: Sequence[Payload]) -> Iterator[Damage]:
    """
    Each place holds something else in turn: another kind of thing, no number, too much, nothing.

    Places of a JSON document that differ in the number of a list's element only are alike; of other
    text, places all over it are taken.
    """
    for place, payload in enumerate(payloads[:_MOST_PAYLOADS]):
        for document in documents(payload)[:_MOST_PAYLOADS]:
            if document.form == "json":
                alike: dict[tuple[object, ...], Path] = {}
                for path in places(tree(document.text)):
                    shape = tuple("[]" if isinstance(step, int) else step for step in path)
                    alike.setdefault(shape, path)
                for path in list(alike.values())[:_MOST_PLACES]:
                    for leaf in _KINDS:
                        yield _leaf(payloads, place, document, path, leaf)
            else:
                spans = _spans(document.text)
                for span in spans[:: len(spans) // _MOST_PLACES + 1]:
                    for word in _WORDS[:_MOST_WORDS]:
                        yield _word(payloads, place, document, span, word)


def odd_texts(payloads: Sequence[Payload]) -> Iterator[Damage]:
    """
    A text in each place ends in a byte that is not text, or in what JSON can write and nobody store.
    """
    for place, payload in enumerate(payloads[:_MOST_PAYLOADS]):
        for document in documents(payload)[:_MOST_PAYLOADS]:
            for where, marked in _marked_texts(document):
                for what, odd in _ODD_TEXTS.items():
                    if document.form == "json" or not odd.startswith("\\"):
                        bent = document.with_text(marked.replace(_MARK, odd))
                        yield Damage(
                            f"{where} of payload {document.name} ends in {what}",
                            with_payload(payloads, place, bent),
                        )


def _marked_texts(document: Document) -> Iterator[tuple[str, str]]:
    """Give the document with a mark behind each of its texts in turn, and where that is."""
    if document.form != "json":
        spans = [
            s for s in _spans(document.text) if document.text[slice(*s)].strip("().-").isalnum()
        ]
        for _, end in spans[:: len(spans) // _MOST_PLACES + 1]:
            yield f"the text before character {end}", _at(document.text, end)
        return
    whole = tree(document.text)
    alike: dict[tuple[object, ...], Path] = {}
    for path in places(whole):
        if isinstance(at(whole, path), str):
            alike.setdefault(tuple("[]" if isinstance(s, int) else s for s in path), path)
    for path in list(alike.values())[:_MOST_PLACES]:
        bent = tree(document.text)
        at(bent, path[:-1])[path[-1]] += _MARK
        yield ".".join(str(step) for step in path), printed(bent)


def _at(text: str, place: int) -> str:
    return f"{text[:place]}{_MARK}{text[place:]}"


_MARK = "ODDTEXT"
_ODD_TEXTS = {
    "the byte 0xff": "\udcff",
    "half of a character": "\\ud800",
    "a NUL": "\\u0000",
}


def any_damage(payloads: Sequence[Payload]) -> st.SearchStrategy[Damage]:
    """
    Draw payloads of which any one is damaged anywhere.
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


ELEMENT = re.compile(r"<[\w.:-]+(?:\s+[\w.:-]+=\"[^\"]*\"){2,}\s*/>")
"""An empty element with at least two attributes: a record by itself."""

_KINDS: tuple[Any, ...] = (None, True, Number("7"), "x", [], {}, [None])
_WORDS = ("", "x", "-1", "NaN", "Infinity", "1e999", '"', "\n", ",", "<", "\u00e9", "\x01", "9" * 40,
          "2024-13", "0.123456789")  # fmt: skip
_LEAVES: tuple[Any, ...] = (None, True, {}, [], [[]], {"a": Number("1")}, Number("-1"), "",
                            Number("1e999"), Number("0.1"), *_WORDS)  # fmt: skip


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


def _spans(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"[\w.()-]+|[^\w\s]", text)]


def _word_replaced(
    payloads: Sequence[Payload], place: int, document: Document
) -> st.SearchStrategy[Damage]:
    spans = _spans(document.text)
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


def opposite(literal: str) -> str:
    """
    Return a figure with the other sign.
    """
    return literal[1:] if literal.startswith("-") else f"-{literal}"


def with_payload(payloads: Sequence[Payload], place: int, new: Payload) -> tuple[Payload, ...]:
    """
    Return the payloads with another one in this place.
    """
    return (*payloads[:place], new, *payloads[place + 1 :])


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _names(document: Document) -> list[str]:
    if document.form == "json":
        return field_names(tree(document.text))
    if document.form == "xml":
        return list(
            dict.fromkeys(re.findall(r"(?:<|\s)([A-Za-z][\w.-]*)(?==|[\s/>])", document.text))
        )
    found = header(document.text) if document.form == "delimited" else None
    return (
        [cell.strip().strip('"') for cell in found[2] if cell.strip().strip('"')] if found else []
    )


def _renamed(document: Document, name: str) -> str:
    text = document.text
    if document.form == "json":
        return (
            re.sub(
                re.escape(json.dumps(name)[:-1]) + r'"(?=\s*:)',
                lambda found: found.group(0)[:-1] + SUFFIX + '"',
                text,
            )
            if json.dumps(name) in text
            else text
        )
    if document.form == "xml":
        return re.sub(rf"(?<=[<\s/]){re.escape(name)}(?==|[\s/>])", name + SUFFIX, text)
    found = header(text)
    if found is None:
        return text
    delimiter, number_, cells = found
    lines = text.splitlines(keepends=True)
    ending = lines[number_][len(lines[number_].rstrip("\r\n")) :]
    new = [
        cell.replace(name, name + SUFFIX) if cell.strip().strip('"') == name else cell
        for cell in cells
    ]
    lines[number_] = delimiter.join(new) + ending
    return "".join(lines)


def record_path(one: Found) -> tuple[str | int, ...] | None:
    """Give the way to the record of a figure: what holds it, if that is one of a list of records."""
    root = tree(one.document.text)
    for path in places(root):
        leaf = at(root, path)
        if isinstance(leaf, str) and leaf.strip() == one.literal:
            record = path[:-1]
            return record if record and isinstance(record[-1], int) else None
    return None


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


def _cut_in_a_row(payload: Payload) -> bytes | None:
    """Cut after the first delimiter of the last row that has all of them."""
    document = documents(payload)[0]
    found = header(document.text)
    if found is None or document.member is not None:
        return None
    delimiter, _, cells = found
    rows = document.text.splitlines(keepends=True)
    full = [n for n, row in enumerate(rows) if unquoted(row).count(delimiter) == len(cells) - 1]
    last = rows[full[-1]]
    kept = "".join(rows[: full[-1]]) + last[: last.index(delimiter) + 1]
    return kept.encode("utf-8", "surrogateescape")
