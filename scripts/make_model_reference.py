"""Write docs/models.md: the reference of the Gold models, out of what their plugins declare.

    python scripts/make_model_reference.py            # write it
    python scripts/make_model_reference.py --check    # exit 1 if it is not up to date

Equal declarations give equal bytes. Models of plugins from elsewhere are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from statpipe.api import Column, Model
from statpipe.engine.site.registry import Registry

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "models.md"
COMMAND = "make reference"

INTRO = f"""\
# Gold models

The tables for analysts, as the plugins of this repository declare them. This page is made by `{COMMAND}`: edit the declarations,
not the page.

## How to read them

**Vintages.** A *vintage* is one release of a dataset, named by the date that the agency gives. No figure is ever overwritten: the
model `…_history` holds each one with the dates during which it was current. These are the agency's dates; only where
nobody dates a release (`basis` is `observed`) are they the days on which it was first seen.

| column | meaning |
|---|---|
| `vintage` | the release that set the figure: `2022-10-06`; a change under an unchanged date is `2022-10-06.02` |
| `realtime_start` | the first day on which the figure was the latest: the day of its release |
| `realtime_end` | the last day on which it was the latest; `9999-12-31` while it is |

Both days are inclusive. The figures that were current on a day are the rows with `DATE '2021-06-30' BETWEEN realtime_start AND realtime_end`. A
figure that was replaced under its own date gets an empty interval: it is kept, but was never current on any day.

**In PostgreSQL** the models are relations of the schema `gold`. A *table* is loaded; its grain is the primary key. A *view* is derived
from other models by the database itself, with the SQL below. In the SQL, `:as_of` stands for a day: the view is the latest state, and
a function beside it, `<name>_as_of(date)`, gives that of any day:

```sql
SELECT area_name, value FROM gold.pce_state_as_of(DATE '2021-06-30') WHERE category = 'SAPCE1:1' AND year = 2019;
```

**In the lake** every model, table or view, is the file `gold/<model>/part-0.parquet` in the folder of the environment, sorted by its
grain, with descriptions and units in its schema. Where `part-*.parquet` is named below, there are more files beside it, one for the rows
that the releases of a year settled: intervals that ended, first releases, revisions. Read all of them, each row is in one.

**Types.** `decimal` is exact, as published: `numeric` in PostgreSQL, `decimal(38, 18)` in Parquet. `double` is computed. `small` is a count up
to 127 (`smallint` in PostgreSQL). `integer` has 64
bits. A column that is not marked as *may be empty* never is.
"""
SHAPES = {"table": '[("{}")]', "view": '["{}"]', "source": '(["{}"])'}


def main() -> None:
    """Read the command line; write the page or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 if the page is out of date")
    check = parser.parse_args().check
    wanted = reference(own_models())
    if not check:
        PAGE.write_text(wanted, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted:
        sys.exit(f"{PAGE.relative_to(ROOT)} is out of date; run `{COMMAND}`")


def own_models() -> list[Model]:
    """
    Return the models of this repository's plugins, each after those that it reads.
    """
    ours = {folder.parent.name for folder in (ROOT / "plugins").glob("*/pyproject.toml")}
    registry = Registry.installed()
    for broken in registry.broken:
        if broken.distribution in ours:
            sys.exit(f"plugin {broken.plugin} is broken: {broken.reason}")
    named = registry.named("model")
    return [model for model in registry.models() if named[model.name].distribution in ours]


def reference(models: Sequence[Model]) -> str:
    """
    Return the page.
    """
    parts = [INTRO, _list(models), _diagram(models), *map(_section, models)]
    return "\n".join(parts)


def _list(models: Sequence[Model]) -> str:
    rows = (
        (
            f"[{model.name}](#{model.name})",
            model.title,
            model.materialized,
            _codes(model.grain),
            _codes(model.inputs),
            "; ".join(map(_codes, model.indexes)),
        )
        for model in models
    )
    heads = ("model", "title", "kind", "grain", "reads", "further indexes")
    return _lines("## All models", "", *_table(heads, rows))


def _diagram(models: Sequence[Model]) -> str:
    kinds = {model.name: str(model.materialized) for model in models}
    sources = {name: "source" for model in models for name in model.inputs if name not in kinds}
    shapes = (f"    {name}{SHAPES[kind].format(name)}" for name, kind in (sources | kinds).items())
    arrows = (f"    {name} --> {model.name}" for model in models for name in model.inputs)
    return _lines(
        "## What reads what",
        "",
        "Rounded: a source's history of Silver. Cylinders: tables. Boxes: views.",
        "",
        *("```mermaid", "graph LR", *shapes, *arrows, "```"),
    )


def _section(model: Model) -> str:
    return _lines(
        f"## {model.name}",
        "",
        f"{model.title}.",
        "",
        *_facts(model),
        "",
        *_table(
            ("column", "type", "unit", "may be empty", "description"), map(_row, model.columns)
        ),
        "",
        *("<details>", "<summary>SQL</summary>", "", "```sql", model.sql.strip("\n"), "```", ""),
        "</details>",
    )


def _facts(model: Model) -> Iterator[str]:
    yield f"- Kind: {model.materialized}"
    yield f"- Grain: {_codes(model.grain)}"
    yield f"- Reads: {_codes(model.inputs)}"
    for index in model.indexes:
        yield f"- Further index: {_codes(index)}"
    if model.materialized == "view" and model.takes_date:
        yield f"- On an earlier day: `{model.name}_as_of(date)`"
    yield f"- In the lake: `gold/{model.name}/part-{'*' if model.settled else '0'}.parquet`"


def _row(column: Column) -> tuple[str, ...]:
    empty = "yes" if column.nullable else ""
    return f"`{column.name}`", column.type, column.unit or "", empty, column.description


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
