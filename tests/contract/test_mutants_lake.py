"""The contract of lakes is worth something: each of these broken ones is caught."""

import threading

import attrs
import pytest

from contract.promises import keep_promise
from contract.test_fakes import InMemory
from statpipe.api import Layer
from statpipe.testing import StoreContract
from statpipe.testing.fakes import MemoryLake
from support.patience import PATIENCE


class Lakes(InMemory, StoreContract):
    pass


class StripsPayloads(MemoryLake):
    def keep(self, source, dataset, payload):
        return super().keep(source, dataset, attrs.evolve(payload, body=payload.body.strip()))


class KeepsOneBodyAName(MemoryLake):
    def keep(self, source, dataset, payload):
        kept = super().keep(source, dataset, payload)
        found = self.bronze.pop(kept.key)
        self.bronze[payload.name] = found
        return attrs.evolve(kept, key=payload.name)


class KeepsWhatIsInItsHandOnly(MemoryLake):
    """Another thread has put its own payload there meanwhile: two of them meet in each call."""

    def __init__(self):
        super().__init__()
        self.meeting = threading.Barrier(2, timeout=PATIENCE)

    def keep(self, source, dataset, payload):
        self.in_hand = payload
        self.meeting.wait()
        return super().keep(source, dataset, self.in_hand)


class DoesNotVerify(MemoryLake):
    def payload(self, kept):
        found = self.bronze[kept.key]
        return attrs.evolve(found, retrieved=kept.retrieved)


class ListsAThousand(MemoryLake):
    def run_ids(self, source=None):
        return super().run_ids(source)[:1000]


class ListsGoldToo(MemoryLake):
    def partitions(self, source):
        return [key for key in self.held if key.owner == source]


class ListsByPrefix(MemoryLake):
    def partitions(self, source):
        silver = [key for key in self.held if key.layer == Layer.SILVER]
        return [key for key in silver if key.owner.startswith(source)]


class RemembersFingerprints(MemoryLake):
    """And does not check whether they are still right."""

    def __init__(self):
        super().__init__()
        self.remembered = {}

    def fingerprints(self, source):
        return super().fingerprints(source) | self.remembered

    def record(self, manifest):
        self.remembered = self.fingerprints(manifest.source)
        super().record(manifest)


class ListsRunsAsTheyCame(MemoryLake):
    def run_ids(self, source=None):
        return [run for run in self.runs if source in {None, run[0]}]


class SortsRunsBySource(MemoryLake):
    def run_ids(self, source=None):
        return sorted(super().run_ids(source))


class WritesManifestsAnew(MemoryLake):
    def manifest(self, source, run_id):
        return super().manifest(source, run_id).strip(b"{}")


class RecordsAnotherStory(MemoryLake):
    def record(self, manifest):
        for place in (self.runs, self.copies):
            place.pop((manifest.source, manifest.run_id), None)
        super().record(manifest)


class TrustsWhatIsThere(MemoryLake):
    def keep(self, source, dataset, payload):
        there = dict(self.bronze)
        kept = super().keep(source, dataset, payload)
        self.bronze.update(there)
        return kept


class FindsNoFault(MemoryLake):
    def faults(self, kept):
        return []


class LooksWhetherItIsThere(MemoryLake):
    def manifest_faults(self, source, run_id):
        return [] if (source, run_id) in self.runs else super().manifest_faults(source, run_id)


class SaysItIsRestored(MemoryLake):
    def restore_manifest(self, source, run_id):
        return True


class ForgetsTheRun(MemoryLake):
    def restore_manifest(self, source, run_id):
        whole = super().restore_manifest(source, run_id)
        for place in (self.runs, self.copies):
            place.pop((source, run_id), None)
        return whole


class ListsWhatIsSetAside(MemoryLake):
    def restore_manifest(self, source, run_id):
        return False


LAKES = {
    TrustsWhatIsThere: "test_keeping_a_payload_again_repairs_a_lost_or_damaged_one",
    FindsNoFault: "test_keeping_a_payload_again_repairs_a_lost_or_damaged_one",
    LooksWhetherItIsThere: "test_a_damaged_manifest_is_restored_or_set_aside",
    SaysItIsRestored: "test_a_damaged_manifest_is_restored_or_set_aside",
    ForgetsTheRun: "test_a_damaged_manifest_is_restored_or_set_aside",
    ListsWhatIsSetAside: "test_a_damaged_manifest_is_restored_or_set_aside",
    RecordsAnotherStory: "test_a_recorded_manifest_cannot_be_replaced",
    ListsAThousand: "test_each_of_many_runs_is_listed",
    StripsPayloads: "test_payloads_are_read_back_byte_for_byte",
    KeepsOneBodyAName: "test_payloads_with_the_same_name_are_kept_separately",
    KeepsWhatIsInItsHandOnly: "test_payloads_may_be_kept_in_parallel",
    DoesNotVerify: "test_a_lost_or_damaged_payload_is_reported_with_its_key",
    ListsGoldToo: "test_only_the_silver_of_one_source_is_listed",
    ListsByPrefix: "test_only_the_silver_of_one_source_is_listed",
    RemembersFingerprints: "test_the_fingerprints_of_a_source_match_its_silver",
    ListsRunsAsTheyCame: "test_runs_are_listed_oldest_first",
    SortsRunsBySource: "test_runs_are_listed_oldest_first",
    WritesManifestsAnew: "test_a_manifest_is_read_back_byte_for_byte",
}


@pytest.mark.parametrize(("mutant", "promise"), LAKES.items())
def test_a_lake_that_breaks_a_promise_is_caught(mutant, promise):
    with pytest.raises(pytest.fail.Exception, match="What to do: "):
        keep_promise(Lakes, promise, mutant())
