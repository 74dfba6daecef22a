"""What every lake promises: it keeps payloads, tables and manifests, and gives them back."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ClassVar, NoReturn

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import ContentError, Lake, Partition, PartitionKey, Payload, Sink
from statpipe.testing.partitions import (
    MOMENT,
    REVISED,
    SMALL,
    Figures,
    gold_partition,
    manifest_of,
    silver_partition,
)
from statpipe.testing.sink_contract import SinkContract
from statpipe.testing.thorough import thorough
from statpipe.testing.wording import agree, broken, told

_BRONZE = "keep the body byte for byte under its SHA-256, and what was asked beside it"
_TELL = "raise ContentError that names the place and says how to get it back"
_LISTED = "list what the store holds, by the whole key"
_PRINTS = "tell what fingerprint() tells of each partition that partitions() lists"
_FAULTS = "read all that belongs to it, compare it with its hash, and name what differs"
_MEND = "compare the existing object with the new one, and replace it if it differs"
_ASIDE = "put a whole copy in its place and return True, or list the run no longer and return False"
_THREADS = "let several threads call keep, write and fingerprint at the same time"
_RUNS = "sort by run id; run ids sort as the runs took their turns"


class StoreContract(SinkContract):
    """
    What is kept comes back as it was, and what is lost or damaged is told by its name.

    For a :class:`statpipe.api.Lake`. Override what :class:`SinkContract` asks for, and the methods
    that do damage: :meth:`lose_payload`, :meth:`damage_payload`, :meth:`damage_partition` and
    :meth:`damage_manifest`.
    """

    source: ClassVar[str] = "agency"
    """The owner of the Silver partitions that :meth:`silver_of` makes."""

    many_runs: ClassVar[int] = 1_050
    """So many runs are recorded at once: more than a store lists in one answer."""

    def silver_of(self, figures: Figures, *, source: str, dataset: str, vintage: str) -> Partition:
        """Make a partition of Silver."""
        return silver_partition(figures, source=source, dataset=dataset, vintage=vintage)

    def rows_in(self, sink: Lake, key: PartitionKey) -> list[dict[str, Any]]:  # type: ignore[override]
        """All rows under a key."""
        rows: list[dict[str, Any]] = sink.read(key).to_pylist()
        return rows

    def put_elsewhere(self, sink: Sink, key: PartitionKey) -> None:
        """A lake has one place for a name."""

    def lose_payload(self, lake: Lake, key: str) -> None:
        """Override: remove the Bronze object of this key."""
        self._not_said("lose_payload")

    def damage_payload(self, lake: Lake, key: str) -> None:
        """Override: change bytes of the Bronze object of this key."""
        self._not_said("damage_payload")

    def damage_partition(self, lake: Lake, key: PartitionKey) -> None:
        """Override: make the partition unreadable."""
        self._not_said("damage_partition")

    def damage_manifest(self, lake: Lake, source: str, run_id: str) -> None:
        """Override: make a run's manifest empty, and leave copies of it as they are."""
        self._not_said("damage_manifest")

    def silver(
        self, dataset: str = "T1", vintage: str = "2022-10-06", source: str | None = None
    ) -> Partition:
        """Make the partition of Silver that most of these tests write."""
        owner = source or self.source
        return self.silver_of(SMALL, source=owner, dataset=dataset, vintage=vintage)

    def test_payloads_are_read_back_byte_for_byte(self, sink: Lake) -> None:
        """Whatever the body, the name and the media type."""

        @settings(
            max_examples=self.examples * 4,
            deadline=None,
            report_multiple_bugs=False,
            database=None,
        )
        @given(
            payload=st.builds(
                Payload,
                name=st.sampled_from(["T1", "T1-line-9", "a.b_c"]),
                body=st.one_of(st.binary(max_size=40), st.just(b"\x00\r\n" * 3_000)),
                media_type=st.sampled_from(["application/json", "text/csv", "image/x-odd"]),
                request=st.just({"url": "https://api.example.org", "line": "9"}),
                retrieved=st.sampled_from([MOMENT, MOMENT.replace(year=2020)]),
                structure=st.booleans(),
            )
        )
        def roundtrip(payload: Payload) -> None:
            kept = sink.keep("agency", "T1", payload)
            agree(sink.payload(kept), payload, "a payload read back", _BRONZE)
            agree(kept.sha256, hashlib.sha256(payload.body).hexdigest(), "its sha256", _BRONZE)
            agree((kept.size, kept.name), (len(payload.body), payload.name), "its size", _BRONZE)
            agree(sink.keep("agency", "T1", payload), kept, "a payload kept twice", _BRONZE)

        roundtrip()

    def test_payloads_with_the_same_name_are_kept_separately(
        self, sink: Lake, another: Lake
    ) -> None:
        """Each body has a place of its own."""
        bodies = [b"first", b"second", b""]
        kept = [
            sink.keep("agency", "T1", Payload(name="T1", body=b, retrieved=MOMENT)) for b in bodies
        ]
        agree(len({k.key for k in kept}), 3, "the number of places of three bodies", _BRONZE)
        agree([another.payload(k).body for k in kept], bodies, "what is read back", _BRONZE)

    def test_payloads_may_be_kept_in_parallel(self, sink: Lake, another: Lake) -> None:
        """Several threads keep one each: each body is there afterwards."""
        bodies = [bytes([number]) * 9 for number in range(32)]
        payloads = [Payload(name="T1", body=body, retrieved=MOMENT) for body in bodies]
        with ThreadPoolExecutor(8) as threads:
            kept = list(threads.map(lambda one: sink.keep("agency", "T1", one), payloads))
        agree([another.payload(k).body for k in kept], bodies, "what is read back", _THREADS)

    def test_a_payload_without_a_time_gets_one(self, sink: Lake) -> None:
        """With a time zone."""
        kept = sink.keep("agency", "T1", Payload(name="T1", body=b"x"))
        if kept.retrieved is None or kept.retrieved.tzinfo is None:
            broken(f"`retrieved` is {kept.retrieved!r}", "take datetime.now(UTC) where it is None")
        agree(sink.payload(kept).body, b"x", "its body", _BRONZE)

    @pytest.mark.parametrize("accident", ["lose_payload", "damage_payload"])
    def test_a_lost_or_damaged_payload_is_reported_with_its_key(
        self, sink: Lake, accident: str
    ) -> None:
        """And the others are there."""
        kept = sink.keep("agency", "T1", Payload(name="T1", body=b"figures", retrieved=MOMENT))
        other = sink.keep("agency", "T1", Payload(name="T2", body=b"others", retrieved=MOMENT))
        getattr(self, accident)(sink, kept.key)
        self._told(lambda: sink.payload(kept), kept.key, "restore it from a backup")
        agree(sink.payload(other).body, b"others", "another payload", _BRONZE)

    @pytest.mark.parametrize("accident", ["lose_payload", "damage_payload"])
    def test_keeping_a_payload_again_repairs_a_lost_or_damaged_one(
        self, sink: Lake, another: Lake, accident: str
    ) -> None:
        """Whoever holds the right bytes in hand does not trust what lies in their place."""
        payload = Payload(name="T1", body=b"figures", retrieved=MOMENT)
        kept = sink.keep("agency", "T1", payload)
        agree(list(sink.faults(kept)), [], "faults() of a whole payload", _FAULTS)
        getattr(self, accident)(sink, kept.key)
        named = [fault.path for fault in another.faults(kept)]
        agree(named, [kept.key], "the objects that faults() names", _FAULTS)
        agree(sink.keep("agency", "T1", payload), kept, "a payload kept again", _MEND)
        agree(list(another.faults(kept)), [], "faults() of a payload kept again", _MEND)
        agree(another.payload(kept).body, b"figures", "its body", _MEND)

    def test_a_table_is_read_back_unchanged(self, sink: Lake, another: Lake) -> None:
        """Schema, metadata, rows and their order."""
        same = "write the table as it is, with its schema and its metadata"
        for partition in (self.silver(), gold_partition(SMALL)):
            sink.write(partition)
            for reader in (sink, another):
                found = reader.read(partition.key)
                agree(found.schema, partition.table.schema, "the schema read back", same)
                agree(found.to_pylist(), partition.table.to_pylist(), "the table read back", same)

    def test_some_rows_equal_those_of_the_whole_table(self, sink: Lake) -> None:
        """What is left out is nobody's."""
        partition = gold_partition(SMALL)
        sink.write(partition)
        wanted = [row for row in partition.table.to_pylist() if row["area"] == "CA"]
        found = sink.read_rows(partition.key, {"area": ["CA", "TX"]}).to_pylist()
        agree(
            [row for row in found if row["area"] in {"CA", "TX"}],
            wanted,
            "the wanted rows",
            "leave out no row that has one of the wanted texts in each column; more rows may come",
        )

    def test_a_missing_partition_is_reported_with_its_path(self, sink: Lake) -> None:
        """With what makes it."""
        key = self.silver().key
        self._told(lambda: sink.read(key), key.path, "run `statpipe transform ")

    def test_a_damaged_partition_is_reported_and_can_be_rebuilt(self, sink: Lake) -> None:
        """It has no fingerprint, so the next run makes it."""
        partition = self.silver()
        sink.write(partition)
        self.damage_partition(sink, partition.key)
        agree(
            sink.fingerprint(partition.key),
            None,
            "the fingerprint of a damaged partition",
            "give None for what cannot be read, so that it is written again",
        )
        self._told(lambda: sink.read(partition.key), partition.key.path, "run `statpipe ")
        agree(sink.write(partition).changed, True, "`changed` of writing it anew", _LISTED)
        agree(
            sink.read(partition.key).to_pylist(),
            partition.table.to_pylist(),
            "the table that was rebuilt",
            _LISTED,
        )

    def test_only_the_silver_of_one_source_is_listed(self, sink: Lake) -> None:
        """Not Gold, and not that of a source whose name begins alike."""
        agree(list(sink.partitions("agency")), [], "partitions() of an empty lake", _LISTED)
        mine = [self.silver("T1"), self.silver("T1", "2023-10-04.02"), self.silver("T2")]
        others = [self.silver("T1", source="agency_two"), gold_partition(SMALL, name="agency")]
        for partition in (*others, *reversed(mine)):
            sink.write(partition)
        agree(
            sorted(key.path for key in sink.partitions("agency")),
            sorted(partition.key.path for partition in mine),
            "partitions('agency')",
            _LISTED,
        )
        agree(
            [key.owner for key in sink.partitions("agency_two")],
            ["agency_two"],
            "owners of partitions('agency_two')",
            _LISTED,
        )

    def test_the_fingerprints_of_a_source_match_its_silver(self, sink: Lake, another: Lake) -> None:
        """Also of what was replaced or damaged since they were asked for."""
        mine = [self.silver("T1"), self.silver("T2"), self.silver("T3")]
        for partition in (*mine, self.silver("T1", source="agency_two")):
            sink.write(partition)
        whole = {partition.key: partition.fingerprint for partition in mine}
        agree(dict(sink.fingerprints("agency")), whole, "fingerprints('agency')", _PRINTS)
        sink.record(manifest_of())
        agree(dict(another.fingerprints("agency")), whole, "fingerprints('agency')", _PRINTS)
        replaced = self.silver_of(REVISED, source="agency", dataset="T1", vintage="2022-10-06")
        another.write(replaced)
        self.damage_partition(another, mine[1].key)
        now = {**whole, mine[0].key: replaced.fingerprint, mine[1].key: None}
        for lake in (sink, another):
            found = {key: lake.fingerprints("agency").get(key) for key in whole}
            agree(found, now, "fingerprints('agency') of what was replaced or damaged", _PRINTS)

    def test_runs_are_listed_oldest_first(self, sink: Lake, another: Lake) -> None:
        """By their ids, across sources."""
        agree(list(sink.run_ids()), [], "run_ids() of an empty lake", _RUNS)
        mine = [f"2026010{day}T000000000000Z-{tail}" for day, tail in ((1, "ffff"), (2, "0000"))]
        for run_id in reversed(mine):
            sink.record(manifest_of(run_id))
        between = "20260101T120000000000Z-aaaa"
        sink.record(manifest_of(between, "agency_two"))
        found = list(another.run_ids("agency"))
        agree(found, [("agency", run_id) for run_id in mine], "run_ids('agency')", _RUNS)
        found = list(another.run_ids("agency_two"))
        agree(found, [("agency_two", between)], "run_ids('agency_two')", _RUNS)
        agree(
            [run_id for _, run_id in another.run_ids()],
            [mine[0], between, mine[1]],
            "the runs of all sources",
            _RUNS,
        )
        agree(list(another.run_ids("nobody")), [], "run_ids('nobody')", _RUNS)

    def test_a_manifest_is_read_back_byte_for_byte(self, sink: Lake, another: Lake) -> None:
        """It reports a run that was never recorded."""
        whole = manifest_of()
        sink.record(whole)
        agree(
            another.manifest("agency", whole.run_id),
            whole.as_json(),
            "a manifest read back",
            "keep manifest.as_json() as it is",
        )
        self._told(lambda: sink.manifest("agency", "1999"), "no manifest of run 1999 of agency", "")

    @thorough
    def test_each_of_many_runs_is_listed(self, sink: Lake, another: Lake) -> None:
        """A store that lists a thousand objects at a time has to be asked again."""
        recorded = [f"20261006T141500000000Z-{number:04}" for number in range(self.many_runs)]
        for run_id in recorded:
            sink.record(manifest_of(run_id))
        found = [run_id for _, run_id in another.run_ids("agency")]
        agree(len(found), len(recorded), "the number of runs that are listed", "list page by page")

    def test_a_run_recorded_twice_is_listed_once(self, sink: Lake) -> None:
        """Its id is its place."""
        sink.record(manifest_of())
        sink.record(manifest_of())
        agree(len(sink.run_ids("agency")), 1, "the number of runs", "use the run id as the place")

    def test_a_recorded_manifest_cannot_be_replaced(self, sink: Lake, another: Lake) -> None:
        """A manifest is evidence: another one under the same id is refused."""
        whole = manifest_of()
        sink.record(whole)
        with suppress(Exception):
            another.record(attrs.evolve(whole, message="another story"))
        agree(
            sink.manifest("agency", whole.run_id),
            whole.as_json(),
            "the manifest of a run, after another one was recorded under its id",
            "write it only where there is none yet (put if absent), and refuse one that differs",
        )

    def test_a_damaged_manifest_is_restored_or_set_aside(self, sink: Lake, another: Lake) -> None:
        """So that a source goes on, from this run if there is a copy, or from the one before."""
        before, last = manifest_of(), manifest_of("20261007T141500000000Z-0000")
        sink.record(before)
        sink.record(last)
        run = ("agency", last.run_id)
        agree(list(sink.manifest_faults(*run)), [], "manifest_faults() of a whole one", _FAULTS)
        self.damage_manifest(sink, *run)
        if not any(last.run_id in fault.path for fault in another.manifest_faults(*run)):
            broken("a manifest is empty, and manifest_faults() does not name it", _FAULTS)
        restored = another.restore_manifest(*run)
        ids = [before.run_id, *([last.run_id] if restored else [])]
        agree([run_id for _, run_id in sink.run_ids("agency")], ids, "the runs listed", _ASIDE)
        if restored:
            agree(sink.manifest(*run), last.as_json(), "the manifest that was restored", _ASIDE)
            agree(list(sink.manifest_faults(*run)), [], "manifest_faults() after that", _ASIDE)
        agree(sink.manifest("agency", before.run_id), before.as_json(), "the one before", _ASIDE)

    def _told(self, read: object, place: str, remedy: str) -> None:
        __tracebackhide__ = True
        assert callable(read)
        try:
            read()
        except ContentError as error:
            if place not in str(error) or remedy not in str(error):
                broken(
                    f"the error is {told(error)}; expected {place!r} and {remedy!r} in it", _TELL
                )
        except Exception as error:  # noqa: BLE001 - whatever the author's code raises
            broken(f"a missing or damaged object raises {told(error)}", _TELL)
        else:
            broken(f"{place} is missing or damaged, but reading it reports nothing", _TELL)

    def _not_said(self, method: str) -> NoReturn:
        __tracebackhide__ = True
        broken(
            f"{type(self).__name__} does not say how to do damage: it needs the method `{method}`",
            "see the class statpipe.testing.StoreContract",
        )
