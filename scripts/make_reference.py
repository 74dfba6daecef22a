"""Write docs/reference/ and the list of decisions, out of what they are about.

python scripts/make_reference.py            # write the pages
python scripts/make_reference.py --check    # exit 1 if one is not up to date
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from inspect import get_annotations
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from statpipe import api, testing
from statpipe.api import hookspecs, http
from statpipe.api.component import FILLED_IN
from statpipe.cli.app import make_app
from statpipe.cli.commands import COMMANDS, GROUPS
from statpipe.engine.site.registry import Offer, Registry
from statpipe_sdmx.service import Service
from statpipe_sdmx.service import known as known_services

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
COMMAND = "make reference"
MADE = f"This page is made by `{COMMAND}` out of the code; edit that, not the page.\n"
ROLES = {
    "source": "Source",
    "normalizer": "Normalizer",
    "check": "Check",
    "sink": "Sink",
    "notifier": "Notifier",
}

NARROWER = ("RowNormalizer", "Lake", "Database")
"""Roles that are a role and more."""

VALUES = (
    "Dataset", "Area", "Category", "Dimension", "Code", "Agreement", "Selection", "Vintage", "Payload", "Snapshot",
    "CheckResult", "Model", "Column", "Partition", "Part", "PartitionKey", "Receipt", "Diagnosis",
)  # fmt: skip
FUNCTIONS = ("exact", "undated", "reading", "observations_from_rows", "selected", "nearest")
ERRORS = (
    "Unavailable",
    "Rejected",
    "NoData",
    "ContentError",
    "ConfigError",
    "PluginError",
    "Locked",
)
PERIODS = """## Periods

| `freq` | frequency | `time_period` |
|---|---|---|
| `A` | year | `2023` |
| `S` | half-year | `2023-S1` |
| `Q` | quarter | `2023-Q1` |
| `T` | third of a year | `2023-T1` |
| `M` | month | `2023-05` |
| `W` | week (ISO) | `2023-W05` |
| `D` | day | `2023-05-31` |
| `B` | business day, Monday to Friday | `2023-05-31` |
| `H` | hour | `2023-05-31T10:00:00` |
| `I`, `N` | minute | `2023-05-31T10:05:00` |

A period may have any common spelling, such as `2023M05`, `2023-05Z` or, if it is such a period,
`2023-05-01/P1M`. It is stored in the form of this table.
"""
STATUSES = """## Why a figure is special

`obs_status` is a code of SDMX CL_OBS_STATUS. Those that agencies need most:

| code | meaning | figure |
|---|---|---|
| `A` | normal | given |
| `P` | provisional | given |
| `E` | estimated | given |
| `B` | break in the series | given |
| `Q` | suppressed, confidential | empty |
| `N` | not significant | empty or given |
| `O` | missing | empty |
| `M` | cannot exist | empty |

A symbol that the agency prints with or instead of a figure goes into `source_symbol` unchanged (`r`,
`(D)`), and the text of its footnotes into `notes`. "Revised" is not a status, because the history
shows it.

