"""Every command that a message or a page advises is one that can be typed as it stands.

Words in capitals, such as SOURCE, stand for what the reader knows; so does what a message fills in. In a
sentence of a page or of a docstring, `statpipe run` alone is the command's name. A message advises.
"""

from __future__ import annotations

import ast
import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts.exceptions import CycloptsError

from statpipe.cli.app import execute, make_app

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
    *sorted((ROOT / "src").rglob("*.md.jinja")),
]
SOURCES = [
    path
    for folder in (
        "src",
        "provisioning",
        "scripts",
        *(f"plugins/{p.name}/src" for p in (ROOT / "plugins").iterdir()),
    )
    for path in sorted((ROOT / folder).rglob("*.py"))
]
QUOTED = re.compile(r"`((?:statpipe|make) [^`\n]+)`")
APP = make_app()
COMMAND_NAMES = "|".join(name for name in APP if not name.startswith("-"))
BARE = re.compile(
    rf"(?:\b(?:run|say) |^ +(?=statpipe))((?:statpipe (?:{COMMAND_NAMES})|make [a-z-]+)\b[^`\n;,()]*)",
    re.MULTILINE,
)
FILLED_IN = "FILLED_IN"
NEED_A_SOURCE = ("run", "plan", "ingest", "transform")
"""They parse without one, and then say that no source is named."""
HARMLESS = ("doctor", "plugins list", "runs list", "show")


def strings(path: Path) -> Iterator[tuple[bool, str]]:
    """Every text of a module, with whether it is a docstring; what is filled in has a name."""
    left: list[ast.AST] = [ast.parse(path.read_text())]
    while left:
        node = left.pop()
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield True, text
            case ast.Constant(value=str(text)):
                yield False, text
            case ast.JoinedStr(values=parts):
                texts = (str(p.value) if isinstance(p, ast.Constant) else FILLED_IN for p in parts)
                yield False, "".join(texts)
            case _:
                left.extend(ast.iter_child_nodes(node))


def advised() -> Iterator[tuple[str, str, bool]]:
    """Each command, where it is, and whether it may be just a name."""
    for path in SOURCES:
        for is_docstring, text in strings(path):
            found = QUOTED.findall(text) + ([] if is_docstring else BARE.findall(text))
            yield from ((str(path.relative_to(ROOT)), one, is_docstring) for one in found)
    for page in PAGES:
        text = page.read_text()
        blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL)
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        where = str(page.relative_to(ROOT))
        yield from ((where, one, True) for one in QUOTED.findall(prose))
        for line in "\n".join(blocks).splitlines():
            match = re.search(r"(?:^|&& |\bbin/)((?:statpipe|make) [^#|>&]+)", line)
            if match:
                yield where, match[1], False


def words_of(command: str) -> list[str]:
    command = re.sub(r"\{\{.*?\}\}", FILLED_IN, command)
    words = (re.sub(r"\.\.\.$", "", word) for word in shlex.split(command))
    return [re.sub(r"^([a-z]+)\|[a-z|]+$", r"\1", word) for word in words if word]


@functools.cache
def commands() -> list[tuple[str, str, bool]]:
    return sorted(set(advised()))


def test_there_are_commands_of_every_kind():
    assert len(commands()) > 80
    assert {command.split()[0] for _, command, _ in commands()} == {"statpipe", "make"}
    assert any(FILLED_IN in command for _, command, _ in commands())


def test_every_advised_command_is_valid():
    wrong = {(where, command): why_not(command, bare) for where, command, bare in commands()}
    assert {where: why for where, why in wrong.items() if why} == {}


def why_not(command: str, may_be_a_name: bool) -> str:
    """Say why a command cannot be typed as it stands, if it cannot."""
    program, *words = words_of(command)
    if program == "make":
        return ", ".join(unknown_to_make(words))
    if may_be_a_name and is_name_of_a_command(words):
        return ""
    try:
        APP.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return str(error)
    named = "--all" in words or (len(words) > 1 and not words[1].startswith("-"))
    if words[0] in NEED_A_SOURCE and not named and words[1:2] != ["--help"]:
        return "it names no source"
    return ""


def is_name_of_a_command(words):
    app = APP
    for word in words:
        if word not in app:
            return False
        app = app[word]
    return True


def unknown_to_make(words: list[str]) -> Iterator[str]:
    makefile = (ROOT / "Makefile").read_text()
    # make hands variables on to the scripts that it calls.
    scripts = "".join(path.read_text() for path in (ROOT / "scripts").glob("*.py"))
    for word in words:
        variable, is_set, _ = word.partition("=")
        known = (rf"\b{variable}\b", makefile + scripts) if is_set else (rf"^{word}:", makefile)
        if not re.search(*known, re.MULTILINE):
            yield word


@pytest.mark.parametrize("command", HARMLESS)
def test_advised_commands_that_change_nothing_run(command, tmp_path, monkeypatch, capsys):
    assert any(f"statpipe {command}" in one for _, one, _ in commands())
    (tmp_path / "statpipe.toml").write_text("[environments.local.sinks.lake]\n")
    monkeypatch.chdir(tmp_path)
    assert execute(command.split()) == 0
    assert capsys.readouterr().out
