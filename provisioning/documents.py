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
    Bring a policy into one form: AWS may give a list of one as a scalar, and lists in any order.
    """
    if isinstance(document, str) and document.lstrip().startswith("{"):
        document = json.loads(document)
    if isinstance(document, Mapping):
        return {key: meaning(value) for key, value in document.items()}
    if isinstance(document, list):
        items = sorted(
            (meaning(item) for item in document), key=lambda item: json.dumps(item, sort_keys=True)
        )
        return items[0] if len(items) == 1 else items
    return document
