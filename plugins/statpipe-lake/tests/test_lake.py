"""The lake keeps what it was given, whole or not at all, and says what it holds."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from statpipe.api import (
    Column,
    ConfigError,
    ContentError,
    Environment,
    Layer,
    Locked,
    Manifest,
    Model,
    Partition,
    PartitionKey,
    Payload,
)
from statpipe_lake.parquet import fingerprint_in, to_parquet
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink
from statpipe_lake.store import ObjectStore

KEY = PartitionKey(layer=Layer.SILVER, owner="s", dataset="T", vintage="2022-10-06")
PRINT, OTHER = "ab" * 32, "cd" * 32
PAYLOAD = Payload(
    name="T-line-1",
    body=b'{"a": "\xc3\xad"}',
    request={"url": "u", "line": "1"},
    retrieved=datetime(2026, 10, 6, 23, 59, tzinfo=UTC),
)


def table(value="x"):
    return pa.table(
        {
            "code": pa.array(["a", "a", value]).dictionary_encode(),
            "figure": pa.array([None, "1.5", "2"]).cast(pa.decimal128(28, 8)),
        }
    )


def partition(value="x", fingerprint=PRINT, key=KEY):
    return Partition(key=key, table=table(value), fingerprint=fingerprint)


@pytest.fixture
def settings(tmp_path):
    return LakeSettings(environment=Environment(name="local", home=tmp_path))


@pytest.fixture
def lake(settings):
    return LakeSink(settings)


def manifest(run_id="20260101T000000000000Z-aaaa"):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Manifest(
        run_id=run_id,
        source="s",
        environment="local",
        command="run",
        started=now,
        finished=now,
        outcome="unchanged",
        exit_code=0,
    )


class TestPartitions:
    def test_nothing_is_held_before_the_first_write(self, lake):
        assert lake.fingerprint(KEY) is None
        assert lake.partitions("s") == []

    def test_writing_twice_equals_writing_once(self, lake, settings):
        first = lake.write(partition())
        path = settings.root / KEY.path / "part-0.parquet"
        before = path.stat()
        second = lake.write(partition())
        assert (first.inserted, first.changed) == (3, True)
        assert not second.changed
        assert path.stat().st_mtime_ns == before.st_mtime_ns
        assert lake.fingerprint(KEY) == PRINT
        assert lake.partitions("s") == [KEY]

    def test_a_table_comes_back_as_it_was(self, lake):
        lake.write(partition())
        assert lake.read(KEY).equals(table())
        assert lake.read(KEY).schema == table().schema

    def test_another_fingerprint_replaces(self, lake):
        lake.write(partition())
        lake.write(partition("y", OTHER))
        assert lake.fingerprint(KEY) == OTHER
        assert lake.read(KEY)["code"].to_pylist() == ["a", "a", "y"]

    def test_what_is_not_there_or_damaged_says_what_to_do(self, lake, settings):
        with pytest.raises(
            ContentError, match=r"the lake has no silver/s/.*run `statpipe transform`"
        ):
            lake.read(KEY)
        lake.write(partition())
        path = settings.root / KEY.path / "part-0.parquet"
        path.write_bytes(path.read_bytes()[:100])
        assert lake.fingerprint(KEY) is None
        with pytest.raises(ContentError, match=r"is damaged .*delete the file and run"):
            lake.read(KEY)

    def test_the_fingerprint_read_from_the_tail_is_that_of_the_footer(self):
        body = to_parquet(partition())
        assert (
            pq.read_schema(pa.BufferReader(body)).metadata[b"statpipe.fingerprint"].decode()
            == PRINT
        )
        assert fingerprint_in(body[-65536:]) == PRINT
        assert fingerprint_in(body[:-1]) is None

    def test_equal_tables_give_equal_bytes_in_any_process(self):
        code = textwrap.dedent(
            """
            import hashlib, sys
            sys.path.insert(0, sys.argv[1])
            from test_lake import partition
            from statpipe_lake.parquet import to_parquet
            print(hashlib.sha256(to_parquet(partition())).hexdigest())
            """
        )
        here = str(Path(__file__).parent)
        done = subprocess.run(
            [sys.executable, "-c", code, here], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == hashlib.sha256(to_parquet(partition())).hexdigest()

    def test_a_gold_table_tells_its_title_and_grain(self):
        column = Column(name="code", type="text", description="d")
        model = Model(
            name="m", title="A model", inputs=("s",), grain=("code",), columns=(column,), sql=""
        )
        made = attrs.evolve(partition(), model=model)
        metadata = pq.read_schema(pa.BufferReader(to_parquet(made))).metadata
        assert metadata[b"title"] == b"A model"
        assert metadata[b"grain"] == b"code"


class TestBronze:
    def test_a_payload_comes_back_byte_for_byte_under_a_name_that_tells_of_it(self, lake, settings):
        kept = lake.keep("s", "T", PAYLOAD)
        digest = hashlib.sha256(PAYLOAD.body).hexdigest()
        assert kept.key == f"bronze/s/T/2026-10-06/T-line-1-{digest}.json.gz"
        assert gzip.decompress((settings.root / kept.key).read_bytes()) == PAYLOAD.body
        assert lake.payload(kept) == PAYLOAD
        meta = json.loads((settings.root / f"{kept.key}.meta.json").read_text())
        assert meta["request"] == {"url": "u", "line": "1"}
        assert (meta["sha256"], meta["size"]) == (digest, len(PAYLOAD.body))

    def test_what_is_kept_is_never_written_again(self, lake, settings):
        kept = lake.keep("s", "T", PAYLOAD)
        files = {p: p.stat().st_mtime_ns for p in settings.root.rglob("*") if p.is_file()}
        assert lake.keep("s", "T", PAYLOAD) == kept
        assert {p: p.stat().st_mtime_ns for p in settings.root.rglob("*") if p.is_file()} == files

    @pytest.mark.parametrize("damage", ["gone", "cut", "other"])
    def test_a_payload_that_is_gone_or_damaged_is_told_by_its_key(self, lake, settings, damage):
        kept = lake.keep("s", "T", PAYLOAD)
        path = settings.root / kept.key
        if damage == "gone":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(path.read_bytes()[:15])
        else:
            path.write_bytes(gzip.compress(b"other"))
        with pytest.raises(ContentError) as caught:
            lake.payload(kept)
        assert kept.key in str(caught.value)
        assert "restore it from a backup" in str(caught.value)


class TestManifests:
    def test_runs_are_listed_in_the_order_of_their_ids(self, lake):
        for name in ("20260102T000000000000Z-aaaa", "20260101T000000000000Z-bbbb"):
            lake.record(manifest(name))
        assert [run for _, run in lake.run_ids("s")] == [
            "20260101T000000000000Z-bbbb",
            "20260102T000000000000Z-aaaa",
        ]
        assert lake.run_ids() == lake.run_ids("s")
        assert lake.run_ids("other") == []

    def test_a_manifest_is_written_once(self, lake):
        lake.record(manifest())
        lake.record(manifest())
        with pytest.raises(RuntimeError, match="must not repeat"):
            lake.record(attrs.evolve(manifest(), message="another"))


class TestLock:
    def test_the_second_holder_is_told_who_and_since_when(self, lake):
        with (
            lake.lock("s", 0, lambda: "run-1"),
            pytest.raises(Locked) as caught,
            lake.lock("s", 0, lambda: "run-2"),
        ):
            pass
        text = str(caught.value)
        assert "s in environment local is locked by run run-1" in text
        assert f"process {os.getpid()}" in text
        assert "since 20" in text
        assert "--wait" in text

    def test_it_is_free_afterwards_and_for_other_names(self, lake):
        with lake.lock("s", 0, lambda: "1"), lake.lock("t", 0, lambda: "2"):
            pass
        with lake.lock("s", 0, lambda: "3") as run_id:
            assert run_id == "3"

    def test_it_is_free_once_its_holder_is_killed(self, lake, tmp_path):
        code = textwrap.dedent(
            """
            import sys, time
            from pathlib import Path
            from statpipe.api import Environment
            from statpipe_lake.settings import LakeSettings
            from statpipe_lake.sink import LakeSink
            lake = LakeSink(LakeSettings(environment=Environment(name="local", home=Path(sys.argv[1]))))
            with lake.lock("s", 0, lambda: "killed"):
                print("held", flush=True)
                time.sleep(60)
            """
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(Locked, match="run killed"), lake.lock("s", 0, lambda: "x"):
                pass
            holder.send_signal(signal.SIGKILL)
        with lake.lock("s", 0, lambda: "y"):
            pass

    def test_waiting_gets_the_lock_when_it_is_free(self, lake):
        def hold():
            with lake.lock("s", 0, lambda: "1"):
                time.sleep(0.5)

        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(hold)
            time.sleep(0.1)
            with lake.lock("s", 30, lambda: "2"):
                assert held.done()

    def test_what_killed_writers_left_is_swept_under_the_lock(self, lake, settings):
        lake.write(partition())
        left = settings.root / KEY.path / "part-0.parquet#1"
        left.write_bytes(b"half")
        elsewhere = settings.root / "silver" / "other" / "part-0.parquet#1"
        elsewhere.parent.mkdir(parents=True)
        elsewhere.write_bytes(b"somebody is at work on it")
        with lake.lock("s", 0, lambda: "1"):
            assert not left.exists()
            assert elsewhere.exists()


class TestStore:
    def test_of_many_writers_one_wins(self, tmp_path):
        store = ObjectStore(tmp_path / "lake")
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda n: store.put_if_absent("x/y", str(n).encode()), range(32)))
        assert won.count(True) == 1
        assert store.get("x/y") == str(won.index(True)).encode()

    def test_a_folder_that_cannot_be_made_is_a_matter_of_configuration_or_disk(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(Exception, match=r"the lake .*file") as caught:
            ObjectStore(tmp_path / "file" / "lake")
        assert type(caught.value).__name__ in {"ConfigError", "Unavailable"}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
    def test_a_full_disk_is_one_readable_line(self, tmp_path):
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], check=False
        )
        if mounted.returncode:
            pytest.skip("this machine mounts nothing")
        try:
            store = ObjectStore(tmp_path / "lake")
            with pytest.raises(Exception, match="free some space") as caught:
                store.put("x", bytes(1 << 20))
            assert "\n" not in str(caught.value)
            assert not [p for p in (tmp_path / "lake").rglob("*") if p.is_file()]
        finally:
            subprocess.run(["umount", str(tmp_path)], check=True)


class TestSettings:
    def test_an_address_is_refused_while_lakes_are_folders(self, settings):
        with pytest.raises(
            ConfigError, match="starts with s3://, and this version keeps lakes in folders"
        ):
            _ = attrs.evolve(settings, path="s3://bucket/x").root

    def test_environments_and_corners_lie_apart(self, settings, tmp_path):
        assert settings.root == tmp_path / ".statpipe" / "lake" / "local"
        corner = attrs.evolve(settings.environment, scratch="smoke_1")
        lake = LakeSink(attrs.evolve(settings, environment=corner))
        lake.write(partition())
        assert (settings.root / "scratch" / "smoke_1" / KEY.path).is_dir()
        lake.remove_scratch()
        assert not (settings.root / "scratch").exists()

    def test_without_a_corner_nothing_is_removed(self, lake):
        lake.write(partition())
        lake.remove_scratch()
        assert lake.fingerprint(KEY) == PRINT
