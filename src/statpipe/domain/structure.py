"""The structure of a dataset, everything that describes its codes, under one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from statpipe.domain.dataset import Area, Category, Dataset
    from statpipe.domain.dimension import Code


def structure_hash(dataset: Dataset) -> str:
    """
    Hash the areas, categories and dimensions of a dataset, in hexadecimal.

    The order of dimensions matters, because categories depend on it; the order of codes in a list
    does not.
    """
    described = {
        "areas": _listed(dataset.areas),
        "categories": _listed(dataset.categories),
        "dimensions": [
            {"id": one.id, "name": one.name, "codes": _listed(one.codes)}
            for one in dataset.dimensions
        ],
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _listed(codes: Sequence[Area | Category | Code]) -> list[dict[str, Any]]:
    """
    Leave out empty properties, so that a property added by a later version does not change hashes.
    """
    names = [one.name for one in attrs.fields(type(codes[0]))] if codes else []
    entries = [{name: value for name in names if (value := getattr(one, name))} for one in codes]
    return sorted(entries, key=itemgetter("code"))
