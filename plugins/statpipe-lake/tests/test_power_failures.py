"""All is on the disk before the manifest that names it."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from statpipe.api import Environment, Manifest, Payload
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink


class Disk:
    """Notes what is flushed, and when an object gets its name."""

    def __init__(self, root, monkeypatch):
        self.events = []
        fsync, link, replace = os.fsync, os.link, os.replace

        def name(handle):
            return Path(f"/proc/self/fd/{handle}").readlink().relative_to(root).as_posix()

        def flushed(handle):
            path = name(handle)
            self.events.append("flush an object" if "#" in path else f"flush {path}")
            fsync(handle)

        def named(original):
            def call(staged, path, **at):
                folder = name(at["dst_dir_fd"])
                self.events.append(f"name {folder}/{path.split('-')[0].split('.')[0]}")
                original(staged, path, **at)

            return call

        monkeypatch.setattr(os, "fsync", flushed)
        monkeypatch.setattr(os, "link", named(link))
        monkeypatch.setattr(os, "replace", named(replace))


MANIFEST = Manifest(
    run_id="r",
    source="agency",
    environment="local",
    command="run",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    finished=datetime(2026, 1, 1, tzinfo=UTC),
    outcome="unchanged",
    exit_code=0,
)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a handle is of")
@pytest.mark.parametrize("fsync", [True, False])
def test_everything_is_flushed_before_the_manifest_is_written(tmp_path, monkeypatch, fsync):
    lake = LakeSink(LakeSettings(environment=Environment(name="local", home=tmp_path), fsync=fsync))
    disk = Disk(tmp_path / ".statpipe" / "lake" / "local", monkeypatch)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    lake.keep("agency", "T1", Payload(name="T1", body=b"x", retrieved=moment))
    lake.record(MANIFEST)
    day = "bronze/agency/T1/2026-01-01"
    expected = [
        "flush an object",
        f"name {day}/T1",
        "flush an object",
        f"name {day}/T1",
        "flush .",
        "flush bronze",
        "flush bronze/agency",
        "flush bronze/agency/T1",
        f"flush {day}",
        "flush an object",
        "name runs/agency/r",
        "flush .",
        "flush runs",
        "flush runs/agency",
        "flush an object",
        "name copies/agency/r",
        "flush .",
        "flush copies",
        "flush copies/agency",
    ]
    assert disk.events == [e for e in expected if fsync or e.startswith("name")]
