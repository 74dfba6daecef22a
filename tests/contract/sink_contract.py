"""
What every sink, and every lake, promises.

Inherit the class under a name that begins with ``Test``, override the fixture ``sink`` and the
abstract methods, and inherit the tests. A sink that opens connections overrides the fixture
``another`` as well. ``SinkContract`` is for any sink; ``StoreContract`` adds what a lake keeps and
gives back; ``LakeContract`` adds that only one run at a time writes, across processes.
"""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import (
    Column,
    ContentError,
    Diagnosis,
    Lake,
    Layer,
    Locked,
    Manifest,
    Model,
    Partition,
    PartitionKey,
    Payload,
    Sink,
)

Figures = Mapping[tuple[str, int], Decimal | None]
"""What a partition of these tests says: (area, year) -> figure. The years have four digits."""

MOMENT = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)

SMALL: Figures = {("CA", 2022): Decimal("1852976.3"), ("CA", 2023): None, ("NY", 2023): Decimal(0)}
REVISED: Figures = {("CA", 2022): Decimal("1852976.4"), ("US", 2023): Decimal("-0.00000001")}


def tables() -> st.SearchStrategy[Figures]:
    """Draw tables whose keys meet again and again, with exact figures of every size."""
    return st.dictionaries(
        st.tuples(st.sampled_from(["CA", "NY", "US"]), st.sampled_from([2021, 2022])),
        st.one_of(
            st.none(),
            st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("9" * 20 + "." + "9" * 8)]),
            st.decimals(-1000, 1000, places=2),
        ),
    )


def fingerprint_of(figures: Figures) -> str:
    return hashlib.sha256(repr(sorted(figures.items())).encode()).hexdigest()


def gold_partition(
    figures: Figures, *, fingerprint: str | None = None, name: str = "spending"
) -> Partition:
    """Make a partition of Gold out of figures."""
    columns = (
        Column(name="area", type="text", description="Area of the figure", nullable=False),
        Column(name="year", type="integer", description="Year of the figure", nullable=False),
        Column(name="value", type="decimal", description="Spending", unit="million USD"),
    )
    model = Model(
        name=name,
        title="Spending by area and year",
        inputs=("agency",),
        grain=("area", "year"),
        columns=columns,
        sql="SELECT 1",
    )
    keys = sorted(figures)
    table = pa.table(
        {
            "area": pa.array([area for area, _ in keys], pa.string()).dictionary_encode(),
            "year": pa.array([year for _, year in keys], pa.int64()),
            "value": pa.array([figures[key] for key in keys], pa.decimal128(28, 8)),
        }
    )
    return Partition(
        key=PartitionKey(layer=Layer.GOLD, owner=name),
        table=table,
        fingerprint=fingerprint or fingerprint_of(figures),
        model=model,
    )


def manifest_of(run_id: str = "20261006T141500000000Z-0000", source: str = "agency") -> Manifest:
    return Manifest(
        run_id=run_id,
        source=source,
        environment="local",
        command="run",
        started=MOMENT,
        finished=MOMENT,
        outcome="unchanged",
        exit_code=0,
    )


