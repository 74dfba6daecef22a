"""Policies as JSON, compared by what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """
    Make a policy of statements.
    """
    return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]}


def meaning(document: Any) -> Any:
    """
    Bring a policy, or the JSON of one, into one form: AWS may give a list of one as a scalar, lists in
    any order, and everybody as ``*`` or as ``{"AWS": "*"}``.
    """
    return _plain(json.loads(document) if isinstance(document, str) else document)


def _plain(part: Any) -> Any:
    if isinstance(part, Mapping):
        plain = {key: _plain(value) for key, value in part.items()}
        if plain.get("Principal") == "*":
            plain["Principal"] = {"AWS": "*"}
        return plain
    if isinstance(part, list):
        items = sorted(map(_plain, part), key=lambda item: json.dumps(item, sort_keys=True))
        return items[0] if len(items) == 1 else items
    return part
