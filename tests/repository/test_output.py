"""Whatever a command writes passes through the one place that makes it safe."""

import ast
from pathlib import Path

import pytest

CLI = Path(__file__).parents[2] / "src" / "statpipe" / "cli"
ALONE = ("terminal.py", "app.py")
"""The second writes before any command, and after it."""
MODULES = sorted(CLI.glob("*.py"))


def writes(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id == "print":
                yield node.lineno
            if isinstance(function, ast.Attribute) and function.attr in {"write", "writelines"}:
                on = function.value
                if isinstance(on, ast.Attribute) and on.attr in {"stdout", "stderr"}:
                    yield node.lineno
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich.console"):
            yield node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_but_the_terminal_writes_to_an_output(path):
    if path.name not in ALONE:
        assert list(writes(ast.parse(path.read_text()))) == []
