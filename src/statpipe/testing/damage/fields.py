"""Renames fields, and leaves them out of a record."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence

from statpipe.domain.payload import Payload
from statpipe.testing.damage.damaged import Damage, with_payload
from statpipe.testing.damage.found import ELEMENT, Found, record_path
from statpipe.testing.documents import Document, at, documents, field_names, header, printed, tree

SUFFIX = "_renamed"
_MOST_FIELDS = 40


def renamed_fields(
    payloads: Sequence[Payload], optional: frozenset[str]
) -> Iterator[tuple[str, Damage]]:
    """
    Rename each field in turn, in all payloads.
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


def fields_left_out(
    payloads: Sequence[Payload], found: Sequence[Found], optional: frozenset[str]
) -> Iterator[tuple[Found, Damage]]:
    """
    Leave out each field of one figure's record in turn, and rename the record. Usually, this is the
    last record, which comes after one of another kind.
    """
    for one in (*found[:2], *found[2:][-1:]):
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
