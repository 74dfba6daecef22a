"""The roles are small: what must be written is abstract, what may be left out does nothing."""

from datetime import date

import pytest

from statpipe.api import (
    Check,
    CheckResult,
    ConfigError,
    ContentError,
    Database,
    Dataset,
    Lake,
    Layer,
    Normalizer,
    Payload,
    Sink,
    Source,
    Unavailable,
    Vintage,
)
from statpipe.testing.fakes import MemoryLake
from statpipe.testing.partitions import manifest_of

DATASET = Dataset(name="T", title="t", normalizer="n")
VINTAGE = Vintage(released=date(2022, 10, 6))


@pytest.mark.parametrize(
    ("role", "must"),
    [
        (Source, {"datasets", "probe", "fetch"}),
        (Normalizer, {"normalize"}),
        (Check, {"check"}),
        (Sink, {"fingerprint", "write"}),
        (Database, {"fingerprint", "init", "load", "query", "start", "stop"}),
        (
            Lake,
            {
                "fingerprint",
                "write",
                "keep",
                "payload",
                "partitions",
                "read",
                "run_ids",
                "manifest",
                "lock",
            },
        ),
    ],
)
def test_a_role_has_only_these_abstract_methods(role, must):
    assert role.__abstractmethods__ == must
    assert all((getattr(role, name).__doc__ or "").strip() for name in must)
    with pytest.raises(TypeError, match="abstract method"):
        role()


class OneVintage(Source):
    def datasets(self):
        return [DATASET]

    def probe(self, dataset):
        return VINTAGE

    def fetch(self, dataset, vintage):
        yield from ()


def test_a_source_offers_only_the_vintage_of_its_probe():
    source = OneVintage()
    assert list(source.vintages(DATASET)) == [VINTAGE]
    assert source.requests(DATASET, VINTAGE) is None
    assert source.smallest(DATASET) is DATASET
    assert (source.notice, source.attribution, tuple(source.diagnose())) == ("", "", ())
    source.close()


def test_a_release_between_probe_and_fetch_is_refused():
    source = OneVintage()
    source.refuse_newer(DATASET, source.probe(DATASET))
    before = Vintage(released=date(2022, 10, 6), token="before")
    with pytest.raises(Unavailable, match="T was updated while it was being fetched; run again"):
        source.refuse_newer(DATASET, before)


def test_a_source_reads_no_archives_by_default():
    with pytest.raises(ConfigError) as caught:
        OneVintage().archive(["a.zip", "b.zip"])
    assert str(caught.value) == ("source OneVintage cannot read archives such as a.zip, b.zip")
    assert tuple(OneVintage().unreadable()) == ()


def test_a_check_applies_to_every_dataset_by_default():
    class Passes(Check):
        def check(self, current, previous):
            return CheckResult(
                check="c", dataset="T", vintage="v", severity="error", passed=True, message=""
            )

    assert Passes().applies_to(DATASET)


def test_a_sink_only_needs_two_methods():
    class Forgets(Sink):
        layers = frozenset({Layer.GOLD})

        def fingerprint(self, key):
            return None

        def write(self, partition):
            raise NotImplementedError

    sink = Forgets()
    sink.remove_scratch()
    sink.record(None)
    sink.close()
    assert (tuple(sink.diagnose()), sink.locations()) == ((), {})


class OldLake(MemoryLake):
    """A lake whose author knows nothing of damage."""

    faults = Lake.faults
    manifest_faults = Lake.manifest_faults
    restore_manifest = Lake.restore_manifest
    unnamed = Lake.unnamed
    vouches_for = Lake.vouches_for

    def payload(self, kept):
        if kept.key not in self.bronze:
            raise ContentError(f"{kept.key} is gone")
        return self.bronze[kept.key]


def test_a_lake_without_damage_methods_is_read_to_find_damage():
    lake = OldLake()
    kept = lake.keep("agency", "T1", Payload(name="T1", body=b"x"))
    run = ("agency", manifest_of().run_id)
    lake.record(manifest_of())
    assert (lake.faults(kept), lake.manifest_faults(*run)) == ([], [])
    assert lake.restore_manifest(*run)

    lake.bronze.clear()
    lake.runs[run] = lake.copies[run] = b""
    assert [str(fault) for fault in (*lake.faults(kept), *lake.manifest_faults(*run))] == [
        f"{kept.key} cannot be read: {kept.key} is gone",
        f"runs/agency/{run[1]} is damaged: it is empty",
    ]
    assert not lake.restore_manifest(*run)
