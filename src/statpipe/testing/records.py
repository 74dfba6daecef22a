"""Changes records as an agency may: new codes, and many more records."""

from __future__ import annotations

import copy
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from statpipe.domain.payload import Payload
from statpipe.testing.cells import Key
from statpipe.testing.damage import ELEMENT, Damage, Found, record_path, with_payload
from statpipe.testing.documents import Number, at, header, printed, tree

_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?!\d)")
_YEARS = range(1000, 2300)
_LAST = re.compile(r"-\d\d$")
_NEW_CODE, _NEW_NUMBER = "qq", "98765"

Versions = Sequence[Sequence[str]]


@frozen
class Record:
    """
    The record of a figure: its texts, and a function that writes the whole document with other records,
    one or several, in its place.
    """

    parts: tuple[str, ...]
    write: Callable[[Versions], str]

    def with_part(self, place: int, text: str) -> tuple[str, ...]:
        """
        Return the record's texts with the one at this position replaced.
        """
        return (*self.parts[:place], text, *self.parts[place + 1 :])


def record_of(one: Found) -> Record | None:
    """
    Find the record of a figure: an object in a list, a row, or an element. Return ``None`` if there
    is none.
    """
    by_form = {"json": _of_json, "delimited": _of_rows, "xml": _of_xml}
    find = by_form.get(one.document.form)
    return find(one) if find is not None else None


def unknown_codes(
    payloads: Sequence[Payload], found: Sequence[Found]
) -> Iterator[tuple[Found, str, Damage]]:
    """
    The code of an area or category is one that nobody has seen before: in the record of a figure, or,
    where it stands above the records, wherever it stands.

    Gives the figure, the new code, and the payloads.
    """
    for one in found[:2]:
        for code in one.key[:2]:
            new = code + (_NEW_NUMBER if code.isdigit() else _NEW_CODE)
            text = _with_code(one, code, new)
            if text is not None:
                bent = with_payload(payloads, one.place, one.document.with_text(text))
                yield one, new, Damage(f"there is the code {new} instead of {code}", bent)


def odd_periods(
    payloads: Sequence[Payload], found: Sequence[Found]
) -> Iterator[tuple[Found, Damage]]:
    """
    The period of a record is none of its frequency: a day, a 13th month, the word for all of them.
    """
    for one in found[:1]:
        record, period = record_of(one), one.key[2]
        places = [n for n, part in enumerate(record.parts) if part == period] if record else []
        if record is None or len(places) != 1:
            continue
        for odd in (f"{period}-15", _LAST.sub("-13", period), "Average"):
            if odd != period:
                text = record.write([record.with_part(places[0], odd)])
                bent = with_payload(payloads, one.place, one.document.with_text(text))
                yield one, Damage(f"there is the period {odd} instead of {period}", bent)


def composite_codes(
    payloads: Sequence[Payload], found: Sequence[Found]
) -> Iterator[tuple[Found, str, Damage]]:
    """
    Do the same for a code that is part of a longer identifier, such as ``CUUR0000SA0`` or
    ``N.rain``.

    The new code is as long as the old one, because such identifiers are often split at fixed
    positions.
    """
    for one in found[:2]:
        text = one.document.text
        cells = [cell for cell in _CELL.finditer(text) if cell.start() < one.start]
        for code in one.key[:2]:
            inside = re.compile(_within(code))
            longer = [
                cell.group()
                for cell in cells
                if len(cell.group()) > len(code) and len(inside.findall(cell.group())) == 1
            ]
            if code not in {cell.group() for cell in cells} and longer:
                new = _as_long(code)
                bent = inside.sub(new, longer[-1])
                changed = text.replace(longer[-1], bent)
                what = f"there is the identifier {bent} instead of {longer[-1]}"
                yield (
                    one,
                    new,
                    Damage(
                        what, with_payload(payloads, one.place, one.document.with_text(changed))
                    ),
                )


_CELL = re.compile(r"(?<=[\"'>,;|\t\n])[^\"'<>,;|\t\r\n\s]{2,60}(?=[\"'<,;|\t\r\n])")
_SURE = 3
"""A code with this many characters does not occur in an identifier by chance."""


