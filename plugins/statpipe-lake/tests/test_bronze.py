"""Bronze: unchanged payloads under descriptive names, never written twice."""

import gzip
import hashlib
import json
import time
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from statpipe.api import ContentError, Environment, Manifest, Payload
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink

PAYLOAD = Payload(
    name="T1-line-9",
    body='{"a": "í"}\r\n'.encode(),
    request={"url": "https://api.example.org/data", "line": "9"},
    retrieved=datetime(2026, 10, 6, 23, 59, tzinfo=UTC),
)
DIGEST = hashlib.sha256(PAYLOAD.body).hexdigest()


@pytest.fixture
def environment(tmp_path):
    return Environment(name="local", home=tmp_path)


@pytest.fixture
def lake(environment):
    return LakeSink(LakeSettings(environment=environment))


@pytest.fixture
def root(environment):
    return environment.home / ".statpipe" / "lake" / "local"


def files(root):
    """Every file with its bytes and the time it was written."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_the_path_contains_source_dataset_day_request_and_hash(lake, root):
    kept = lake.keep("agency", "T1", PAYLOAD)
    assert kept.key == f"bronze/agency/T1/2026-10-06/T1-line-9-{DIGEST}.json.gz"
    assert set(files(root)) == {kept.key, f"{kept.key}.meta.json"}


@pytest.mark.parametrize(
    ("media_type", "suffix"),
    [("text/csv", ".csv.gz"), ("application/zip", ".zip.gz"), ("image/x-odd", ".bin.gz")],
)
def test_the_path_ends_with_the_media_type(lake, media_type, suffix):
    kept = lake.keep("agency", "T1", attrs.evolve(PAYLOAD, media_type=media_type))
    assert kept.key.endswith(f"{DIGEST}{suffix}")


def test_the_day_is_in_utc(lake):
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 10, 7, 1, 0, tzinfo=tokyo)
    kept = lake.keep("agency", "T1", attrs.evolve(PAYLOAD, retrieved=moment))
    assert "/2026-10-06/" in kept.key
    assert lake.payload(kept).retrieved == moment


def test_any_gzip_program_reads_the_original_bytes(lake, root):
    kept = lake.keep("agency", "T1", PAYLOAD)
    assert gzip.decompress((root / kept.key).read_bytes()) == PAYLOAD.body


def test_a_note_beside_the_payload_has_the_request(lake, root):
    kept = lake.keep("agency", "T1", PAYLOAD)
    document = json.loads((root / f"{kept.key}.meta.json").read_bytes())
    assert len(document.pop("self_sha256")) == 64
    assert document == {
        "key": kept.key,
        "stored_sha256": hashlib.sha256((root / kept.key).read_bytes()).hexdigest(),
        "name": "T1-line-9",
        "sha256": DIGEST,
        "size": len(PAYLOAD.body),
        "media_type": "application/json",
        "request": {"url": "https://api.example.org/data", "line": "9"},
        "retrieved": "2026-10-06T23:59:00+00:00",
    }


def test_equal_payloads_give_equal_files_at_any_time_and_place(lake, root, tmp_path):
    """Gzip's header would hold the time of writing and the name of the file."""
    lake.keep("agency", "T1", PAYLOAD)
    time.sleep(1.1)  # gzip counts in seconds
    elsewhere = Environment(name="local", home=tmp_path / "elsewhere")
    LakeSink(LakeSettings(environment=elsewhere)).keep("agency", "T1", PAYLOAD)
    there = files(tmp_path / "elsewhere" / ".statpipe" / "lake" / "local")
    assert {n: body for n, (body, _) in files(root).items()} == {
        n: body for n, (body, _) in there.items()
    }


def test_an_existing_payload_is_never_rewritten(lake, root):
    kept = lake.keep("agency", "T1", PAYLOAD)
    before = files(root)
    assert lake.keep("agency", "T1", PAYLOAD) == kept
    lake.keep("agency", "T1", attrs.evolve(PAYLOAD, request={"url": "other"}))
    assert files(root) == before


