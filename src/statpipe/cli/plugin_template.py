"""Templates of plugins: layers of files, in which later layers replace files of earlier ones."""

from __future__ import annotations

import re
import shutil
import socket
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import distribution
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from statpipe.api import ConfigError
from statpipe.engine.site.host_bound import HOST, next_incompatible, this_minor

Role = Literal["source", "normalizer", "check", "model", "sink", "lake", "notifier"]

_SUFFIX = ".template"
_USE = "use.md.template"
_UNDER: Mapping[Role, tuple[str, ...]] = {"source": ("normalizer",)}
_NEEDS: Mapping[Role, tuple[str, ...]] = {"sink": ("duckdb>=1.4",)}
_FIRST_PORT, _PORTS = 10_000, 10_000
"""Below the ports that systems use for outgoing connections."""


def distribution_of(name: str) -> str:
    """
    Return the name of the distribution of a plugin, and of its folder.
    """
    return f"statpipe-{name.replace('_', '-')}"


def write_plugin(name: str, role: Role, folder: Path) -> None:
    """
    Write a new plugin into a folder that does not exist yet.

    :raises ConfigError: The folder cannot be written.
    """
    try:
        for path, text in plugin_files(name, role).items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # an incomplete plugin is useless
        msg = f"{folder} cannot be written ({error.strerror}); name another folder with --into"
        raise ConfigError(msg) from None


def plugin_files(name: str, role: Role) -> dict[str, str]:
    """
    Return the files of a new plugin: path -> text.
    """
    words = name.split("_")
    answers = {
        "name": name,
        "role": role,
        "package": f"statpipe_{name}",
        "distribution": distribution_of(name),
        "prefix": "".join(word.capitalize() for word in words),
        "variable": name.upper(),
        "title": " ".join(words).capitalize(),
        "needs": _lines_of_needs(role),
        "since": this_minor(),
        "below": next_incompatible(),
        "port": str(_free_port(name)),
    }
    with as_file(files("statpipe.cli") / "templates") as templates:
        texts = _texts(templates, role, answers)
    licence = distribution(HOST).read_text("licenses/LICENSE") or ""
    return {**texts, "LICENSE": licence}


def _texts(templates: Path, role: Role, answers: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file."""
    found: dict[str, str] = {}
    for layer in ("shared", *_UNDER.get(role, ()), role):
        for path in sorted((templates / layer).rglob("*")):
            if path.is_file() and path.name != _USE:
                name = _filled(str(path.relative_to(templates / layer)), answers)
                found[name.removesuffix(_SUFFIX)] = path.read_text(encoding="utf-8")
    use = (templates / role / _USE).read_text(encoding="utf-8").rstrip()
    more = {**answers, "use": _filled(use, answers), "files": "\n".join(_described(found, answers))}
    return {name: _filled(text, more) for name, text in found.items()}


def _described(texts: Mapping[str, str], answers: Mapping[str, str]) -> Iterator[str]:
    """Return the purpose of each module: the first line of its docstring."""
    for name, text in sorted(texts.items()):
        docstring = re.match(r'"""\s*(.+?)(?:""")?$', text, re.MULTILINE)
        if docstring and not name.endswith("__init__.py"):
            yield f"| `{name}` | {_filled(docstring[1], answers).rstrip('.')} |"


def _filled(text: str, answers: Mapping[str, str]) -> str:
    return re.sub(r"{{ (\w+) }}", lambda found: answers[found[1]], text)


def _lines_of_needs(role: Role) -> str:
    needs = sorted(("attrs>=25.1", "pyarrow>=21", *_NEEDS.get(role, ())))
    return "\n".join(f'  "{one}",' for one in needs)


def _free_port(name: str) -> int:
    """Find a free port for the fake agency, usually the same for the same name."""
    first = zlib.crc32(name.encode())
    for number in range(first, first + _PORTS):
        port = _FIRST_PORT + number % _PORTS
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port
    return _FIRST_PORT
