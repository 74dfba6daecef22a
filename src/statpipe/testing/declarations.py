"""Contract tests of a plugin's declarations, which need nothing from its author."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from statpipe.api import Component, Model
from statpipe.api.component import FILLED_IN
from statpipe.domain.history import history_schema
from statpipe.domain.printed import exact_type
from statpipe.testing.model_contract import (
    given_columns,
    has_its_columns,
    problems_with_declaration,
)
from statpipe.testing.wording import broken

if TYPE_CHECKING:
    import pyarrow as pa

HEAVY = (
    "aiohttp", "boto3", "botocore", "duckdb", "httpx", "lxml", "matplotlib", "numpy", "obstore",
    "openpyxl", "pandas", "polars", "psycopg", "pyarrow", "requests", "scipy", "sqlalchemy",
)  # fmt: skip
"""Modules that are slow to import: only a factory or its object may import them."""

_SUMMARY = 120
_SECONDS = 2.0
_DIMENSIONS = 8
_MISSING = re.compile(r'Referenced column "(\w+)" not found|does not have a column named "(\w+)"')
_SECRET = re.compile(r"(^|_)(key|token|password|secret|dsn)$")
_OFFER = """
import importlib, json, sys, time
begun = time.process_time()
module = importlib.import_module(sys.argv[1])
for name in dir(module):
    if name.startswith("statpipe_") and name in sys.argv[2].split(","):
        hook = getattr(module, name)
        list(hook(*[()] * hook.__code__.co_argcount))  # models may ask for the configured sources
print(json.dumps([time.process_time() - begun, sorted({m.partition(".")[0] for m in sys.modules})]))
"""
_HOOKS = (
    "statpipe_sources", "statpipe_normalizers", "statpipe_sinks", "statpipe_checks",
    "statpipe_models", "statpipe_notifiers",
)  # fmt: skip


@attrs.frozen(kw_only=True)
class Finding:
    """
    The result of a test: ``passed``, ``failed`` or ``not tested``, and the reason.
    """

    contract: str
    promise: str
    outcome: str
    message: str = ""
    roles: tuple[str, ...] = ()


def declared_well(
    module: str,
    components: Sequence[tuple[str, Component]],
    models: Sequence[Model],
    all_models: Sequence[Model],
    documentation: str,
) -> Iterator[Finding]:
    """
    Test everything that a plugin declares.

    *components* are pairs of role and component, *all_models* those of every plugin, since models may
    read one another. *documentation* is the text in which settings may be described.
    """
    yield _tried("offering costs next to nothing", lambda: _is_cheap(module))
    for role, component in components:
        what = f"{role} {component.name}"
        yield _tried(f"{what} has a summary", partial(_summary, component))
        yield _tried(
            f"{what} has settings that are described",
            partial(_settings, component, documentation),
        )
    for model in models:
        yield _tried(f"model {model.name} is described", partial(problems_with_declaration, model))
        yield _tried(
            f"model {model.name} runs on empty inputs and gives its columns",
            partial(_runs_on_nothing, model, all_models),
        )


def _tried(promise: str, look: Callable[[], object]) -> Finding:
    try:
        look()
    except pytest.fail.Exception as failure:
        return Finding(
            contract="declarations", promise=promise, outcome="failed", message=str(failure)
        )
    return Finding(contract="declarations", promise=promise, outcome="passed")


def _is_cheap(module: str) -> None:
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", _OFFER, module, ",".join(_HOOKS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        broken(f"loading {module} fails: {lines[-1]}", "make the module importable on its own")
    seconds, loaded = json.loads(done.stdout.splitlines()[-1])
    heavy = sorted(set(HEAVY) & set(loaded))
    if heavy:
        broken(
            f"loading {module} and calling its hooks imports {', '.join(heavy)}",
            "import it inside of the function that needs it, such as the factory: `statpipe --help` "
            "and `plugins list` load every plugin",
        )
    if seconds > _SECONDS:
        broken(
            f"loading {module} and calling its hooks takes {seconds:.1f} seconds",
            "offer declarations and do nothing else; work belongs into the factories",
        )


def _summary(component: Component) -> None:
    text = component.summary
    if not text.strip() or "\n" in text or len(text) > _SUMMARY:
        broken(
            f"the summary is {text!r}",
            f"say in one line of at most {_SUMMARY} characters what it is, for `plugins list`",
        )


def _settings(component: Component, documentation: str) -> None:
    if not attrs.has(component.settings):
        broken(
            f"settings is {component.settings!r}",
            "give an attrs class: @attrs.frozen(kw_only=True)",
        )
    docs = f"{component.settings.__doc__ or ''}\n{documentation}"
    for field in attrs.fields(component.settings):
        if field.name in FILLED_IN:
            continue
        if field.default is attrs.NOTHING:
            broken(
                f"the setting `{field.name}` has no default, so nothing works without configuration",
                "give it a default, and raise ConfigError in the factory if that is not enough",
            )
        if f"`{field.name}`" not in docs and f"``{field.name}``" not in docs:
            broken(
                f"the setting `{field.name}` is described nowhere",
                f"name it as ``{field.name}`` in the docstring of {component.settings.__name__}, or as "
                f"`{field.name}` in the distribution's README",
            )
        may_be_secret = _SECRET.search(field.name) and field.metadata.get("secret") is not False
        if may_be_secret and "Secret" not in str(field.type):
            broken(
                f"the setting `{field.name}` holds a credential as {getattr(field.type, '__name__', field.type)}",
                f"declare it as `{field.name}: Secret | None = secret('VARIABLE')`, so that it is "
                "printed as stars; if it holds none, declare it with `metadata={'secret': False}`",
            )


def _runs_on_nothing(model: Model, models: Sequence[Model]) -> None:
    """Run a model over empty inputs, those of its models having their declared columns."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "small": pa.int8(),
        "decimal": exact_type(),
        "double": pa.float64(),
        "date": pa.date32(),
    }
    by_name = {one.name: one for one in models}
    inputs: dict[str, pa.Table] = {}
    for name in model.inputs:
        if name in by_name:
            fields = [(c.name, types[c.type]) for c in by_name[name].columns]
            inputs[name] = pa.schema(fields).empty_table()
        else:
            inputs[name] = history_schema().empty_table()
    has_its_columns(model, _columns(model, inputs, by_name))


def _columns(
    model: Model, inputs: Mapping[str, Any], by_name: Mapping[str, Model]
) -> Sequence[tuple[str, str]]:
    """Ask DuckDB; what a source's history lacks may be a dimension of its datasets."""
    import pyarrow as pa

    tables = dict(inputs)
    for _ in range(_DIMENSIONS):
        try:
            return given_columns(model, tables)
        except pytest.fail.Exception as failure:
            missing = _MISSING.search(str(failure))
            name = next((one for one in missing.groups() if one), "") if missing else ""
            sources = [one for one in tables if one not in by_name]
            if name not in {column.name for column in model.columns} or not sources:
                raise
            for source in sources:
                table = tables[source]
                if name in table.column_names:
                    raise
                tables[source] = table.append_column(name, pa.array([], pa.string()))
    return given_columns(model, tables)
