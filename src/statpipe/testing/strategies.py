"""
Hypothesis strategies for domain values: periods, areas, categories, observations, payloads.

Keys are drawn from tiny pools, so that equal keys are common.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from statpipe.api import Area, Category, Dataset, Dimension, Payload, observations_from_rows
from statpipe.domain.period import Frequency
from statpipe.domain.printed import DECIMAL_DIGITS, DECIMAL_PLACES
from statpipe.domain.seal import seal

if TYPE_CHECKING:
    import pyarrow as pa

_CODES = ("US", "CA", "NY", "X1")
_YEARS = (1997, 2019, 2020, 2021)
_PARTS: Mapping[str, Sequence[str]] = {
    "A": ("",),
    "S": ("-S1", "-S2"),
    "T": ("-T1", "-T3"),
    "Q": ("-Q1", "-Q4"),
    "M": ("-01", "-02", "-12"),
    "W": ("-W01", "-W52"),
    "D": ("-01-01", "-12-31"),
    "B": ("-07-16", "-12-31"),
    **dict.fromkeys(("H", "I", "N"), ("-01-01T00:00:00", "-12-31T23:00:00")),
}
_MISSING = ("O", "Q", "N", "M")
_LARGEST = Decimal("9" * (DECIMAL_DIGITS - DECIMAL_PLACES) + "." + "9" * DECIMAL_PLACES)


def periods(freq: Frequency = "A") -> st.SearchStrategy[str]:
    """
    Draw periods of a frequency: ``2020`` (A), ``2020-S1``, ``2020-Q4`` or ``2020-12`` (M).
    """
    return st.builds(
        lambda year, part: f"{year}{part}", st.sampled_from(_YEARS), st.sampled_from(_PARTS[freq])
    )


def figures() -> st.SearchStrategy[Decimal]:
    """
    Draw figures that Silver holds exactly: zero, negative, tiny, and with the maximum number of
    digits.
    """
    return st.one_of(
        st.sampled_from(
            [Decimal(0), Decimal("0.1"), Decimal("-1e-18"), _LARGEST, _LARGEST.copy_negate()]
        ),
        st.sampled_from([Decimal("14392721.0"), Decimal("1.50")]),
        st.decimals(-(10**6), 10**6, places=2),
        st.decimals(-(10**12), 10**12, places=DECIMAL_PLACES),
    )


@st.composite
def areas(draw: st.DrawFn) -> tuple[Area, ...]:
    """
    Draw a code list of areas, the first of which may be the parent of the others.
    """
    codes = draw(st.lists(st.sampled_from(_CODES), min_size=1, unique=True))
    parent = codes[0] if draw(st.booleans()) else None
    return tuple(
        Area(
            code=code,
            name=f"Area {code}",
            level="country" if place == 0 and parent else "state",
            geo_fips=f"{place:05d}",
            parent=parent if place else None,
        )
        for place, code in enumerate(codes)
    )


@st.composite
def categories(draw: st.DrawFn, prefix: str = "T1") -> tuple[Category, ...]:
    """
    Draw a code list of categories: a tree with some subtracted categories.
    """
    count = draw(st.integers(1, 4))
    made: list[Category] = []
    for number in range(1, count + 1):
        parent = draw(st.sampled_from([None, *(c.code for c in made)])) if made else None
        made.append(
            Category(
                code=f"{prefix}:{number}",
                name=f"Category {number}",
                unit_measure="Dollars",
                unit_mult=6,
                parent=parent,
                sign=draw(st.sampled_from((1, 1, -1))) if parent else 1,
            )
        )
    return tuple(made)


@st.composite
def datasets(draw: st.DrawFn, normalizer: str = "n") -> Dataset:
    """
    Draw a dataset with code lists.
    """
    freq: Frequency = draw(st.sampled_from(("A", "S", "Q", "M")))
    return Dataset(
        name="T1",
        title="Drawn",
        normalizer=normalizer,
        freq=freq,
        areas=draw(areas()),
        categories=draw(categories()),
    )


@st.composite
def rows(draw: st.DrawFn, dataset: Dataset) -> list[dict[str, Any]]:
    """
    Draw rows that a normalizer may return for a dataset: one per key, with reasons for missing
    figures.

    A dataset without code lists, or with dimensions, gets made-up codes.
    """
    codes = [area.code for area in dataset.areas] or list(_CODES)
    lines = [category.code for category in dataset.categories] or ["T1:1", "T1:2"]
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(codes),
                periods(dataset.freq),
                *([] if dataset.dimensions else [st.sampled_from(lines)]),
                *(st.sampled_from(_codes_of(one)) for one in dataset.dimensions),
            ),
            max_size=12,
            unique=True,
        )
    )
    drawn = []
    names = ["ref_area", "time_period", *([] if dataset.dimensions else ["category"])]
    names += [one.column for one in dataset.dimensions]
    for key in keys:
        value = draw(st.one_of(st.none(), figures()))
        status = "A" if value is not None else draw(st.sampled_from(_MISSING))
        drawn.append(
            dict(zip(names, key, strict=True)) | {"obs_value": value, "obs_status": status}
        )
    return drawn


def _codes_of(dimension: Dimension) -> Sequence[str]:
    return [entry.code for entry in dimension.codes] or ["a", "b"]


@st.composite
def observations(draw: st.DrawFn, dataset: Dataset | None = None) -> pa.Table:
    """
    Draw sealed Silver of this dataset, or of any.
    """
    of = dataset if dataset is not None else draw(datasets())
    return seal(observations_from_rows(draw(rows(of))), of, "2024-03-01")


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    """
    Draw payloads: JSON, text, and other bytes.
    """
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
    documents = st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        ),
        max_leaves=6,
    )
    media_type, body = draw(
        st.one_of(
            st.tuples(st.just("application/json"), documents.map(lambda d: json.dumps(d).encode())),
            st.tuples(st.just("text/csv"), st.text(max_size=40).map(str.encode)),
            st.tuples(st.just("application/octet-stream"), st.binary(max_size=40)),
        )
    )
    return Payload(
        name=draw(st.sampled_from(["T1", "T1-line-9", "a.b_c"])),
        body=body,
        media_type=media_type,
        request={"url": "https://api.example.org", "line": draw(st.sampled_from(["9", "10"]))},
    )
