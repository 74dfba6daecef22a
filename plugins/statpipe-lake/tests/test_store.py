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


<<<<<<< HEAD
=======
# --- Trouble ---------------------------------------------------------------------------------------

CHILD = textwrap.dedent(
    """
    import os, resource, sys
    from datetime import UTC, datetime
    from pathlib import Path
    import pyarrow as pa
    import pyarrow.parquet  # before the rights to read it are gone
    from statpipe.api import *
    from statpipe_lake.settings import LakeSettings
    from statpipe_lake.sink import LakeSink

    _, what, path, user, limit = sys.argv
    home = Path(path)
    if os.geteuid() == 0 and int(user):
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    key = PartitionKey(layer=Layer.GOLD, owner="m")
    table = pa.table({"a": [os.urandom(1 << 20).hex()]})
    try:
        lake = LakeSink(LakeSettings(environment=Environment(name="local", home=home)))
        if what == "write":
            lake.write(Partition(key=key, table=table, fingerprint=os.urandom(32).hex()))
        if what == "keep":
            lake.keep("agency", "T1", Payload(name="T1", body=os.urandom(1 << 20), retrieved=moment))
        if what == "record":
            lake.record(Manifest(run_id="r", source="agency", environment="local", command="run",
                                 started=moment, finished=moment, outcome="failed", exit_code=1,
                                 message="x" * (1 << 20)))
        if what == "lock":
            with lake.lock("agency", 0, lambda: "1"):
                pass
        if what == "diagnose":
            (finding,) = lake.diagnose()
            print(finding.state, finding.finding, finding.remedy, sep=chr(10))
            sys.exit(0)
    except StatpipeError as error:
        print(type(error).__name__, error, sep=chr(10))
    else:
        print("done")
    """
)


def child(what, home, *, user=0, limit=0):
    """Do something to a lake in another process; give the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, what, str(home), str(user), str(limit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def open_folder():
    """A folder that every user may enter; pytest's own are closed to all but one."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def forbid(folder):
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def allow(folder):
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_folder_that_an_ordinary_user_may_not_make_is_told_by_its_path(open_folder):
    open_folder.chmod(0o555)
    kind, text = child("open", open_folder, user=NOBODY)
    assert kind == "ConfigError"
    assert text.startswith(f"the lake cannot be written: {open_folder}/.statpipe")
    assert "Permission denied" in text
    assert text.endswith("give this user permission to write there, or set another path")


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("write", "gold/m/part-0.parquet"),
        ("keep", "bronze/agency/T1/2026-01-01/T1-"),
        ("record", "runs/agency/r.json"),
        ("lock", "locks/agency.lock"),
    ],
)
def test_whatever_an_ordinary_user_may_not_write_is_told_by_its_path(open_folder, what, where):
    root = open_folder / ".statpipe" / "lake" / "local"
    FolderStore(root)
    forbid(open_folder)
    try:
        kind, text = child(what, open_folder, user=NOBODY)
    finally:
        allow(open_folder)
    assert kind == "ConfigError"
    assert f"{root}/{where}" in text
    assert "Permission denied" in text
    assert "give this user permission to write there" in text
    assert files(open_folder) == []


def test_the_doctor_says_so_too(open_folder):
    root = open_folder / ".statpipe" / "lake" / "local"
    FolderStore(root)
    forbid(open_folder)
    try:
        state, finding, remedy = child("diagnose", open_folder, user=NOBODY)
    finally:
        allow(open_folder)
    assert state == "error"
    assert str(root) in finding
    assert remedy == f"make {root} writable, or set another path"


@pytest.mark.parametrize("name", ["lake", "lake/local"])
def test_a_file_in_the_way_is_a_matter_of_configuration(tmp_path, name):
    blocked = tmp_path / ".statpipe" / name
    blocked.parent.mkdir(parents=True)
    blocked.write_text("in the way")
    with pytest.raises(ConfigError, match=r"the lake cannot be written: .*set another path"):
        LakeSink(LakeSettings(environment=Environment(name="local", home=tmp_path)))


@pytest.mark.parametrize("what", ["write", "keep", "record"])
def test_a_file_that_may_not_grow_is_one_readable_line_and_leaves_nothing(open_folder, what):
    """The kernel refuses the bytes in the middle of an object, as a full disk does."""
    kind, text = child(what, open_folder, limit=64 * 1024)
    assert kind == "Unavailable"
    assert text.startswith(f"the lake failed at {open_folder}/.statpipe/lake/local/")
    assert "os error 27" in text
    assert text.endswith("free some space or repair the disk, and run again")
    assert files(open_folder) == []