def test_a_payload_without_its_note_is_completed_after_a_kill(lake, root):
    kept = lake.keep("agency", "T1", PAYLOAD)
    before = files(root)
    (root / f"{kept.key}.meta.json").unlink()
    lake.keep("agency", "T1", PAYLOAD)
    assert {n: body for n, (body, _) in files(root).items()} == {
        n: body for n, (body, _) in before.items()
    }


DAMAGES = [
    lambda body: b"",
    lambda body: body[:-1],
    lambda body: body + b"\0" * 40,
    lambda body: body[:4] + b"\1" + body[5:],  # in the header, where no reader looks
    lambda body: gzip.compress(b"other"),
    lambda body: b"\0" * len(body),
]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", ["", ".meta.json"])
def test_keeping_a_damaged_payload_again_repairs_it(lake, root, damage, suffix):
    kept = lake.keep("agency", "T1", PAYLOAD)
    before = files(root)
    path = root / f"{kept.key}{suffix}"
    path.write_bytes(damage(path.read_bytes()))
    (fault,) = lake.faults(kept)
    assert str(fault).startswith(f"{kept.key}{suffix} is damaged: ")
    assert lake.keep("agency", "T1", PAYLOAD) == kept
    assert lake.faults(kept) == []
    assert {n: body for n, (body, _) in files(root).items()} == {
        n: body for n, (body, _) in before.items()
    }


def test_the_note_of_another_run_on_the_same_payload_is_valid(lake, root):
    lake.keep("agency", "T1", PAYLOAD)
    before = files(root)
    later = attrs.evolve(PAYLOAD, retrieved=PAYLOAD.retrieved.replace(hour=1), request={"a": "b"})
    kept = lake.keep("agency", "T1", later)
    assert lake.faults(kept) == []
    assert files(root) == before


def test_a_payload_of_an_older_version_is_intact(lake, root):
    kept = lake.keep("agency", "T1", PAYLOAD)
    note = root / f"{kept.key}.meta.json"
    document = json.loads(note.read_bytes())
    for name in ("key", "self_sha256", "stored_sha256"):
        del document[name]
    note.write_text(json.dumps(document, indent=1, sort_keys=True))
    before = files(root)
    older = attrs.evolve(kept, stored_sha256="")
    assert lake.faults(older) == []
    lake.keep("agency", "T1", PAYLOAD)
    assert files(root) == before


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda body: b"", "it is empty"),
        (lambda body: body[:-1], "is damaged"),
        (lambda body: body[: len(body) // 2], "is damaged"),
        (lambda body: b"no gzip at all", "is damaged"),
        (lambda body: gzip.compress(b"other"), "its SHA-256 differs from the recorded one"),
        (lambda body: gzip.compress(b""), "its SHA-256 differs from the recorded one"),
    ],
)
def test_a_damaged_payload_is_reported_in_one_line_with_a_remedy(lake, root, damage, reason):
    kept = lake.keep("agency", "T1", PAYLOAD)
    path = root / kept.key
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ContentError) as caught:
        lake.payload(kept)
    text = str(caught.value)
    assert text.startswith(f"{kept.key} in Bronze is damaged: ")
    assert reason in text
    assert text.endswith(
        "; run `statpipe lake verify agency --repair`, or restore it from a backup"
    )
    assert "\n" not in text


def test_every_flipped_byte_is_noticed_or_harmless(lake, root):
    """The header of gzip holds bytes that mean nothing; no flip may give another body."""
    kept = lake.keep("agency", "T1", PAYLOAD)
    path = root / kept.key
    whole = path.read_bytes()
    noticed = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            assert lake.payload(kept) == PAYLOAD
        except ContentError:
            noticed += 1
    assert noticed > len(whole) * 2 // 3


def test_a_repeated_run_id_is_a_bug_and_overwrites_nothing(lake, root):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    manifest = Manifest(
        run_id="r",
        source="agency",
        environment="local",
        command="run",
        started=now,
        finished=now,
        outcome="unchanged",
        exit_code=0,
    )
    lake.record(manifest)
    before = files(root)
    with pytest.raises(RuntimeError, match=r"another run has already recorded runs/agency/r\.json"):
        lake.record(attrs.evolve(manifest, message="other"))
    assert files(root) == before
    assert lake.manifest("agency", "r") == manifest.as_json()
