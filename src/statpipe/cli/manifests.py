"""Manifests as JSON documents."""

from __future__ import annotations

import json
from typing import Any

from statpipe.api import Manifest


def manifest_document(manifest: Manifest) -> dict[str, Any]:
    """
    Return a manifest as in its JSON file in the lake.
    """
    document: dict[str, Any] = json.loads(manifest.as_json())
    return document
