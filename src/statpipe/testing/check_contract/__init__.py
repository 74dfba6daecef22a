"""What every check promises."""

from __future__ import annotations

from statpipe.testing.check_contract.alike import Alike
from statpipe.testing.check_contract.any_snapshot import AnySnapshot
from statpipe.testing.check_contract.found import Found
from statpipe.testing.check_contract.purity import Purity
from statpipe.testing.check_contract.said import Said

__all__ = ["CheckContract"]


# pytest begins with the tests of the last base.
class CheckContract(AnySnapshot, Alike, Purity, Said, Found):
    """
    A check says yes or no, with the cells, and touches nothing.

    Inherit it in a class whose name begins with ``Test`` and override three fixtures::

        class TestNoFuture(CheckContract):
            @pytest.fixture
            def check(self):
                return NoFuture(Settings())

            @pytest.fixture
            def good(self):                # a snapshot that passes
                return snapshot(DATASET, {("CA", "1", "2023"): "12.5", ("NY", "1", "2023"): "3"})

            @pytest.fixture
            def bad(self):                 # one that does not
                return snapshot(DATASET, {("CA", "1", "2093"): "12.5", ("NY", "1", "2023"): "3"})

    :func:`statpipe.testing.snapshot` makes a snapshot of figures. Let them have several rows, so that
    their order can be changed. Fixtures that may be overridden besides:

    - ``previous``: the snapshot of the vintage before;
    - ``failing``: the keys of the cells of ``bad`` that fail, such as ``[("CA", "1", "2093")]``;
    - ``lenient``: the same check, set to warn.

    Figures of other areas, categories or years, provisional ones and very small ones must get the same verdict.
    ``depends_on`` names what is meant to make a difference: ``frozenset({"areas", "categories", "years", "statuses",
    "magnitude"})``, or some of them. Precision and valid_range of the dataset are made as small as the figures are.
    """
