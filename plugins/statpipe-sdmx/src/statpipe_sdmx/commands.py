"""``statpipe sdmx``: find a flow and its key without leaving the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cyclopts import App

from statpipe.api import ConfigError, Environment, NoData, Payload, nearest
from statpipe_sdmx.kept_answers import kept
from statpipe_sdmx.ml_structure import flows_in, read_structure
from statpipe_sdmx.selection import selection_of
from statpipe_sdmx.service import known, service_named
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.structure import Item, Structure

app = App(
    name="sdmx",
    help="Find a data flow of an SDMX service and print its configuration.",
    help_format="plaintext",
    result_action="return_value",
)

for _name_of, _help in {
    "services": "List the services that statpipe knows by name.",
    "flows": "List the data flows of a service.",
    "structure": "Show the dimensions of a flow in the order of its key, with their first codes.",
    "key": "Print the lines that configure a flow, ready to paste into statpipe.toml.",
}.items():
    app.command(f"{__name__}:{_name_of}", name=_name_of, help=_help)

_SHOWN = 8
"""How many codes of a dimension are shown."""


def services(*, json_: bool = False) -> int:
    """
    List the services that statpipe knows by name.

    Parameters
    ----------
    json_
        Write JSON.
    """
    rows = [
        {"service": name, "house": one.name, "sdmx": one.version, "url": one.url}
        for name, one in sorted(known().items())
    ]
    return _tell(rows, json_=json_)


def flows(service: str, *words: str, fresh: bool = False, json_: bool = False) -> int:
    """
    List the data flows of a service.

    Parameters
    ----------
    service
        A known service, such as ECB, or the address of another.
    words
        Words that all stand in a flow's identifier or title.
    fresh
        Ask the service, also where its answer of the last day is kept.
    json_
        Write JSON.
    """
    wanted = [word.casefold() for word in words]
    rows = [
        {"flow": one.id, "agency": one.agency, "version": one.version, "title": one.name}
        for one in flows_in(_asked(service, "", fresh=fresh))
        if all(word in f"{one.id} {one.name}".casefold() for word in wanted)
    ]
    if not rows:
        what = f" with {' and '.join(words)}" if words else ""
        raise NoData(f"service {service} has no flow{what}; try fewer or other words")
    return _tell(rows, json_=json_)


def structure(service: str, flow: str, *, fresh: bool = False, json_: bool = False) -> int:
    """
    Show the dimensions of a flow in the order of its key, with their first codes.

    Parameters
    ----------
    service
        A known service, such as ECB, or the address of another.
    flow
        Identifier of the data flow, such as EXR.
    fresh
        Ask the service, also where its answer of the last day is kept.
    json_
        Write JSON, with all codes.
    """
    found = _structure(service, flow, fresh=fresh)
    rows: list[dict[str, Any]] = [
        {"dimension": one.id, "title": one.name, "codes": _codes(one, json_=json_)}
        for one in found.dimensions
    ]
    return _tell(rows, json_=json_)


def key(service: str, flow: str, *wanted: str, fresh: bool = False) -> int:
    """
    Print the lines that configure a flow, ready to paste into statpipe.toml.

    Parameters
    ----------
    service
        A known service, such as ECB, or the address of another.
    flow
        Identifier of the data flow, such as EXR.
    wanted
        Codes by dimension, such as CURRENCY=USD+GBP; the others are left open.
    fresh
        Ask the service, also where its answer of the last day is kept.
    """
    found = _structure(service, flow, fresh=fresh)
    chosen = dict(one.partition("=")[::2] for one in wanted)
    names = [one.id for one in found.dimensions]
    for name, codes in chosen.items():
        if name not in names:
            raise ConfigError(f"flow {flow} has no dimension {name!r}{nearest(name, names)}")
        if not codes:
            msg = f"{name} has no codes; write them as {name}=CODE, or {name}=ONE+OTHER"
            raise ConfigError(msg)
    series = ".".join(chosen.get(name, "") for name in names)
    asked = selection_of(found, found.area(), series)  # refuses codes that are in no list
    frequencies = "".join(asked.where.get("freq", ()))
    place = "url" if "://" in service else "service"
    lines = (
        f"# {_printable(found.name)}; the key is {'.'.join(names)}",
        f"[sources.{_name(flow)}]",
        'use = "sdmx"',
        f'{place} = "{service}"',
        f'flow = "{flow}"',
        f'key = "{series}"',
        *([f'freq = "{frequencies}"'] if frequencies else []),
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _structure(service: str, flow: str, *, fresh: bool) -> Structure:
    return read_structure(_asked(service, flow, fresh=fresh), flow=flow)


def _asked(service: str, flow: str, *, fresh: bool) -> Payload:
    """Ask a service for a flow's structure, or for all its flows; or take what it has answered today."""
    from statpipe_sdmx.source import SdmxSource

    is_address = "://" in service
    if not is_address:
        service_named(service, "the service")
    settings = SdmxSettings(
        service="" if is_address else service,
        url=service if is_address else "",
        flow=flow or "all",
        environment=Environment(name="local", home=Path.cwd()),
    )
    source = SdmxSource(settings)
    ask = (lambda: source.structure_of(flow)) if flow else source.all_flows
    try:
        return kept(f"{source.url} {flow}", ask, fresh=fresh)
    finally:
        source.close()


def _codes(item: Item, *, json_: bool) -> Any:
    if json_:
        return {one.code: one.name for one in item.codes}
    listed = ", ".join(f"{one.code} {one.name}" for one in item.codes[:_SHOWN])
    more = f", and {len(item.codes) - _SHOWN:,} more" if len(item.codes) > _SHOWN else ""
    return f"{listed}{more}" if item.codes else "any"


def _name(flow: str) -> str:
    """Return a name for a source: lower-case letters, digits and underscores."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in flow.lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"flow_{plain}")[:40]


def _tell(rows: Sequence[dict[str, Any]], *, json_: bool) -> int:
    if json_:
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return 0
    for line in _lines(rows):
        sys.stdout.write(f"{line}\n")
    return 0


def _lines(rows: Sequence[dict[str, Any]]) -> Iterable[str]:
    names = list(rows[0])
    texts = [[_printable(str(row[name])) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *texts, strict=True)]
    for row in [names, *texts]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def _printable(text: str) -> str:
    """Texts of agencies must not act on a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
