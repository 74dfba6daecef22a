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
def test_it_does_what_a_dict_does(tmp_path_factory, sequence):
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


def test_of_eight_writers_at_once_one_wins_and_the_others_are_told(store):
    bodies = [bytes([number]) * 100_000 for number in range(8)]
    for turn in range(20):
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(store.put_if_absent, itertools.repeat(f"x/{turn}"), bodies))
        assert won.count(True) == 1
        assert store.get(f"x/{turn}") == bodies[won.index(True)]
    assert len(files(store.root)) == 20


def test_a_reader_sees_one_object_whole_while_writers_replace_it(store):
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


def test_a_writer_that_is_killed_leaves_the_old_object_or_the_new_one(store):
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


def test_what_is_half_written_is_no_object(store):
    half_written(store, "a/x")
    assert store.get("a/x") is None
    assert store.paths("a") == []


def test_below_a_prefix_everything_half_written_is_swept(store):
    store.put("silver/agency/x", b"whole")
    half_written(store, "silver/agency/x")
    half_written(store, "silver/agency/deep/below/y")
    store.sweep("silver/agency")
    assert files(store.root) == ["silver/agency/x"]


def test_elsewhere_only_what_is_older_than_an_hour_is_swept(store):
    fresh = half_written(store, "silver/agency_two/x", age=3000)
    old = half_written(store, "silver/agency_two/y", age=4000)
    store.sweep("silver/agency")
    assert fresh.exists()
    assert not old.exists()


def test_a_second_lock_looks_at_no_more_than_its_own(store):
    store.sweep("silver/agency")
    own, other = (
        half_written(store, f"silver/{one}/x", age=4000) for one in ("agency", "agency_two")
    )
    store.sweep("silver/agency")
    assert not own.exists()
    assert other.exists()


def test_whole_objects_are_never_swept_however_old(store):
    store.put("silver/agency/x", b"whole")
    os.utime(store.root / "silver/agency/x", (0, 0))
    store.sweep("silver/agency", "silver")
    assert store.get("silver/agency/x") == b"whole"


def test_the_lake_sweeps_its_source_s_rests_when_it_has_the_lock(tmp_path):
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


def test_what_is_set_aside_keeps_its_bytes_under_a_name_of_its_own(store):
    for body in (b"one", b"two"):
        store.put("a/x", body)
        store.set_aside("a/x")
    assert store.get("a/x") is None
    assert store.get("a/x.damaged") == b"one"
    assert store.get("a/x.damaged.2") == b"two"