## Values
"""


def main() -> None:
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 if a page is out of date")
    check = parser.parse_args().check
    for name, text in pages().items():
        page = DOCS / name
        if not check:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            sys.exit(f"{page.relative_to(ROOT)} is out of date; run `{COMMAND}`")


def pages() -> dict[str, str]:
    """
    Return the pages by the names of their files.
    """
    return {
        "reference/commands.md": commands(),
        "reference/hooks.md": hooks(),
        "reference/settings.md": settings(),
        "reference/client.md": client(),
        "reference/sdmx-services.md": sdmx_services(),
        "reference/types.md": types(),
        "decisions/index.md": decisions(),
    }


def commands() -> str:
    """
    Return the page of the command line.
    """
    text = make_app().generate_docs(output_format="markdown", recursive=True)
    text = re.sub(r"## Table of Contents\n.*?(?=\*\*Commands)", "", text, flags=re.DOTALL)
    for name, example in _examples():
        heading = rf"(#+ statpipe {name}\n\n```console\n.*?\n```\n\n.*?\n)"
        text = re.sub(heading, rf"\1\nExample: `{example}`\n", text, count=1, flags=re.DOTALL)
    text = text.replace("```console", "```text").replace("# statpipe\n", f"# Commands\n\n{MADE}", 1)
    return text.rstrip() + "\n"


def _examples() -> Iterator[tuple[str, str]]:
    for name, command in COMMANDS.items():
        yield name, "statpipe " + command.example
    for group, (_, commands_of) in GROUPS.items():
        for name, command in commands_of.items():
            yield f"{group} {name}", "statpipe " + command.example


def hooks() -> str:
    """
    Return the page of what can be extended.
    """
    parts = ["# Hooks, roles and events\n", MADE, _markdown(inspect.getdoc(hookspecs) or "")]
    named = [name for name in vars(hookspecs) if name.startswith("statpipe_")]
    parts += ["## Hooks\n", *(_hook(name) for name in named)]
    parts += ["## Roles\n", *(_role(getattr(api, name)) for name in (*ROLES.values(), *NARROWER))]
    events = [item for name, item in vars(hookspecs).items() if _is_event(item)]
    parts += ["## Events\n", *(_fields(event) for event in events)]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def settings() -> str:
    """
    Return the page of what can be configured.
    """
    parts = [
        "# Settings\n",
        MADE,
        "What each means for the reader of figures is told in [Configuration](../configuration.md).\n",
    ]
    parts += [_settings(offer) for offer in own_offers() if offer.role != "model"]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def client() -> str:
    """
    Return the page of how a source asks its agency.
    """
    parts = [
        "# Asking an agency\n",
        MADE,
        "All of this comes from `statpipe.api.http`. The [tutorial](../tutorial.md) shows it at work.\n",
        _role(http.ClientSource),
        _role(http.Client).replace("*may be written.* ", ""),
        *(_fields(one, defaults=True) for one in (http.Credential, http.Limits, http.Patience)),
        _fields(http.Answer, defaults=True),
        _members(http.Answer).replace("*may be written.* ", ""),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


_SERVICES = """`service` in a source that uses [`sdmx`](../sdmx.md) may be one of these. The page is the file `services.toml` of
statpipe-sdmx, line by line; a service that is not in it is named by its address.

