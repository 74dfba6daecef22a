"""Words to write small vintages with: one line of text an observation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from statpipe.api import (
    EVERYTHING,
    Area,
    Category,
    Dataset,
    Selection,
    Snapshot,
    Vintage,
    observations_from_rows,
)
from statpipe.domain.seal import seal
from statpipe_checks.plugin import statpipe_checks


def _rows(text):
    for line in text.strip().splitlines():
        area, category, period, value, *status = line.split()
        missing = value == "-"
        freq, _, period = period.rpartition(":")
        yield {
            "ref_area": area,
            "category": category,
            **({"freq": freq} if freq else {}),
            "time_period": period,
            "obs_value": None if missing else Decimal(value),
            "obs_status": status[0] if status else "Q" if missing else "A",
        }


@pytest.fixture(scope="session")
def areas():
    """`areas("US", "W<US", "CA<W")`: codes, with the area that each is a part of."""

    def make(*texts):
        pairs = [text.partition("<") for text in texts]
        return tuple(
            Area(code=c, name=c, level="area", geo_fips=c, parent=parent or None)
            for c, _, parent in pairs
        )

    return make


@pytest.fixture(scope="session")
def categories():
    """`categories("1", "2<1", "3<-1", "4<1@US")`: codes, parents with sign, areas published for."""

    def make(*texts):
        made = []
        for text in texts:
            described, _, only = text.partition("@")
            code, _, parent = described.partition("<")
            made.append(
                Category(
                    code=code,
                    name=f"Line {code}",
                    unit_measure="Dollars",
                    parent=parent.lstrip("-") or None,
                    sign=-1 if parent.startswith("-") else 1,
                    areas=tuple(only.split(",")) if only else (),
                )
            )
        return tuple(made)

    return make


@pytest.fixture(scope="session")
def table():
    def make(text, name="T", vintage="2022-10-06", **declared):
        dataset = Dataset(name=name, title=name, normalizer="n", **declared)
        return seal(observations_from_rows(_rows(text)), dataset, vintage)

    return make


@pytest.fixture(scope="session")
def observe(table):
    """
    Make a snapshot of `area category period value [status]` lines; `-` is a missing figure. All periods
    may name their frequency: `M:2019-01`.
    """

    def make(text, released=date(2022, 10, 6), brought=EVERYTHING, siblings=None, **declared):
        seals = {n: v for n, v in declared.items() if n in {"areas", "categories", "freq"}}
        return Snapshot(
            dataset=Dataset(name="T", title="Tea", normalizer="n", **declared),
            vintage=Vintage(released=released, selection=brought),
            table=table(text, vintage=released.isoformat(), **seals),
            siblings=siblings or {},
        )

    return make


@pytest.fixture(scope="session")
def judge():
    """Run one check, found by its name as the engine finds it."""
    offered = {component.name: component for component in statpipe_checks()}

    def run(name, current, previous=None, **settings):
        component = offered[name]
        return component.factory(component.settings(**settings)).check(current, previous)

    return run


@pytest.fixture(scope="session")
def only():
    """A selection, shortly."""
    return Selection