class SinkContract(ABC):
    """
    Writing twice equals writing once; a partition is visible whole, with its fingerprint, or not.
    """

    examples = 15
    """How many sequences of revisions are tried: fewer where a write is dear."""

    @pytest.fixture
    def sink(self) -> Sink:
        """Override: a sink that holds nothing."""
        msg = "override the fixture `sink`"
        raise NotImplementedError(msg)

    @pytest.fixture
    def another(self, sink: Sink) -> Sink:
        """A second object onto the same store, for a reader beside the writer."""
        return sink

    @abstractmethod
    def figures_in(self, sink: Sink, key: PartitionKey) -> Figures | None:
        """Return what a reader sees now under *key*, or ``None`` where there is nothing."""

    def partition_of(
        self, figures: Figures, *, fingerprint: str | None = None, owner: str = "spending"
    ) -> Partition:
        """Make a partition that this sink wants; each *owner* has a place of its own."""
        return gold_partition(figures, fingerprint=fingerprint, name=owner)

    def test_it_says_which_layers_it_wants(self, sink):
        assert sink.layers
        assert sink.layers <= set(Layer)
        assert self.partition_of(SMALL).key.layer in sink.layers

    def test_nothing_is_held_before_the_first_write(self, sink):
        key = self.partition_of(SMALL).key
        assert sink.fingerprint(key) is None
        assert self.figures_in(sink, key) is None

    def test_what_is_written_is_held_under_its_fingerprint(self, sink):
        partition = self.partition_of(SMALL)
        receipt = sink.write(partition)
        assert sink.fingerprint(partition.key) == partition.fingerprint
        assert self.figures_in(sink, partition.key) == SMALL
        assert receipt.changed
        assert (receipt.rows, receipt.inserted) == (3, 3)
        assert (receipt.path, receipt.fingerprint) == (partition.key.path, partition.fingerprint)

    def test_writing_twice_equals_writing_once(self, sink):
        partition = self.partition_of(SMALL)
        first, second = sink.write(partition), sink.write(partition)
        assert self.figures_in(sink, partition.key) == SMALL
        assert sink.fingerprint(partition.key) == partition.fingerprint
        assert not second.changed
        assert (second.rows, second.fingerprint) == (first.rows, first.fingerprint)

    def test_a_revision_replaces_what_was_there(self, sink):
        before, after = self.partition_of(SMALL), self.partition_of(REVISED)
        sink.write(before)
        assert sink.write(after).changed
        assert sink.fingerprint(after.key) == after.fingerprint != before.fingerprint
        assert self.figures_in(sink, after.key) == REVISED

    def test_equal_figures_made_by_other_code_are_held_under_the_new_fingerprint(self, sink):
        sink.write(self.partition_of(SMALL))
        remade = self.partition_of(SMALL, fingerprint="5e" * 32)
        sink.write(remade)
        assert sink.fingerprint(remade.key) == "5e" * 32
        assert self.figures_in(sink, remade.key) == SMALL

    def test_partitions_of_different_owners_lie_apart(self, sink):
        one = self.partition_of(SMALL, owner="spending")
        other = self.partition_of(REVISED, owner="spending_real")
        sink.write(one)
        assert sink.fingerprint(other.key) is None
        sink.write(other)
        assert self.figures_in(sink, one.key) == SMALL
        assert self.figures_in(sink, other.key) == REVISED

    def test_another_object_onto_the_same_store_sees_what_was_written(self, sink, another):
        partition = self.partition_of(SMALL)
        sink.write(partition)
        assert another.fingerprint(partition.key) == partition.fingerprint
        assert not another.write(partition).changed
        assert self.figures_in(another, partition.key) == SMALL

    def test_after_any_revisions_just_the_last_is_held(self, sink):
        owners = itertools.count(1)

        @settings(max_examples=self.examples, deadline=None, report_multiple_bugs=False)
        @given(revisions=st.lists(tables(), min_size=1, max_size=4))
        def revise(revisions: Sequence[Figures]) -> None:
            owner, before = f"revised_{next(owners)}", None
            for figures in revisions:
                partition = self.partition_of(figures, owner=owner)
                receipt = sink.write(partition)
                assert self.figures_in(sink, partition.key) == figures
                assert sink.fingerprint(partition.key) == partition.fingerprint
                assert receipt.rows == len(figures)
                if before is not None:
                    assert receipt.changed == (figures != before)
                before = figures

        revise()

    def test_a_reader_sees_a_partition_whole_with_its_fingerprint_or_not_at_all(
        self, sink, another
    ):
        few: Figures = {("CA", year): Decimal(1) for year in range(2000, 2010)}
        many: Figures = {(f"A{n}", 2000 + n % 20): Decimal(n) for n in range(2000)}
        states = {f"{n:064x}": (few, many)[n % 2] for n in range(40)}
        written = [self.partition_of(f, fingerprint=p) for p, f in states.items()]
        key = written[0].key
        sink.write(written[0])

        def write_all() -> None:
            for partition in written[1:]:
                sink.write(partition)

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write_all)
            done = False
            while not done:
                done = writing.done()
                before = another.fingerprint(key)
                seen = self.figures_in(another, key)
                after = another.fingerprint(key)
                assert before in states
                assert after in states
                assert seen in (few, many)
                if before == after:  # nothing was written in between
                    assert seen == states[before]
            writing.result()

    def test_a_run_that_is_recorded_twice_is_recorded_once(self, sink):
        sink.record(manifest_of())
        sink.record(manifest_of())

    def test_outside_of_a_scratch_corner_nothing_is_removed(self, sink):
        partition = self.partition_of(SMALL)
        sink.write(partition)
        sink.remove_scratch()
        assert self.figures_in(sink, partition.key) == SMALL

    def test_it_can_be_examined_and_says_where_readers_find_it(self, sink):
        assert all(isinstance(finding, Diagnosis) for finding in sink.diagnose())
        for what, address in sink.locations().items():
            assert what
            assert address

    def test_closing_twice_is_harmless_whether_it_was_used_or_not(self, sink, another):
        sink.write(self.partition_of(SMALL))
        for opened in (sink, another):
            opened.close()
            opened.close()


