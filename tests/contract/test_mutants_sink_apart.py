"""A sink keeps what it holds apart from all else, and leaves nothing open: each that does not is caught."""

import sys
import threading
import types

import attrs
import pytest

from contract.test_fakes import InMemory
from statpipe.api import Component, hookimpl
from statpipe.testing import SinkContract
from statpipe.testing.fakes import MemorySink
from statpipe.testing.offered import offered_names


class Sinks(InMemory, SinkContract):
    def put_elsewhere(self, sink, key):
        sink.elsewhere = {key.owner}


class CutsNames(MemorySink):
    """Keeps a table under a name with a prefix, of which a database keeps 63 letters."""

    def place(self, key):
        return attrs.evolve(key, owner=f"statpipe_{key.owner}"[:63])

    def fingerprint(self, key):
        return super().fingerprint(self.place(key))

    def write(self, partition):
        receipt = super().write(attrs.evolve(partition, key=self.place(partition.key)))
        self.held[partition.key] = partition
        return attrs.evolve(receipt, path=partition.key.path)


class DoesNotQuote(MemorySink):
    def write(self, partition):
        if partition.key.owner == "order":
            raise ValueError("syntax error at or near order")
        return super().write(partition)


class LooksEverywhere(MemorySink):
    elsewhere: set = set()  # noqa: RUF012 - replaced by put_elsewhere

    def fingerprint(self, key):
        return "0" * 64 if key.owner in self.elsewhere else super().fingerprint(key)


class LeavesFilesOpen(MemorySink):
    def __init__(self):
        super().__init__()
        self.open = []

    def write(self, partition):
        self.open.append(open(__file__))  # noqa: PTH123, SIM115 - that is the fault
        return super().write(partition)


class LeavesThreads(MemorySink):
    def __init__(self):
        super().__init__()
        self.enough = threading.Event()

    def fingerprint(self, key):
        threading.Thread(target=self.enough.wait, daemon=True).start()
        return super().fingerprint(key)


class EmptiesNothing(MemorySink):
    def remove_scratch(self):
        pass


class CommitsFirst(MemorySink):
    """Commits the fingerprint, and then the table."""

    def __init__(self):
        super().__init__()
        self.prints = {}

    def fingerprint(self, key):
        return self.prints.get(key)

    def commit(self, partition):
        self.prints[partition.key] = partition.fingerprint

    def write(self, partition):
        self.commit(partition)
        return super().write(partition)


class CountsRowsTwice(MemorySink):
    def write(self, partition):
        receipt = super().write(partition)
        return attrs.evolve(receipt, inserted=receipt.inserted + receipt.deleted + 1)


class IsCalledOtherwise(MemorySink):
    def write(self, partition):
        return attrs.evolve(super().write(partition), sink="postgres")


def keep(promise, sink, **more):
    test = getattr(Sinks(), promise)
    names = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    given = {"sink": sink, "another": sink, **more}
    test(**{name: given[name] for name in names})


CAUGHT = {
    CutsNames: ("test_long_names_are_kept", "one is taken for the other"),
    DoesNotQuote: ("test_reserved_words_of_sql_are_valid_names", "syntax error at or near order"),
    LooksEverywhere: (
        "test_another_object_with_the_same_name_is_not_changed",
        "the fingerprint of something else is '0000",
    ),
    LeavesFilesOpen: ("test_nothing_stays_open", "15 more files and connections are open"),
    LeavesThreads: ("test_nothing_stays_open", "15 more threads are open"),
    CommitsFirst: (
        "test_a_write_interrupted_between_two_changes_is_complete",
        "a write was interrupted after change 1 of 1, and a reader sees the new fingerprint with 3 rows",
    ),
    CountsRowsTwice: (
        "test_a_revision_replaces_the_earlier_rows",
        "inserted - deleted of the receipt of a revision is",
    ),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_sink_that_is_not_apart_is_caught(mutant):
    promise, words = CAUGHT[mutant]
    sink = mutant()
    with pytest.raises(pytest.fail.Exception, match="What to do: ") as failed:
        keep(promise, sink)
    assert words in str(failed.value)
    if isinstance(sink, LeavesThreads):
        sink.enough.set()


@pytest.mark.parametrize("promise", sorted({promise for promise, _ in CAUGHT.values()}))
def test_the_honest_one_keeps_them_all(promise):
    keep(promise, MemorySink())


def test_a_scratch_corner_that_is_not_emptied_is_caught():
    promise = "test_only_the_scratch_corner_is_emptied"
    with pytest.raises(pytest.fail.Exception, match="after remove_scratch"):
        keep(promise, MemorySink(), scratch=EmptiesNothing())
    with pytest.raises(pytest.skip.Exception, match="the fixture `scratch`"):
        keep(promise, MemorySink(), scratch=None)


@pytest.fixture
def offered(monkeypatch):
    """A plugin whose package is that of these sinks, and which offers one of them as memory."""
    package = __name__.partition(".")[0]
    plugin = types.ModuleType(f"{package}.plugin")
    place = f"{__name__}:IsCalledOtherwise"
    plugin.statpipe_sinks = hookimpl(lambda: [Component(name="memory", summary="m", factory=place)])
    monkeypatch.setitem(sys.modules, plugin.__name__, plugin)


def test_a_receipt_with_the_name_of_another_sink_is_caught(offered):
    with pytest.raises(
        pytest.fail.Exception, match="names the sink 'postgres', and the plugin offers memory"
    ):
        keep("test_receipts_name_the_sink", IsCalledOtherwise())


def test_a_sink_of_no_plugin_has_no_name():
    assert offered_names("sink", MemorySink()) == set()
    with pytest.raises(pytest.skip.Exception, match="whether receipts name the sink"):
        keep("test_receipts_name_the_sink", MemorySink())
