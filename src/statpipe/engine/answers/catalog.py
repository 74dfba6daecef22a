"""Descriptions of Gold for data catalogs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from statpipe.api import Layer, Model
from statpipe.engine.answers.figures import whole_model
from statpipe.engine.answers.vintages import vintages_of
from statpipe.engine.gold.maker import gold_key
from statpipe.engine.site.settings import filled
from statpipe.engine.site.site import Site

_FRICTIONLESS = {
    "text": "string",
    "integer": "integer",
    "small": "integer",
    "decimal": "number",
    "double": "number",
    "date": "date",
}
_SQL = {
    "text": "text",
    "integer": "bigint",
    "small": "smallint",
    "decimal": "numeric(38,18)",
    "double": "double precision",
    "date": "date",
}


@frozen(kw_only=True)
class Entry:
    """
    A model in the lake: its files below the lake's root, and the date of its newest release.
    """

    model: Model = field(repr=False)
    paths: tuple[str, ...]
    released: str


def entries(site: Site) -> list[Entry]:
    """
    Return the models that the lake has.
    """
    return [
        Entry(
            model=whole_model(site, one.name),
            paths=tuple(_paths(site, one)),
            released=max(
                (str(row["released"]) for row in vintages_of(site, one.name, {})), default=""
            ),
        )
        for one in site.registry.models()
        if site.lake.fingerprint(gold_key(one)) is not None
    ]


def documents(site: Site) -> dict[str, str]:
    """
    Return the documents by the names of their files: a Frictionless data package, DCAT as JSON-LD, and dbt's sources.
    """
    found = entries(site)
    place = site.lake.locations().get("lake", "")
    if place and "://" not in place:
        place = Path(place).absolute().as_uri()
    return {
        "datapackage.json": _json(_package(found, site.environment.name)),
        "catalog.jsonld": _json(_dcat(found, site.environment.name, place)),
        "sources.yml": "\n".join(_dbt(found, _schema(site))) + "\n",
    }


def _paths(site: Site, model: Model) -> Iterator[str]:
    """
    Return the files of a model: one with rows that may still change, and one per year with final
    rows.
    """
    key = gold_key(model)
    yield f"{key.layer.value}/{model.name}/part-0.parquet"
    for part in site.lake.parts(key):
        if part.year:
            yield f"{Layer.GOLD.value}/{model.name}/part-{part.year}.parquet"


def _package(found: Sequence[Entry], environment: str) -> dict[str, Any]:
    """https://specs.frictionlessdata.io/data-package/"""
    return {
        "profile": "data-package",
        "name": f"statpipe-{environment}",
        "title": f"Gold tables of statpipe, environment {environment}",
        "resources": [
            {
                "name": one.model.name.replace("_", "-"),
                "title": one.model.title,
                "path": list(one.paths),
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "schema": {
                    "fields": [
                        {
                            "name": column.name,
                            "type": _FRICTIONLESS[column.type],
                            "description": column.description,
                            **({"unit": column.unit} if column.unit else {}),
                            **({} if column.nullable else {"constraints": {"required": True}}),
                        }
                        for column in one.model.columns
                    ],
                    "primaryKey": list(one.model.grain),
                },
            }
            for one in found
        ],
    }


def _dcat(found: Sequence[Entry], environment: str, place: str) -> dict[str, Any]:
    """https://www.w3.org/TR/vocab-dcat-3/"""
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@type": "dcat:Catalog",
        "dct:title": f"Gold tables of statpipe, environment {environment}",
        "dcat:dataset": [
            {
                "@type": "dcat:Dataset",
                "dct:identifier": one.model.name,
                "dct:title": one.model.title,
                "dct:description": "; ".join(f"{c.name}: {c.comment}" for c in one.model.columns),
                **(
                    {"dct:modified": {"@type": "xsd:date", "@value": one.released}}
                    if one.released
                    else {}
                ),
                "dcat:distribution": [
                    {
                        "@type": "dcat:Distribution",
                        "dct:title": path.rpartition("/")[2],
                        "dcat:downloadURL": f"{place.rstrip('/')}/{path}" if place else path,
                        "dcat:mediaType": "application/vnd.apache.parquet",
                    }
                    for path in one.paths
                ],
            }
            for one in found
        ],
    }


def _schema(site: Site) -> str:
    """Return the schema of Gold, as configured for the environment's database."""
    configuration, environment = site.configuration, site.environment
    declared = configuration.sinks(environment.name)
    for name in site.registry.named("sink") if declared is None else declared:
        raw, place = configuration.settings("sink", name, environment.name)
        component = site.registry.find("sink", name).item
        made = filled(component, raw, place, configuration, environment)
        if schema := getattr(made, "gold_schema", ""):
            return str(schema)
    return "gold"


def _dbt(found: Sequence[Entry], schema: str) -> Iterator[str]:
    """https://docs.getdbt.com/docs/build/sources; a text in JSON is one in YAML."""
    yield "version: 2"
    yield "sources:"
    yield "  - name: statpipe"
    yield f"    schema: {_text(schema)}"
    yield "    tables:"
    for one in found:
        yield f"      - name: {one.model.name}"
        yield f"        description: {_text(one.model.title)}"
        yield "        columns:"
        for column in one.model.columns:
            yield f"          - name: {column.name}"
            yield f"            data_type: {_SQL[column.type]}"
            yield f"            description: {_text(column.comment)}"
            if not column.nullable:
                yield "            data_tests: [not_null]"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
