"""What differs from process to process: the order of a set, and the hash of a text. And whom one trusts.

A source cannot be sent to another process, since the agency lives in this one. So its code is read instead.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator

from statpipe.api import Source
from statpipe.testing.author import is_library
from statpipe.testing.source_contract.fixtures import SourceFixtures
from statpipe.testing.wording import broken

_SETS = {"set", "frozenset"}
_IN_ORDER = {"enumerate", "iter", "list", "map", "next", "tuple", "zip"}
_TRUST_ANYBODY = {"CERT_NONE", "_create_unverified_context"}
_REMEDY = (
    "sort a set, or take a tuple; take a hash of hashlib; let certificates be verified: payloads, names and tokens "
    "have to be the same in each process, and the agency's own"
)


class Steady(SourceFixtures):
    """
    What differs from process to process: the order of a set, and the hash of a text.
    """

    def test_nothing_depends_on_the_hashes_of_one_process(
        self, make_source: Callable[[], Source]
    ) -> None:
        """The next run is another process, in which a set has another order."""
        source = make_source()
        kinds = type(source).__mro__
        source.close()
        for name in sorted({kind.__module__ for kind in kinds}):
            module = sys.modules[name]
            file = getattr(module, "__file__", None)
            if file is None or is_library(file):
                continue
            for line, what in unsteady(inspect.getsource(module)):
                broken(f"{file}, line {line}: {what}", _REMEDY)


def unsteady(code: str) -> Iterator[tuple[int, str]]:
    """
    Find what goes through a set in the order of its hashes, calls of ``hash()``, and certificates that are not verified.
    Give the line, and what it is.
    """
    tree = ast.parse(code)
    named = {
        target.id
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign) and _is_set(one.value, set())
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.Call) and _called(one) == "hash":
            yield one.lineno, "hash() of a text differs from process to process"
        if isinstance(one, ast.keyword) and one.arg == "verify" and _is_false(one.value):
            yield one.value.lineno, "verify=False lets anybody read the key and change figures"
        if isinstance(one, ast.Attribute) and one.attr in _TRUST_ANYBODY:
            yield one.lineno, f"{one.attr} lets anybody read the key and change figures"
        for thing in _gone_through(one):
            if _is_set(thing, named):
                yield thing.lineno, "a set has another order in each process"


def _gone_through(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.For):
        return [node.iter]
    if isinstance(node, ast.ListComp | ast.DictComp):
        return [part.iter for part in node.generators]
    if isinstance(node, ast.Call) and _called(node) in _IN_ORDER | {"join"}:
        return [*node.args, *(one.value for one in node.args if isinstance(one, ast.Starred))]
    return [node.value] if isinstance(node, ast.YieldFrom) else []


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return "join" if isinstance(node.func, ast.Attribute) and node.func.attr == "join" else ""


def _is_set(node: ast.expr, named: set[str]) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        return _called(node) in _SETS
    return isinstance(node, ast.Name) and node.id in named