class StoreContract(SinkContract):
    """
    What is kept comes back as it was, and what is lost or damaged is told by its name.
    """

    source = "agency"
    """The owner of the Silver partitions that :meth:`silver_of` makes."""

    @abstractmethod
    def silver_of(self, figures: Figures, *, source: str, dataset: str, vintage: str) -> Partition:
        """Make a partition of Silver."""

    @abstractmethod
    def lose_payload(self, lake: Lake, key: str) -> None:
        """Remove the Bronze object of this key."""

    @abstractmethod
    def damage_payload(self, lake: Lake, key: str) -> None:
        """Change bytes of the Bronze object of this key."""

    @abstractmethod
    def damage_partition(self, lake: Lake, key: PartitionKey) -> None:
        """Make the partition unreadable."""

    def silver(
        self, dataset: str = "T1", vintage: str = "2022-10-06", source: str | None = None
    ) -> Partition:
        owner = source or self.source
        return self.silver_of(SMALL, source=owner, dataset=dataset, vintage=vintage)

    def test_payloads_come_back_byte_for_byte(self, sink):
        @settings(max_examples=self.examples * 4, deadline=None, report_multiple_bugs=False)
        @given(
            payload=st.builds(
                Payload,
                name=st.sampled_from(["T1", "T1-line-9", "a.b_c"]),
                body=st.one_of(st.binary(max_size=40), st.just(b"\x00\r\n" * 3_000)),
                media_type=st.sampled_from(["application/json", "text/csv", "image/x-odd"]),
                request=st.just({"url": "https://api.example.org", "line": "9"}),
                retrieved=st.sampled_from([MOMENT, MOMENT.replace(year=2020)]),
            )
        )
        def roundtrip(payload: Payload) -> None:
            kept = sink.keep("agency", "T1", payload)
            assert sink.payload(kept) == payload
            assert kept.sha256 == hashlib.sha256(payload.body).hexdigest()
            assert (kept.size, kept.name) == (len(payload.body), payload.name)
            assert sink.keep("agency", "T1", payload) == kept

        roundtrip()

    def test_payloads_of_one_name_lie_side_by_side(self, sink, another):
        bodies = [b"first", b"second", b""]
        kept = [
            sink.keep("agency", "T1", Payload(name="T1", body=b, retrieved=MOMENT)) for b in bodies
        ]
        assert len({k.key for k in kept}) == 3
        assert [another.payload(k).body for k in kept] == bodies

    def test_a_payload_that_came_without_a_time_gets_one(self, sink):
        kept = sink.keep("agency", "T1", Payload(name="T1", body=b"x"))
        assert kept.retrieved is not None
        assert kept.retrieved.tzinfo is not None
        assert sink.payload(kept).body == b"x"

    @pytest.mark.parametrize("accident", ["lose_payload", "damage_payload"])
    def test_a_payload_that_is_lost_or_damaged_is_told_by_its_key(self, sink, accident):
        kept = sink.keep("agency", "T1", Payload(name="T1", body=b"figures", retrieved=MOMENT))
        other = sink.keep("agency", "T1", Payload(name="T2", body=b"others", retrieved=MOMENT))
        getattr(self, accident)(sink, kept.key)
        with pytest.raises(ContentError) as caught:
            sink.payload(kept)
        assert kept.key in str(caught.value)
        assert "restore it from a backup" in str(caught.value)
        assert sink.payload(other).body == b"others"

    def test_a_table_comes_back_as_it_was(self, sink, another):
        for partition in (self.silver(), gold_partition(SMALL)):
            sink.write(partition)
            for reader in (sink, another):
                found = reader.read(partition.key)
                assert found.schema == partition.table.schema
                assert found.to_pylist() == partition.table.to_pylist()

    def test_a_partition_that_is_not_there_is_told_by_its_place(self, sink):
        partition = self.silver()
        with pytest.raises(ContentError) as caught:
            sink.read(partition.key)
        assert partition.key.path in str(caught.value)
        assert "run `statpipe transform`" in str(caught.value)

    def test_a_damaged_partition_is_told_by_its_place_and_can_be_made_anew(self, sink):
        partition = self.silver()
        sink.write(partition)
        self.damage_partition(sink, partition.key)
        assert sink.fingerprint(partition.key) is None
        with pytest.raises(ContentError) as caught:
            sink.read(partition.key)
        assert partition.key.path in str(caught.value)
        assert "run `statpipe transform`" in str(caught.value)
        assert sink.write(partition).changed
        assert sink.read(partition.key).to_pylist() == partition.table.to_pylist()

    def test_just_the_silver_of_one_source_is_listed(self, sink):
        assert list(sink.partitions("agency")) == []
        mine = [self.silver("T1"), self.silver("T1", "2023-10-04.02"), self.silver("T2")]
        others = [self.silver("T1", source="agency_two"), gold_partition(SMALL, name="agency")]
        for partition in (*others, *reversed(mine)):
            sink.write(partition)
        assert sorted(key.path for key in sink.partitions("agency")) == sorted(
            partition.key.path for partition in mine
        )
        assert [key.owner for key in sink.partitions("agency_two")] == ["agency_two"]

    def test_runs_are_listed_oldest_first_whatever_order_they_came_in(self, sink, another):
        assert list(sink.run_ids()) == []
        mine = [f"2026010{day}T000000000000Z-{tail}" for day, tail in ((1, "ffff"), (2, "0000"))]
        for run_id in reversed(mine):
            sink.record(manifest_of(run_id))
        between = "20260101T120000000000Z-aaaa"
        sink.record(manifest_of(between, "agency_two"))
        assert list(another.run_ids("agency")) == [("agency", run_id) for run_id in mine]
        assert list(another.run_ids("agency_two")) == [("agency_two", between)]
        assert [run_id for _, run_id in another.run_ids()] == [mine[0], between, mine[1]]
        assert list(another.run_ids("nobody")) == []

    def test_a_manifest_comes_back_byte_for_byte(self, sink, another):
        whole = manifest_of()
        sink.record(whole)
        assert another.manifest("agency", whole.run_id) == whole.as_json()
        with pytest.raises(ContentError, match="no manifest of run 1999 of agency"):
            sink.manifest("agency", "1999")

    def test_a_run_recorded_twice_is_listed_once(self, sink):
        sink.record(manifest_of())
        sink.record(manifest_of())
        assert len(sink.run_ids("agency")) == 1


