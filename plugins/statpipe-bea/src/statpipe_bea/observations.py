"""Converts decoded payloads to observations: looks up codes and reads figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statpipe.api import Dataset
from statpipe.domain.codes import looked_up
from statpipe_bea.decoded import Decoded, combinations
from statpipe_bea.figures import figures
from statpipe_bea.structure import Structure

if TYPE_CHECKING:
    import pyarrow as pa


def observations(decoded: Decoded, dataset: Dataset, structure: Structure) -> pa.Table:
    """
    Return one row per figure. New codes are described as printed; the code list describes all
    others.

    :raises ContentError: A figure is not a number.
    """
    import pyarrow as pa

    listed = {area.geo_fips: area.code for area in dataset.areas}
    areas = looked_up(
        decoded.areas, [listed.get(c, c) for c in decoded.areas.dictionary.to_pylist()]
    )
    lines = decoded.lines.dictionary.to_pylist()
    categories = looked_up(decoded.lines, [structure.codes[line] for line in lines])
    columns = {
        "ref_area": areas,
        "category": categories,
        **_new_areas(areas, dataset, structure),
        **_new_categories(categories, dataset, structure),
        **_other_parents(decoded, areas, dataset),
    }
    if decoded.rows is not None:
        columns = {name: column.take(decoded.rows) for name, column in columns.items()}
    read = figures(decoded.texts, decoded.references, decoded.notes, decoded.where)
    return pa.table({**columns, "time_period": decoded.periods, **read})


def _new_areas(areas: pa.DictionaryArray, dataset: Dataset, structure: Structure) -> dict[str, Any]:
    """Return the names of areas if some are not in the code list."""
    if not structure.areas:
        return {}
    names = {area.code: area.name for area in dataset.areas} | dict(structure.areas)
    return {"geo_name": looked_up(areas, [names[c] or None for c in areas.dictionary.to_pylist()])}


def _new_categories(
    categories: pa.DictionaryArray, dataset: Dataset, structure: Structure
) -> dict[str, Any]:
    """Describe the categories if some are not in the code list."""
    import pyarrow as pa

    if not structure.categories:
        return {}
    known = {one.code: one for one in (*dataset.categories, *structure.categories)}
    entries = [known[code] for code in categories.dictionary.to_pylist()]
    powers = pa.array([one.unit_mult for one in entries], pa.int8())
    return {
        "category_name": looked_up(categories, [one.name for one in entries]),
        "unit_measure": looked_up(categories, [one.unit_measure for one in entries]),
        "unit_mult": powers.take(categories.indices),
    }


def _other_parents(decoded: Decoded, areas: pa.DictionaryArray, dataset: Dataset) -> dict[str, Any]:
    """Return the regions of states if some differ from the code list; otherwise nothing."""
    if decoded.regions is None:
        return {}
    listed = {area.geo_fips: area for area in dataset.areas}
    # In tables without regions, states are parts of the US.
    inside = {area.code for area in dataset.areas if area.level == "region"}
    parents = {area.code: area.parent for area in dataset.areas if area.parent in inside}
    others: dict[str, str] = {}
    for pair in combinations({"area": areas, "region": decoded.regions}):
        region = listed.get(f"9{pair['region']}000")
        printed = region.code if region else pair["region"]
        if printed and pair["area"] in parents and printed != parents[pair["area"]]:
            others[pair["area"]] = printed
    if not others:
        return {}
    return {"area_parent": looked_up(areas, [others.get(c) for c in areas.dictionary.to_pylist()])}
