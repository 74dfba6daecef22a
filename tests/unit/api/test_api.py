"""The package that plugin authors import from is complete, and cheap to import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import statpipe.api
from statpipe.api import hookspecs

SOURCE = Path(statpipe.api.__file__)
HEAVY = ("pyarrow", "httpx", "duckdb", "numpy", "obstore", "psycopg", "boto3", "rich", "cattrs")


def imported():
    """The names that the package's own text imports."""
    tree = ast.parse(SOURCE.read_text())
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_every_listed_name_exists_and_is_listed_once():
    names = statpipe.api.__all__
    assert len(names) == len(set(names))
    assert set(names) == imported()
    assert not [name for name in names if not hasattr(statpipe.api, name)]


def test_names_are_sorted_constants_then_classes_then_functions():
    def kind(name):
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert statpipe.api.__all__ == sorted(statpipe.api.__all__, key=kind)


def test_every_public_name_of_the_package_is_listed():
    """Roles, events and declarations alike; what makes the hooks themselves is the engine's."""
    for path in sorted(SOURCE.parent.glob("*.py")):
        if path.stem in {"__init__", "hookspecs", "markers"}:
            continue
        public = [
            node.name
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
        ]
        assert set(public) <= set(statpipe.api.__all__), path.name


def test_every_name_has_a_docstring():
    silent = [
        name
        for name in statpipe.api.__all__
        if isinstance(getattr(statpipe.api, name), type)
        and not (getattr(statpipe.api, name).__doc__ or "").strip()
    ]
    assert not silent


@pytest.mark.parametrize("module", ["statpipe.api", hookspecs.__name__])
def test_importing_the_package_loads_nothing_heavy(module):
    code = f"import {module}, sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())
