"""Objects are whole or not there, also while others write, die and sweep."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import Environment
from statpipe_lake.folder import FolderStore
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink
from support.written import files

paths = st.sampled_from(["a/x", "a/y", "b/x", "top"])
calls = st.lists(
    st.one_of(
        st.tuples(st.just("put"), paths, st.binary(max_size=9)),
        st.tuples(st.just("put_if_absent"), paths, st.binary(max_size=9)),
        st.tuples(st.just("tail"), paths, st.integers(1, 12)),
        st.tuples(st.just("get"), paths),
        st.tuples(st.just("paths"), st.sampled_from(["a", "b", "nothing"])),
    )
)


@settings(deadline=None, max_examples=60)
@given(sequence=calls)
def test_a_store_behaves_like_a_dict(tmp_path_factory, sequence):
    store, model = FolderStore(tmp_path_factory.mktemp("store")), {}
    for name, *arguments in sequence:
        found = getattr(store, name)(*arguments)
        where = arguments[0]
        if name == "put":
            model[where] = arguments[1]
        elif name == "put_if_absent":
            assert found == (where not in model)
            model.setdefault(where, arguments[1])
        elif name == "get":
            assert found == model.get(where)
        elif name == "tail":
            assert found == (model[where][-arguments[1] :] if where in model else None)
        else:
            assert found == sorted(path for path in model if path.startswith(f"{where}/"))


def test_one_of_eight_parallel_writers_wins_and_the_others_know_it(store):
    bodies = [bytes([number]) * 100_000 for number in range(8)]
    for turn in range(20):
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(store.put_if_absent, itertools.repeat(f"x/{turn}"), bodies))
        assert won.count(True) == 1
        assert store.get(f"x/{turn}") == bodies[won.index(True)]
    assert len(files(store.root)) == 20


def test_a_reader_always_sees_a_complete_object(store):
    bodies = {bytes([n]) * (1 + n * 50_000) for n in range(4)}
    ends = {body[-9:] for body in bodies}
    store.put("x", max(bodies))

    def write():
        for body in list(bodies) * 40:
            store.put("x", body)

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write) for _ in range(2)]
        while not all(writer.done() for writer in writers):
            assert store.get("x") in bodies
            assert store.tail("x", 9) in ends
        for writer in writers:
            writer.result()


def test_a_killed_writer_leaves_the_old_or_the_new_object(store):
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from statpipe_lake.folder import FolderStore
        store = FolderStore(Path(sys.argv[1]))
        print("writing", flush=True)
        for number in range(1_000_000):
            store.put("x", bytes([number % 256]) * 2_000_000)
        """
    )
    store.put("x", bytes(2_000_000))
    for pause in (0.005, 0.03, 0.1):
        command = [sys.executable, "-c", code, str(store.root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline()
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
        body = store.get("x")
        assert len(body) == 2_000_000
        assert len(set(body)) == 1
        assert store.paths("") == ["x"]


def half_written(store, path, age=0.0):
    """What a killed writer leaves: the name of the object, ``#`` and a number."""
    left = store.root / f"{path}#1"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half")
    os.utime(left, (time.time() - age,) * 2)
    return left


def test_a_half_written_object_is_not_listed(store):
    half_written(store, "a/x")
    assert store.get("a/x") is None
    assert store.paths("a") == []


def test_half_written_objects_below_a_prefix_are_removed(store):
    store.put("silver/agency/x", b"whole")
    half_written(store, "silver/agency/x")
    half_written(store, "silver/agency/deep/below/y")
    store.sweep("silver/agency")
    assert files(store.root) == ["silver/agency/x"]


def test_elsewhere_only_half_written_objects_older_than_an_hour_are_removed(store):
    fresh = half_written(store, "silver/agency_two/x", age=3000)
    old = half_written(store, "silver/agency_two/y", age=4000)
    store.sweep("silver/agency")
    assert fresh.exists()
    assert not old.exists()


def test_a_second_lock_only_searches_its_own_prefix(store):
    store.sweep("silver/agency")
    own, other = (
        half_written(store, f"silver/{one}/x", age=4000) for one in ("agency", "agency_two")
    )
    store.sweep("silver/agency")
    assert not own.exists()
    assert other.exists()


def test_complete_objects_are_never_removed(store):
    store.put("silver/agency/x", b"whole")
    os.utime(store.root / "silver/agency/x", (0, 0))
    store.sweep("silver/agency", "silver")
    assert store.get("silver/agency/x") == b"whole"


def test_the_lake_removes_leftovers_of_a_source_under_its_lock(tmp_path):
    lake = LakeSink(LakeSettings(environment=Environment(name="local", home=tmp_path)))
    root = tmp_path / ".statpipe" / "lake" / "local"
    own = [
        half_written(FolderStore(root), f"{layer}/agency/x")
        for layer in ("bronze", "silver", "runs")
    ]
    other = half_written(FolderStore(root), "silver/agency_two/x")
    with lake.lock("agency", 0, lambda: "1"):
        assert not [left for left in own if left.exists()]
        assert other.exists()


def test_an_object_set_aside_keeps_its_bytes_under_a_new_name(store):
    for body in (b"one", b"two"):
        store.put("a/x", body)
        store.set_aside("a/x")
    assert store.get("a/x") is None
    assert store.get("a/x.damaged") == b"one"
    assert store.get("a/x.damaged.2") == b"two"
