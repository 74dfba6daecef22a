"""Converts SDMX messages to figures, with pure functions of their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from statpipe.api import (
    Area,
    Code,
    ContentError,
    Dataset,
    Dimension,
    Normalizer,
    Payload,
    selected,
)
from statpipe_sdmx.columns import observations_of
from statpipe_sdmx.components import components_of
from statpipe_sdmx.data import read_data
from statpipe_sdmx.history import AS_OF, moment
from statpipe_sdmx.ml_structure import read_structure
from statpipe_sdmx.partial import completed
from statpipe_sdmx.replayed import components_at
from statpipe_sdmx.structure import Item, Structure, safe_name

if TYPE_CHECKING:
    import pyarrow as pa


class SdmxNormalizer(Normalizer):
    """
    Reads a structure message and the data messages that it describes.

    The request of the structure's payload contains the ``language`` of names, and the ``area``
    dimension if it is configured.
    """

    def describe(self, dataset: Dataset, payloads: Sequence[Payload]) -> Dataset:
        found = next((one for one in payloads if one.structure), None)
        if found is None:
            return dataset
        structure, area = structure_in(dataset, found)
        structure = completed(structure, [one for one in payloads if not one.structure])
        return described(dataset, structure, structure.area(area.id) if area else None)

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        import pyarrow as pa

        found = next((one for one in payloads if one.structure), None)
        messages = [one for one in payloads if not one.structure]
        if found is None or not messages:
            what = "data" if found is not None else "structure"
            msg = (
                f"dataset {dataset.name}: the payloads include no {what} message; expected a "
                "structure and data"
            )
            raise ContentError(msg)
        structure, area = structure_in(dataset, found)
        tables, told = [], 0
        for one in messages:
            at = _moment(found) or _moment(one)
            if at is None:
                table = read_data(one)
                told += len(table)
                columns = components_of(table, one, structure)
            else:
                told += 1  # all that was published may have been deleted
                columns = components_at(one, structure, at, beside=messages)
            tables.append(observations_of(columns, one, structure, area))
        if not told:
            msg = (
                f"dataset {dataset.name}: no observations in {len(messages)} messages; check "
                "`key`, and whether figures exist between `start` and `end`"
            )
            raise ContentError(msg)
        return selected(pa.concat_tables(tables, promote_options="default"), dataset)


def structure_in(dataset: Dataset, payload: Payload) -> tuple[Structure, Item | None]:
    """
    Return the structure in a payload, and its dimension of areas.

    :raises ContentError: The payload is not a structure, or lacks the configured dimension.
    """
    asked = payload.request
    flow = asked.get("flow", dataset.name)
    if safe_name(flow) != dataset.name:
        msg = (
            f"payload {payload.name}: the structure of flow {flow}; expected that of {dataset.name}"
        )
        raise ContentError(msg, payload=payload)
    structure = read_structure(payload, flow=flow, language=asked.get("language", "en"))
    area = structure.area(asked.get("area", ""))
    if area is None and asked.get("area"):
        there = ", ".join(one.id for one in structure.dimensions)
        msg = (
            f"payload {payload.name}: no dimension {asked['area']}, which `area` names; the "
            f"dimensions are {there}"
        )
        raise ContentError(msg, payload=payload)
    return structure, area


def described(dataset: Dataset, structure: Structure, area: Item | None) -> Dataset:
    """
    Return the dataset with the areas and dimensions of a structure.
    """
    return attrs.evolve(
        dataset,
        title=structure.name or dataset.title,
        areas=tuple(_area(code) for code in area.codes) if area is not None else (),
        dimensions=tuple(
            Dimension(id=one.id, name=one.name, codes=one.codes)
            for one in structure.categories(area)
        ),
    )


def _moment(payload: Payload) -> datetime | None:
    """
    Return the time whose figures are wanted from a message with all releases. The structure
    contains it, and in older lakes each copy of the message.
    """
    text = payload.request.get(AS_OF, "")
    return moment(text) if text else None


def _area(code: Code) -> Area:
    return Area(code=code.code, name=code.name, level="area", parent=code.parent)
