"""The part of a flow that a key requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.api import ConfigError, Dimension, Selection, nearest
from statpipe_sdmx.frequency import meant_by
from statpipe_sdmx.key import WHOLE, codes_in
from statpipe_sdmx.structure import TIME, Item, Structure

if TYPE_CHECKING:
    import pyarrow as pa


def selection_of(structure: Structure, area: Item | None, key: str) -> Selection:
    """
    Return the selection of a key, such as ``D.USD+GBP.EUR.SP00.A``.

    :raises ConfigError: It has too many or too few parts, or an unlisted code.
    """
    if key in WHOLE:
        return Selection()
    parts = codes_in(key)
    dimensions = structure.dimensions
    if len(parts) != len(dimensions):
        order = ".".join(one.id for one in dimensions)
        msg = (
            f"the key {key!r} has {len(parts)} parts, and {structure.id} has {len(dimensions)} "
            f"dimensions: write {order}, with nothing or * between two points to get all codes"
        )
        raise ConfigError(msg)
    freq = structure.frequency
    areas, where = None, {}
    for one, codes in zip(dimensions, parts, strict=True):
        if not codes:
            continue
        _refuse_unknown(one, codes, key)
        if area is not None and one.id == area.id:
            areas = codes
        elif freq is not None and one.id == freq.id:
            where["freq"] = list(dict.fromkeys(each for code in codes for each in meant_by(code)))
        else:
            where[Dimension(id=one.id, name=one.name).column] = codes
    return Selection(areas=areas, where=where)


def refuse_other_frequencies(structure: Structure, key: str, told: str, where: str) -> None:
    """
    Refuse a key that asks for a frequency which the setting *told* leaves out. *where* is the source.

    :raises ConfigError: It does.
    """
    freq = structure.frequency
    if not told or freq is None or key in WHOLE:
        return
    codes = codes_in(key)[structure.dimensions.index(freq)]
    others = [one for one in codes if not set(meant_by(one)) & set(told)]
    if others:
        msg = (
            f"{where}.freq is {told!r}, but the key requests the frequency {others[0]}; correct "
            "one of them"
        )
        raise ConfigError(msg)


def periods_in(table: pa.Table) -> list[str]:
    """
    Return the periods of a message, without those that ``start`` and ``end`` exclude.
    """
    import pyarrow.compute as pc

    time = next((name for name in table.column_names if name.partition(": ")[0] == TIME), None)
    if time is None:
        return []
    periods: list[str] = pc.unique(table[time].cast("string")).to_pylist()
    return [text for text in periods if text]


def _refuse_unknown(item: Item, codes: list[str], key: str) -> None:
    listed = [one.code for one in item.codes]
    for code in codes:
        if listed and code not in listed and not item.is_partial:
            msg = (
                f"the key {key!r}: {item.id} has no code {code!r} among its {len(listed)}"
                f"{nearest(code, listed)}"
            )
            raise ConfigError(msg)