def _within(code: str) -> str:
    around = r"(?<![A-Za-z0-9]){}(?![A-Za-z0-9])"
    return (around if len(code) < _SURE else "{}").format(re.escape(code))


def _as_long(code: str) -> str:
    signs = ("9", "8") if code.isdigit() else ("q", "z") if code.islower() else ("Q", "Z")
    new = signs[0] * len(code)
    return new if new != code else signs[1] * len(code)


def _with_code(one: Found, code: str, new: str) -> str | None:
    record, text = record_of(one), one.document.text
    places = [n for n, part in enumerate(record.parts) if part.strip() == code] if record else []
    if record and len(places) == 1:
        return record.write([record.with_part(places[0], new)])
    around = r'(?<=["\'>,;|\t\n]){}(?=["\'<,;|\t\r\n])'
    bent = re.sub(around.format(re.escape(code)), new, text)
    return bent if bent != text and one.literal in bent and not places else None


def many_years(
    payloads: Sequence[Payload], found: Sequence[Found]
) -> Iterator[tuple[list[Key], Damage]]:
    """
    A record comes for more than a thousand other years as well. Gives the keys that are new.
    """
    taken = {year.group() for one in found for year in _YEAR.finditer(one.key[2])}
    years = [str(year) for year in _YEARS if str(year) not in taken]
    for one in found:
        record, year = record_of(one), _YEAR.search(one.key[2])
        if record is None or year is None:
            continue
        places = [n for n, part in enumerate(record.parts) if year.group() in part]
        if len(places) != 1 or one.literal in record.parts[places[0]]:
            continue
        place, other = places[0], re.compile(year.group())
        more = [record.with_part(place, other.sub(y, record.parts[place])) for y in years]
        text = record.write([record.parts, *more])
        keys = [(*one.key[:2], other.sub(y, one.key[2]), *one.key[3:]) for y in years]
        what = f"the record of the figure {one.literal} comes for {len(years)} other years as well"
        yield keys, Damage(what, with_payload(payloads, one.place, one.document.with_text(text)))
        return


def _of_json(one: Found) -> Record | None:
    path = record_path(one)
    if path is None:
        return None
    content = at(tree(one.document.text), path)
    steps = [
        step
        for step in (content if isinstance(content, dict) else range(len(content)))
        if isinstance(content[step], str)
    ]

    def write(versions: Versions) -> str:
        root = tree(one.document.text)
        records = []
        for version in versions:
            record = copy.deepcopy(content)
            for step, text in zip(steps, version, strict=True):
                kind = Number if isinstance(record[step], Number) else str
                record[step] = kind(text)
            records.append(record)
        place = path[-1]
        at(root, path[:-1])[place : place + 1] = records  # type: ignore[operator]
        return printed(root)

    return Record(tuple(str(content[step]) for step in steps), write)


def _of_rows(one: Found) -> Record | None:
    text, found = one.document.text, header(one.document.text)
    if found is None:
        return None
    start = text.rfind("\n", 0, one.start) + 1
    end = text.find("\n", one.start) + 1 or len(text)
    row = text[start:end]
    ending = row[len(row.rstrip("\r\n")) :] or "\n"
    parts = next(csv.reader([row.rstrip("\r\n")], delimiter=found[0]))

    def write(versions: Versions) -> str:
        rows = io.StringIO()
        csv.writer(rows, delimiter=found[0], lineterminator=ending).writerows(versions)
        return text[:start] + rows.getvalue() + text[end:]

    return Record(tuple(parts), write)


def _of_xml(one: Found) -> Record | None:
    text = one.document.text
    start = text.rfind("<", 0, one.start)
    element = ELEMENT.match(text, start)
    if element is None or element.end() <= one.start:
        return None
    whole = element.group(0)
    values = list(re.finditer(r'(?<==")[^"]*(?=")', whole))

    def write(versions: Versions) -> str:
        elements = []
        for version in versions:
            pieces, at_ = [], 0
            for value, new in zip(values, version, strict=True):
                pieces += [whole[at_ : value.start()], new]
                at_ = value.end()
            elements.append("".join([*pieces, whole[at_:]]))
        return text[:start] + "".join(elements) + text[element.end() :]

    return Record(tuple(value.group() for value in values), write)