class LakeContract(StoreContract):
    """
    One run at a time writes under a name, whatever process it belongs to, and whatever happens.
    """

    @abstractmethod
    def holder(self, lake: Lake, *, name: str, run_id: str) -> Sequence[str]:
        """Give the command of a process that takes the lock, prints ``held`` and keeps it."""

    def test_the_lock_gives_the_id_that_was_made_once_it_was_held(self, sink):
        with sink.lock("agency", 0, lambda: "run-1") as run_id:
            assert run_id == "run-1"

    def test_a_second_holder_is_told_who_is_at_work_and_since_when(self, sink, another):
        asked = []
        with (
            sink.lock("agency", 0, lambda: "run-1"),
            pytest.raises(Locked) as caught,
            another.lock("agency", 0, lambda: asked.append(1) or "run-2"),
        ):
            pass
        text = str(caught.value)
        assert "agency" in text
        assert "run-1" in text
        assert f"since {datetime.now(UTC):%Y-%m-%d}" in text
        assert "--wait" in text
        assert "\n" not in text
        assert not asked, "an id was made before the lock was held"

    def test_the_lock_is_free_afterwards_also_after_a_failure(self, sink, another):
        with pytest.raises(ZeroDivisionError), sink.lock("agency", 0, lambda: "1"):
            _ = 1 / 0
        with pytest.raises(ZeroDivisionError), sink.lock("agency", 0, lambda: str(1 / 0)):
            pass
        with another.lock("agency", 0, lambda: "2"):
            pass
        with sink.lock("agency", 0, lambda: "3"):
            pass

    def test_sources_do_not_wait_for_each_other(self, sink, another):
        with (
            sink.lock("agency", 0, lambda: "1"),
            another.lock("agency_two", 0, lambda: "2") as run_id,
        ):
            assert run_id == "2"

    def test_who_waits_gets_the_lock_when_it_is_free(self, sink, another):
        order, waits = [], threading.Event()

        def wait_for_it() -> None:
            waits.set()
            with another.lock("agency", 30, lambda: order.append("id") or "2"):
                order.append("second")

        with ThreadPoolExecutor(1) as pool:
            with sink.lock("agency", 0, lambda: "1"):
                waiting = pool.submit(wait_for_it)
                assert waits.wait(10)
                time.sleep(0.3)
                order.append("first")
            waiting.result(timeout=20)
        assert order == ["first", "id", "second"]

    def test_who_waited_in_vain_is_told_so(self, sink, another):
        begun = time.monotonic()
        with (
            sink.lock("agency", 0, lambda: "run-1"),
            pytest.raises(Locked, match="run-1"),
            another.lock("agency", 0.3, lambda: "run-2"),
        ):
            pass
        assert 0.3 <= time.monotonic() - begun < 10

    def test_of_many_at_once_each_has_its_turn_alone(self, sink, another):
        inside, most = [], []

        def take(number: int) -> None:
            with (sink, another)[number % 2].lock("agency", 60, lambda: str(number)) as run_id:
                inside.append(run_id)
                most.append(len(inside))
                time.sleep(0.005)
                inside.remove(run_id)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(take, range(6)))
        assert most == [1] * 6

    def test_the_lock_is_free_once_its_holder_was_killed(self, sink):
        command = self.holder(sink, name="agency", run_id="run-of-the-dead")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout.readline() == "held\n"
                with (
                    pytest.raises(Locked, match=f"run-of-the-dead.*{process.pid}"),
                    sink.lock("agency", 0, lambda: "2"),
                ):
                    pass
            finally:
                process.kill()
            process.wait(timeout=10)
        with sink.lock("agency", 0, lambda: "3") as run_id:
            assert run_id == "3"
