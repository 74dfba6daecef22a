"""``statpipe sdmx``: find a flow and its key without leaving the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

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
    "structure": "Show the dimensions of a flow in the order of its key, or find codes.",
    "key": "Print the lines that configure a flow, ready to paste into statpipe.toml.",
}.items():
    app.command(f"{__name__}:{_name_of}", name=_name_of, help=_help)

Version = Literal["2.1", "3.0"]

_FEW = 4
"""More frequencies are as good as all."""

_SHOWN = 8
"""How many codes of a dimension are shown."""


def services(*words: str, json_: bool = False) -> int:
    """
    List the services that statpipe knows by name.

    Parameters
    ----------
    words
        Words that all stand in a service's line.
    json_
        Write JSON.
    """
    rows = [
        {"service": name, "house": one.name, "sdmx": one.version, "url": one.url}
        for name, one in sorted(known().items())
    ]
    rows = [row for row in rows if _has(words, " ".join(row.values()))]
    if not rows:
        msg = f"no known service has {' and '.join(words)}; for any other, give its URL"
        raise NoData(msg)
    return _tell(rows, json_=json_)


def flows(
    service: str, *words: str, rest: Version = "2.1", fresh: bool = False, json_: bool = False
) -> int:
    """
    List the data flows of a service.

    Parameters
    ----------
    service
        A known service, such as ECB, or the URL of another.
    words
        Words that all stand in a flow's identifier or title.
    rest
        Version of the interface at a URL.
    fresh
        Ask the service, also where its answer of the last day is kept.
    json_
        Write JSON.
    """
    rows = [
        {"flow": one.id, "agency": one.agency, "version": one.version, "title": one.name}
        for one in flows_in(_asked(service, "", rest, fresh=fresh))
        if _has(words, f"{one.id} {one.name}")
    ]
    if not rows:
        what = f" with {' and '.join(words)}" if words else ""
        raise NoData(f"service {service} has no flow{what}; try fewer or other words")
    return _tell(rows, json_=json_)


def structure(
    service: str,
    flow: str,
    *words: str,
    rest: Version = "2.1",
    fresh: bool = False,
    json_: bool = False,
) -> int:
    """
    Show the dimensions of a flow in the order of its key with their first codes, or find codes.

    Parameters
    ----------
    service
        A known service, such as ECB, or the URL of another.
    flow
        Identifier of the data flow, such as EXR.
    words
        Words that all stand in a code, its name or its dimension: only such codes are listed.
    rest
        Version of the interface at a URL.
    fresh
        Ask the service, also where its answer of the last day is kept.
    json_
        Write JSON, with all codes.
    """
    found = read_structure(_asked(service, flow, rest, fresh=fresh), flow=flow)
    if words:
        return _tell(_found(found, words), json_=json_)
    rows: list[dict[str, Any]] = [
        {"dimension": one.id, "title": one.name, "codes": _codes(one, json_=json_)}
        for one in found.dimensions
    ]
    return _tell(rows, json_=json_)


def key(
    service: str,
    flow: str,
    *wanted: str,
    rest: Version = "2.1",
    fresh: bool = False,
    json_: bool = False,
) -> int:
    """
    Print the lines that configure a flow, ready to paste into statpipe.toml.

    Parameters
    ----------
    service
        A known service, such as ECB, or the URL of another.
    flow
        Identifier of the data flow, such as EXR.
    wanted
        Codes by dimension, such as CURRENCY=USD+GBP; the others are left open.
    rest
        Version of the interface at a URL.
    fresh
        Ask the service, also where its answer of the last day is kept.
    json_
        Write JSON.
    """
    found = read_structure(_asked(service, flow, rest, fresh=fresh), flow=flow)
    names = [one.id for one in found.dimensions]
    series = _key(flow, names, wanted)
    asked = selection_of(found, found.area(), series)  # refuses codes that are in no list
    is_url = "://" in service
    lines = {"use": "sdmx", "url" if is_url else "service": service}
    lines |= {"rest": rest} if is_url and rest != "2.1" else {}
    lines |= {"flow": flow, "key": series}
    frequencies = "".join(asked.where.get("freq", ()))
    lines |= {"freq": frequencies} if 0 < len(frequencies) <= _FEW else {}
    if json_:
        told = {"name": _name(flow), "dimensions": names, **lines}
        sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        return 0
    sys.stdout.write(f"# {_printable(found.name)}; the key is {'.'.join(names)}\n")
    sys.stdout.write(f"[sources.{_name(flow)}]\n")
    sys.stdout.writelines(f'{name} = "{text}"\n' for name, text in lines.items())
    return 0


def _key(flow: str, names: Sequence[str], wanted: Iterable[str]) -> str:
    """Return the key of codes such as ``GEO=DE+FR``."""
    spelled, chosen = {name.upper(): name for name in names}, {}
    for name, _, codes in (one.partition("=") for one in wanted):
        if name.upper() not in spelled:
            raise ConfigError(f"flow {flow} has no dimension {name!r}{nearest(name, names)}")
        if not codes:
            msg = f"{name} has no codes; write them as {name}=CODE, or {name}=ONE+OTHER"
            raise ConfigError(msg)
        chosen[spelled[name.upper()]] = codes
    return ".".join(chosen.get(name, "") for name in names)


def _found(structure: Structure, words: Sequence[str]) -> list[dict[str, str]]:
    rows = [
        {"dimension": one.id, "code": code.code, "title": code.name}
        for one in structure.dimensions
        for code in one.codes
        if _has(words, f"{one.id} {code.code} {code.name}")
    ]
    if not rows:
        what = " and ".join(words)
        raise NoData(f"flow {structure.flow} has no code with {what}; try fewer or other words")
    return rows


def _has(words: Iterable[str], text: str) -> bool:
    return all(word.casefold() in text.casefold() for word in words)


def _asked(service: str, flow: str, rest: Version, *, fresh: bool) -> Payload:
    """Request a flow's structure or all flows from a service, or reuse an answer of today."""
    from statpipe_sdmx.source import SdmxSource

    is_address = "://" in service
    if not is_address:
        service_named(service, "the service")
    settings = SdmxSettings(
        service="" if is_address else service,
        url=service if is_address else "",
        rest=rest,
        flow=flow or "all",
        environment=Environment(name="local", home=Path.cwd()),
    )
    source = SdmxSource(settings)
    ask = (lambda: source.structure_of(flow)) if flow else source.all_flows
    version = f" {rest}" if is_address and rest != "2.1" else ""
    try:
        return kept(f"{source.url}{version} {flow}", ask, fresh=fresh)
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
    """Return a text without control characters, which would act on the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