def test_a_disk_that_filled_up_keeps_what_was_there(open_folder):
    assert child("write", open_folder) == ["done"]
    before = {n: (open_folder / n).read_bytes() for n in files(open_folder)}
    kind, _ = child("write", open_folder, limit=64 * 1024)
    assert kind == "Unavailable"
    assert {n: (open_folder / n).read_bytes() for n in files(open_folder)} == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_is_one_readable_line(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        store = FolderStore(tmp_path / "lake")
        store.put("x", b"old")
        with pytest.raises(Unavailable, match=r"os error 28.*free some space") as caught:
            store.put("x", os.urandom(1 << 20))
        assert "\n" not in str(caught.value)
        assert store.get("x") == b"old"
        assert files(tmp_path / "lake") == ["x"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_an_object_of_somebody_else_s_making_in_the_way_is_told_by_its_path(store):
    store.put("a", b"a file")
    with pytest.raises(ConfigError, match=r"lake/a is a file, not a folder; put a folder in its"):
        store.put("a/b", b"x")
    with pytest.raises(ContentError, match=r"lake/a is a file, not a folder; put a folder in its"):
        store.get("a/b")


# --- Nothing is followed ---------------------------------------------------------------------------


@pytest.fixture
def precious(tmp_path):
    """A file outside of the lake."""
    path = tmp_path / "precious"
    path.write_bytes(b"precious")
    return path


STRANGE = {
    "a symbolic link": lambda path, other: path.symlink_to(other),
    "a folder": lambda path, _: path.mkdir(),
    "a named pipe": lambda path, _: os.mkfifo(path),
}


@pytest.mark.parametrize(("kind", "make"), STRANGE.items())
def test_what_is_not_a_file_is_not_read_and_never_waited_for(store, precious, kind, make):
    (store.root / "a").mkdir()
    make(store.root / "a" / "x", precious)
    for read in (store.get, lambda path: store.tail(path, 9)):
        with pytest.raises(ContentError, match=f"lake/a/x is {kind}, not a file"):
            read("a/x")
    assert not store.put_if_absent("a/x", b"mine")


@pytest.mark.parametrize(("kind", "make"), STRANGE.items())
def test_an_object_takes_the_place_of_what_is_not_a_file(store, precious, kind, make):
    (store.root / "a").mkdir()
    make(store.root / "a" / "x", precious)
    store.put("a/x", b"mine")
    assert store.get("a/x") == b"mine"
    assert precious.read_bytes() == b"precious"
    set_aside = [p.name for p in (store.root / "a").iterdir() if p.name != "x"]
    assert set_aside == (["x.damaged"] if kind == "a folder" else [])


def test_a_folder_that_is_a_link_is_neither_read_nor_written(store, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x").write_bytes(b"theirs")
    (store.root / "a").symlink_to(elsewhere)
    told = r"lake/a is a symbolic link, not a folder; put a folder in its place"
    for call in (lambda: store.get("a/x"), lambda: store.paths("a")):
        with pytest.raises(ContentError, match=told):
            call()
    for call in (lambda: store.put("a/x", b"mine"), lambda: store.put("a/b/x", b"mine")):
        with pytest.raises(ConfigError, match=told):
            call()
    assert store.paths("") == []
    assert files(elsewhere) == ["x"]


def test_half_written_objects_behind_a_link_are_not_swept(store, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x#1").write_bytes(b"theirs")
    (store.root / "silver").symlink_to(elsewhere)
    store.sweep("silver")
    assert files(elsewhere) == ["x#1"]


def test_the_lake_itself_may_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "lake").symlink_to(tmp_path / "disk")
    store = FolderStore(tmp_path / "lake")
    store.put("a/x", b"mine")
    assert store.get("a/x") == b"mine"
    assert files(tmp_path / "disk") == ["a/x"]


def test_a_scratch_corner_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "scratch").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="scratch is a symbolic link, not a folder"):
        FolderStore(tmp_path / "lake", corner="scratch/smoke")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_system_that_may_not_be_written_is_a_matter_of_configuration(store, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigError, match=r"Read-only file system \(os error 30\); give this user"):
        store.put_if_absent("a/x", b"mine")
    assert files(store.root) == []


>>>>>>> 040b7a1 (Messages and docstrings of the API, the domain, the engine and the plugins are in plain English)
def test_what_is_set_aside_keeps_its_bytes_under_a_name_of_its_own(store):
    for body in (b"one", b"two"):
        store.put("a/x", body)
        store.set_aside("a/x")
    assert store.get("a/x") is None
    assert store.get("a/x.damaged") == b"one"
    assert store.get("a/x.damaged.2") == b"two"
