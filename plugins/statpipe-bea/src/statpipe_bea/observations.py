"""From what payloads print to observations: codes looked up, figures read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from statpipe.api import ContentError, Dataset
from statpipe.domain.codes import looked_up, used_texts
from statpipe.domain.text import holdable
from statpipe_bea.csv_records import bare
from statpipe_bea.decoded import Decoded, combinations, first_row
from statpipe_bea.figures import figures
from statpipe_bea.structure import Structure

if TYPE_CHECKING:
    import pyarrow as pa

_FIPS = re.compile(r"[0-9]{5}")


def observations(decoded: Decoded, dataset: Dataset, structure: Structure) -> pa.Table:
    """
    Return a row per figure. What is not on record is described as it is printed; the code list describes all else.

    :raises ContentError: An area, a period or a figure is none.
    """
    import pyarrow as pa

    areas = _areas(decoded, dataset)
    lines = decoded.lines.dictionary.to_pylist()
    categories = looked_up(decoded.lines, [structure.codes[line] for line in lines])
    columns = {
        "ref_area": areas,
        "category": categories,
        **_new_areas(decoded, areas, dataset),
        **_new_categories(categories, dataset, structure),
        **_other_parents(decoded, areas, dataset),
    }
    if decoded.rows is not None:
        columns = {name: column.take(decoded.rows) for name, column in columns.items()}
    read = figures(decoded.texts, decoded.references, decoded.notes, decoded.where)
    return pa.table({**columns, "time_period": decoded.periods, **read})


def _areas(decoded: Decoded, dataset: Dataset) -> pa.DictionaryArray:
    """Look up areas by BEA's FIPS codes; one that is not listed is new and its own code."""
    listed = {area.geo_fips: area.code for area in dataset.areas}
    codes = decoded.areas.dictionary.to_pylist()
    for fips in codes:
        if fips not in listed and not _FIPS.fullmatch(fips):
            where = decoded.place(first_row(decoded.areas, fips))
            msg = (
                f"{where}: area {fips!r}; expected one of BEA's {len(listed)} areas such as '06000'"
            )
            raise ContentError(msg)
    return looked_up(decoded.areas, [listed.get(fips, fips) for fips in codes])


def _new_areas(decoded: Decoded, areas: pa.DictionaryArray, dataset: Dataset) -> dict[str, Any]:
    """Name areas if some are not listed, as is so rarely the case, as they are printed in their first row."""
    names = {area.code: area.name for area in dataset.areas}
    new = set(used_texts(areas)) - set(names)
    if not new:
        return {}
    for code in new:
        printed = decoded.names[first_row(areas, code)].as_py()
        names[code] = bare(holdable(printed or ""))
    return {
        "geo_name": looked_up(areas, [names.get(c) or None for c in areas.dictionary.to_pylist()])
    }


def _new_categories(
    categories: pa.DictionaryArray, dataset: Dataset, structure: Structure
) -> dict[str, Any]:
    """Describe categories if some are not listed."""
    import pyarrow as pa

    if not structure.new:
        return {}
    known = {one.code: one for one in (*dataset.categories, *structure.new)}
    entries = [known[code] for code in categories.dictionary.to_pylist()]
    powers = pa.array([one.unit_mult for one in entries], pa.int8())
    return {
        "category_name": looked_up(categories, [one.name for one in entries]),
        "unit_measure": looked_up(categories, [one.unit_measure for one in entries]),
        "unit_mult": powers.take(categories.indices),
    }


def _other_parents(decoded: Decoded, areas: pa.DictionaryArray, dataset: Dataset) -> dict[str, Any]:
    """Give the regions of states that are not those of the code list; nothing if all are."""
    if decoded.regions is None:
        return {}
    listed = {area.geo_fips: area for area in dataset.areas}
    # Tables without figures of regions have states as parts of the US.
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
