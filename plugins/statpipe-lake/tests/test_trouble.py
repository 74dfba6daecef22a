"""What a folder does not allow or hold is one readable line, and leaves nothing."""

import errno
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from statpipe.api import ConfigError, ContentError, Environment, Unavailable
from statpipe_lake.folder import FolderStore
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink
from support.written import files

NOBODY = 65534
"""An ordinary user, for whom rights count."""
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


def test_a_folder_that_cannot_be_created_is_named(open_folder):
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
def test_every_unwritable_path_is_named(open_folder, what, where):
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


def test_the_doctor_names_an_unwritable_path(open_folder):
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
def test_a_file_in_place_of_a_folder_is_a_config_error(tmp_path, name):
    blocked = tmp_path / ".statpipe" / name
    blocked.parent.mkdir(parents=True)
    blocked.write_text("in the way")
    with pytest.raises(ConfigError, match=r"the lake cannot be written: .*set another path"):
        LakeSink(LakeSettings(environment=Environment(name="local", home=tmp_path)))


@pytest.mark.parametrize("what", ["write", "keep", "record"])
def test_a_write_that_fails_halfway_is_one_line_and_leaves_nothing(open_folder, what):
    """The kernel refuses the bytes in the middle of an object, as a full disk does."""
    kind, text = child(what, open_folder, limit=64 * 1024)
    assert kind == "Unavailable"
    assert text.startswith(f"the lake failed at {open_folder}/.statpipe/lake/local/")
    assert "os error 27" in text
    assert text.endswith("free some space or repair the disk, and run again")
    assert files(open_folder) == []


def test_existing_objects_survive_a_full_disk(open_folder):
    assert child("write", open_folder) == ["done"]
    before = {n: (open_folder / n).read_bytes() for n in files(open_folder)}
    kind, _ = child("write", open_folder, limit=64 * 1024)
    assert kind == "Unavailable"
    assert {n: (open_folder / n).read_bytes() for n in files(open_folder)} == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_is_reported_in_one_line(tmp_path):
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


def test_a_foreign_object_in_the_way_is_named(store):
    store.put("a", b"a file")
    with pytest.raises(
        ConfigError, match=r"lake/a is a file, not a folder; replace it with a folder"
    ):
        store.put("a/b", b"x")
    with pytest.raises(
        ContentError, match=r"lake/a is a file, not a folder; replace it with a folder"
    ):
        store.get("a/b")


def test_a_read_only_file_system_is_a_config_error(store, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigError, match=r"Read-only file system \(os error 30\); give this user"):
        store.put_if_absent("a/x", b"mine")
    assert files(store.root) == []
