"""What the tests of this plugin share: BEA on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fake_bea import FakeBea

DATA = Path(__file__).parents[3] / "tests" / "data"
BULK = DATA / "SAPCE.zip"


@pytest.fixture(scope="session")
def bulk() -> Path:
    """BEA's own figures of 2022-10-06, for all areas."""
    return BULK


@pytest.fixture(scope="session")
def older() -> Path:
    """BEA's own figures of 2020-10-08: SAEXP1, as SAPCE1 was called then."""
    return DATA / "SAEXP1.zip"


@pytest.fixture(scope="session")
def _running_bea(bulk: Path) -> Iterator[FakeBea]:
    with FakeBea(bulk) as fake:
        yield fake


@pytest.fixture
def fake(_running_bea: FakeBea) -> Iterator[FakeBea]:
    """A server that answers as BEA does, as new for each test."""
    _running_bea.reset()
    yield _running_bea
    _running_bea.reset()
