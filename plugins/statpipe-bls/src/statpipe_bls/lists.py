"""Lists of codes: BLS's mapping files, and the plugin's own in the same form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from statpipe.api import ContentError, Payload

_NAMES = re.compile(r"(?:.*_)?(?:text|name|title)")
_FOLLOWS = "\t"


def read_list(payload: Payload, key: str, named: str = "") -> dict[str, str]:
    """
    Return the names by code from a mapping file: a line of column names, then columns separated by
    tabs and padded with blanks.

    *key* is the column of codes. *named* is the column of names, by default the first one called
    ``name``, ``text`` or ``title``. If a code occurs twice (an area of two types), its first name
    is used.

    :raises ContentError: The payload is not a mapping file.
    """
    names: dict[str, str] = {}
    columns, rows = _table(payload)
    found = [name for name in columns if (name == named if named else _NAMES.fullmatch(name))]
    if key not in columns or not found:
        wanted = key if key not in columns else named or "a column of names such as area_text"
        msg = f"payload {payload.name}: {wanted} is missing from the columns {', '.join(columns)}"
        raise ContentError(msg, payload=payload)
    code_at, name_at = columns.index(key), columns.index(found[0])
    for number, row in enumerate(rows, 2):
        if len(row) <= max(code_at, name_at) or not row[code_at]:
            msg = (
                f"payload {payload.name}, line {number}: {_FOLLOWS.join(row)!r}; expected "
                f"{len(columns)} tab-separated columns, with a code and its name"
            )
            raise ContentError(msg, payload=payload)
        names.setdefault(row[code_at], row[name_at] or row[code_at])
    if not names:
        msg = f"payload {payload.name} has no codes; expected a line for each"
        raise ContentError(msg, payload=payload)
    return names


@cache
def own_list(name: str) -> Mapping[str, str]:
    """
    Return the names by code from a list that is bundled with the plugin.
    """
    body = (files(__package__) / "data" / name).read_bytes()
    head = body.partition(b"\t")[0].decode()
    return read_list(Payload(name=name, body=body), head)


def _table(payload: Payload) -> tuple[list[str], list[list[str]]]:
    text = _text(payload)
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    if not lines or _FOLLOWS not in lines[0]:
        msg = f"payload {payload.name} begins {text[:60]!r}; expected tab-separated column names"
        raise ContentError(msg, payload=payload)
    head, *rows = ([cell.strip() for cell in line.split(_FOLLOWS)] for line in lines)
    return head, rows


def _text(payload: Payload) -> str:
    """Decode a file. Older files of BLS have place names in Latin-1."""
    try:
        return payload.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.body.decode("latin-1")