Of every service, statpipe sends back `ETag` and `Last-Modified`, where it gives them with data, and asks in parts for what is
too much at once.
"""
_NOT_TRIED = """
The addresses and ways are those that public clients and the houses' pages name. They were not tried against the services
themselves.
"""


def sdmx_services() -> str:
    """
    Return the page of the SDMX services that are known by name, with all that is said of each.
    """
    known = sorted(known_services().items())
    rows = [
        (f"[`{name}`](#{name.lower()})", one.name, one.version, ", ".join(one.formats))
        for name, one in known
    ]
    parts = [
        "# SDMX services\n",
        MADE,
        _SERVICES,
        "\n".join(_table(("service", "house", "SDMX", "formats, best first"), rows)),
        _NOT_TRIED,
        *(_house(name, one) for name, one in known),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _house(name: str, service: Service) -> str:
    lines = [f"## {name}\n", f"{service.name}, <{service.url}>\n"]
    return "\n".join([*lines, *(f"- {line}" for line in _ways(service))])


def _ways(service: Service) -> Iterator[str]:
    """Give a line for each thing that is said of a service."""
    yield f"Flows belong to `{service.agency}`" + (
        f"; structures are asked for under `{service.structures_of}`, and data under the name of their owner."
        if service.structures_of
        else "."
    )
    if service.structures_at:
        yield f"Structures lie under `{service.structures_at}`."
    if service.updated:
        yield f"Says when a flow was updated, in the annotation `{service.updated}`: one small request tells."
    if service.deltas:
        yield "Serves `updatedAfter`: says whether anything has changed since a time."
    if service.history:
        yield "Keeps its history: `statpipe backfill SOURCE` without `--from-archive` loads all earlier vintages."
    if service.delayed:
        yield "May make a large answer later: statpipe waits for it, half an hour at most."
    for most, span in service.requests:
        yield f"Allows {most} requests in {span} s; what earlier runs asked counts, too."
    if service.slash:
        yield "Addresses of data end with a slash."
    if service.parameters:
        asked = ", ".join(f"`{name}={value}`" for name, value in service.parameters.items())
        yield f"Data are asked for with {asked}."


def types() -> str:
    """
    Return the page of the values that plugins make and get.
    """
    parts = [
        "# Data types\n",
        MADE,
        "All of them come from `statpipe.api`, and are frozen: `attrs.evolve` makes a changed copy.\n",
        PERIODS,
        STATUSES,
        *(_value(getattr(api, name)) for name in VALUES),
        "## Functions\n",
        *(_function(getattr(api, name)) for name in FUNCTIONS),
        "## A credential\n",
        _role(api.Secret).replace("*may be written.* ", ""),
        "## Errors\n",
        *(_error(getattr(api, name)) for name in ERRORS),
        "## For tests\n",
        "From `statpipe.testing`; [Testing plugins](../testing-plugins.md) says how they are used.\n",
        *(_fields(getattr(testing, name), defaults=True) for name in ("Request", "Answer")),
        _role(testing.LocalAgency).replace("*may be written.* ", ""),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def decisions() -> str:
    """
    Return the list of decisions, oldest first.
    """
    lines = [
        "# Decisions",
        "",
        "What was decided and why, each as it was seen at the time.",
        "",
        MADE,
    ]
    for page in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({page.name})")
    return "\n".join(lines) + "\n"


def own_offers() -> list[Offer]:
    """
    Return what this repository's plugins offer, in the order of roles and names.
    """
    ours = {folder.parent.name for folder in (ROOT / "plugins").glob("*/pyproject.toml")}
    found = [offer for offer in Registry.installed().offers if offer.distribution in ours]
    return sorted(found, key=lambda offer: (offer.role, offer.name))


def _hook(name: str) -> str:
    function = getattr(hookspecs, name)
    return f"### `{name}{_signature(function)}`\n\n{_markdown(inspect.getdoc(function) or '')}\n"


def _role(role: type) -> str:
    return f"### `{role.__name__}`\n\n{_markdown(inspect.getdoc(role) or '')}\n\n{_members(role)}"


def _attributes(role: type) -> Iterator[str]:
    """What a role has beside its methods: the text below each stands in the source alone."""
    (tree,) = ast.parse(inspect.getsource(role)).body
    assert isinstance(tree, ast.ClassDef)
    for node, below in itertools.pairwise(tree.body):
        if isinstance(node, ast.AnnAssign) and isinstance(below, ast.Expr):
            must = "may" if node.value else "must"
            text = ast.literal_eval(below.value)
            shown = ast.unparse(node)
            yield f"#### `{shown}`\n\n*{must} be written.* {_markdown(inspect.cleandoc(text))}\n"


def _members(role: type) -> str:
    parts = [*_attributes(role)]
    for name, member in vars(role).items():
        function = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        must = getattr(member, "__isabstractmethod__", False)
        kind = "must be written" if must else "may be written"
        shown = name if isinstance(member, property) else f"{name}{_signature(function)}"
        parts.append(f"#### `{shown}`\n\n*{kind}.* {_markdown(inspect.getdoc(function) or '')}\n")
    return "\n".join(parts)


def _fields(item: type, *, defaults: bool = False) -> str:
    fields = attrs.fields(item)
    # As they are written: the fields' own types change once cattrs has read a value of the class.
    written = {n: kind for c in reversed(item.__mro__) for n, kind in get_annotations(c).items()}
    rows: list[tuple[str, ...]] = [(f"`{f.alias}`", _code(written[f.name])) for f in fields]
    names: tuple[str, ...] = ("field", "type")
    if defaults:
        rows = [(*row, _default(f)) for row, f in zip(rows, fields, strict=True)]
        names = (*names, "default")
    head = f"### `{item.__name__}`\n\n{_markdown(inspect.getdoc(item) or '')}\n"
    return head + "\n" + "\n".join(_table(names, rows)) + "\n"


def _value(item: type) -> str:
    """Give the fields of a value, and what can be asked of it."""
    asked = _members(item).replace("*may be written.* ", "")
    return _fields(item, defaults=True) + (f"\n{asked}" if asked else "")


def _function(function: Any) -> str:
    text = _markdown(inspect.getdoc(function) or "")
    return f"### `{function.__name__}{_signature(function)}`\n\n{text}\n"


def _error(error: type[api.StatpipeError]) -> str:
    text = _markdown(inspect.getdoc(error) or "")
    return f"### `{error.__name__}` (exit {error.exit_code})\n\n{text}\n"


def _settings(offer: Offer) -> str:
    made = offer.item.settings
    table = "checks" if offer.role == "check" else f"{offer.role}s"
    head = f"## `{table}.{offer.name}`\n\n{offer.item.summary}. From {offer.distribution}.\n"
    hints = get_type_hints(made)
    rows = [
        (f"`{field.name}`", _code(hints[field.name]), _default(field))
        for field in attrs.fields(made)
        if field.name not in FILLED_IN
    ]
    if not rows:
        return f"{head}\nNothing to set.\n"
    text = _markdown(inspect.getdoc(made) or "")
    return f"{head}\n{text}\n\n" + "\n".join(_table(("setting", "type", "default"), rows)) + "\n"


def _default(field: Any) -> str:
    value = field.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        value = value.factory() if not value.takes_self else attrs.NOTHING
    if value is attrs.NOTHING:
        return "must be set"
    if isinstance(value, tuple | list):
        return ", ".join(f"`{one}`" for one in value) or "none"
    if value == "":
        return '`""`'
    if value is None:
        reference = field.metadata.get("variable")
        return f"`${{{reference}}}`" if reference else "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _is_event(item: object) -> bool:
    return isinstance(item, type) and attrs.has(item) and item.__module__ == "statpipe.api.events"


def _signature(function: Any) -> str:
    found = inspect.signature(function)
    kept = [parameter for parameter in found.parameters.values() if parameter.name != "self"]
    # Annotations are texts here, which Python shows in quotes; a default is one that keeps them.
    shown = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(found.replace(parameters=kept)))
    return shown.replace("'", '"')


def _code(kind: object) -> str:
    return f"`{_kind(kind)}`".replace("|", "\\|")


def _kind(kind: object) -> str:
    if isinstance(kind, str):
        return kind
    if kind is type(None):
        return "None"
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(f'"{part}"' for part in parts)
    if origin in {Union, UnionType}:
        return " | ".join(map(_kind, parts))
    if origin is not None:
        inner = ", ".join("..." if part is Ellipsis else _kind(part) for part in parts)
        return f"{origin.__name__}[{inner}]"
    return getattr(kind, "__name__", str(kind))


def _markdown(text: str) -> str:
    """Turn the little reStructuredText of docstrings into Markdown."""
    text = re.sub(r":(?:class|meth|data|func):`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    text = re.sub(r":raises (\w+): ", r"\n*Raises* `\1`: ", text)
    text = text.replace("``", "`").replace("::\n", ":\n")
    return re.sub(r"\.\. code-block:: (\w+)\n\n((?:    .*\n?|\n)+)", _fenced, text)


def _fenced(match: re.Match[str]) -> str:
    code = inspect.cleandoc(match[2])
    return f"```{match[1]}\n{code}\n```\n"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = tuple(heads)
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    main()
