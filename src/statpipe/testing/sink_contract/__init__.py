"""What every sink promises."""

from __future__ import annotations

from statpipe.testing.sink_contract.apart import Apart
from statpipe.testing.sink_contract.columns import Columns
from statpipe.testing.sink_contract.held import Held
from statpipe.testing.sink_contract.revisions import Revisions
from statpipe.testing.sink_contract.upkeep import Upkeep
from statpipe.testing.sink_contract.whole import Whole

__all__ = ["SinkContract"]


# pytest begins with the tests of the last base.
class SinkContract(Upkeep, Apart, Whole, Revisions, Columns, Held):
    """
    Writing twice equals writing once; a partition is visible whole, with its fingerprint, or not.

    Inherit it in a class whose name begins with ``Test``, override a fixture and a method::

        class TestDuckSink(SinkContract):
            @pytest.fixture
            def sink(self, tmp_path):                # holds nothing yet
                return DuckSink(tmp_path / "gold.duckdb")

            @pytest.fixture
            def another(self, sink, tmp_path):       # a second object onto the same store
                return DuckSink(tmp_path / "gold.duckdb")

            def figures_in(self, sink, key):         # what an analyst would see now
                rows = ...                           # SELECT area, year, value FROM <key.owner>
                return {(area, year): value for area, year, value in rows} or None

    The partitions that are written have the columns ``area``, ``year`` and ``value`` (a decimal), and
    the model's name as owner. A sink that wants Silver and no Gold overrides :meth:`partition_of`,
    with :func:`statpipe.testing.partitions.silver_partition`. ``another`` may be left out where all
    objects share their state.

    A method more is worth its lines: ``rows_in(self, sink, key)``, all rows under a key as mappings of their columns.
    With it, columns of every type are tested: texts, days, floating-point numbers, and each of them missing.

    Two more are optional: the fixture ``scratch``, a sink in the scratch corner of the same environment, and the
    method ``put_elsewhere(self, sink, key)``, which puts a table of the same name where the sink does not write.

    - ``examples``: how many sequences of revisions are tried: fewer where a write is dear.
    - ``interruptible = False``: writing is done by threads of a library that Ctrl-C does not stop.
    """
