"""A lake that a disk, a power failure or a person has damaged: found, repaired, and as it was before.

Each case copies an undisturbed lake, damages one file of it (two, if they are swapped), and looks.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from statpipe.api import Locked
from statpipe.domain.in_order import put_together
from statpipe.engine.runs.run import run_sources
from statpipe.engine.runs.verify import Verified, verify
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_site
from statpipe.engine.stages.options import Options
from statpipe_lake import plugin as lake_plugin
from statpipe_lake.parquet import from_parquet
from support.tea import DATASETS, LATEST, PORTS, SOURCE, TeaAgency, TeaPlugin, family, prices

FIRST, SECOND = "2024-03-01", "2024-06-01"


@attrs.frozen
class Home:
    """A folder with a lake, and the agency it was loaded from. ``bucket`` puts the lake on S3."""

    folder: Path
    agency: TeaAgency
    bucket: dict[str, str] = attrs.field(factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / ".statpipe" / "lake" / "local"

    def site(self) -> Site:
        registry = Registry(
            [
                ("tea", "statpipe-tea", "1", TeaPlugin(lambda: self.agency, [LATEST, *family()])),
                ("lake", "statpipe-lake", "1", lake_plugin),
            ]
        )
        document: dict[str, Any] = {
            "environments": {"local": {"sinks": {"lake": {"fsync": False, **self.bucket}}}},
            "engine": {"workers": 1},
        }
        configuration = Configuration(path=None, home=self.folder, document=document, variables={})
        return open_site(configuration, registry, "local")

    def run(self, **options: Any) -> Any:
        site = self.site()
        try:
            (manifest,) = run_sources(site, [SOURCE], Options(**options))
        finally:
            site.close()
        return manifest

    def verify(self, **how: Any) -> Verified:
        site = self.site()
        try:
            return verify(site, **how)
        finally:
            site.close()

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and "locks" not in path.parts
        }

    def copied(self, folder: Path) -> Home:
        shutil.copytree(self.folder, folder, symlinks=True)
        return Home(folder, self.agency)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two releases and a run that found nothing; the agency offers the second release."""
    agency = TeaAgency(ports=PORTS[:2])
    home = Home(tmp_path_factory.mktemp("undisturbed"), agency)
    for released, figures in ((FIRST, prices()), (SECOND, prices(2))):
        for name in DATASETS:
            agency.publish(name, released, figures)
        assert home.run().outcome == "loaded"
    assert home.run().outcome == "unchanged"
    assert home.verify().findings == ()
    return home


# --- Damage ----------------------------------------------------------------------------------------


def flip_a_bit(rng: random.Random, path: Path, _home: Home) -> None:
    body = bytearray(path.read_bytes())
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    path.write_bytes(body)


def tear(rng: random.Random, path: Path, _home: Home) -> None:
    body = path.read_bytes()
    path.write_bytes(body[: rng.choice([0, rng.randrange(len(body)), len(body) - 1])])


def lose_blocks(rng: random.Random, path: Path, _home: Home) -> None:
    """The size is right, and the end was never written: what a power failure leaves."""
    body = path.read_bytes()
    start = rng.randrange(len(body))
    path.write_bytes(body[:start] + bytes(len(body) - start))


def append(rng: random.Random, path: Path, _home: Home) -> None:
    path.write_bytes(path.read_bytes() + rng.choice([b"\n", b"\0" * 9, rng.randbytes(40)]))


def delete(_rng: random.Random, path: Path, _home: Home) -> None:
    path.unlink()


def swap(rng: random.Random, path: Path, home: Home) -> None:
    others = [home.root / name for name in home.files()]
    other = rng.choice([one for one in others if one.suffix == path.suffix and one != path])
    mine, its = path.read_bytes(), other.read_bytes()
    path.write_bytes(its)
    other.write_bytes(mine)


def put_a_folder(_rng: random.Random, path: Path, _home: Home) -> None:
    path.unlink()
    path.mkdir()


def put_a_link(_rng: random.Random, path: Path, home: Home) -> None:
    """To a file with the very same bytes: it is still not the lake's."""
    elsewhere = home.folder / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def put_a_pipe(_rng: random.Random, path: Path, _home: Home) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: list[Callable[[random.Random, Path, Home], None]] = [
    flip_a_bit,
    tear,
    lose_blocks,
    append,
    delete,
    swap,
    put_a_folder,
    put_a_link,
    put_a_pipe,
]


def damaged(home: Home, seed: int) -> str:
    """Damage something; say what, for the message of a test that fails."""
    rng = random.Random(seed)
    before = home.files()
    while True:
        path = home.root / rng.choice(list(before))
        damage = DAMAGES[seed % len(DAMAGES)]
        damage(rng, path, home)
        if home.files() != before or not path.is_file() or path.is_symlink():
            return f"{damage.__name__} {path.relative_to(home.root)}"


@pytest.mark.parametrize(
    "seeds", [range(54), pytest.param(range(54, 360), marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_every_damage_is_found_and_repaired_or_listed(
    undisturbed: Home, tmp_path: Path, seeds: range
) -> None:
    for seed in seeds:
        home = undisturbed.copied(tmp_path / str(seed))
        what = f"seed {seed}: {damaged(home, seed)}"
        left = seen(home)

        found = home.verify()
        assert found.damaged, what
        assert seen(home) == left, f"{what}: verify wrote something"

        repaired = home.verify(repair=True)
        stay = [finding for finding in repaired.findings if finding.state == "damaged"]
        for finding in stay:
            assert finding.path.startswith("bronze/"), (what, finding)
            assert f"offers {SECOND} of " in finding.finding, (what, finding)
            assert f" now, not {FIRST}; restore it" in finding.finding, (what, finding)
        lost = {finding.path for finding in stay}
        assert differing(home, undisturbed) <= lost, what

        again = home.verify()
        assert {f.path for f in again.findings if f.state == "damaged"} == lost, what
        assert home.run().outcome == "unchanged", what
        shutil.rmtree(home.folder)


def seen(home: Home) -> list[tuple[str, int]]:
    """Everything in the lake, with the time of its last change."""
    return sorted((str(path), path.lstat().st_mtime_ns) for path in home.root.rglob("*"))


def differing(home: Home, undisturbed: Home) -> set[str]:
    """Name the objects that are not as they were, byte for byte; those set aside are nobody's."""
    now, before = home.files(), undisturbed.files()
    names = {name for name in now.keys() | before.keys() if ".damaged" not in name}
    return {name for name in names if now.get(name) != before.get(name)}


# --- Lakes of older versions -----------------------------------------------------------------------


def age(home: Home) -> None:
    """Take away what older versions did not write: hashes in files, places in footers, copies, parts."""
    shutil.rmtree(home.root / "copies")
    for path in home.root.rglob("*.json"):
        text = path.read_text()
        for name in ("self_sha256", "stored_sha256", "key"):
            if name != "key" or path.name.endswith(".meta.json"):
                text = re.sub(rf',\n *"{name}": "[^"]*"|\n *"{name}": "[^"]*",', "", text)
        json.loads(text)
        path.write_text(text)
    # In a table with parts, the file that lists them comes first, and becomes the whole table.
    for path in sorted(home.root.rglob("*.parquet")):
        if not path.exists():
            continue
        metadata = pq.read_metadata(path).metadata
        table = from_parquet(path.read_bytes())
        if b"statpipe.parts" in metadata:
            parts = list(path.parent.glob("part-[1-9]*.parquet"))
            tables = [table, *(from_parquet(part.read_bytes()) for part in parts)]
            table = put_together(tables, metadata[b"grain"].decode().split(","))
            for part in parts:
                part.unlink()
        with pq.ParquetWriter(
            path,
            table.schema,
            compression="zstd",
            use_dictionary=True,
            write_page_checksum=True,
            store_schema=False,
        ) as writer:
            writer.write_table(table)
            own = (b"statpipe.partition", b"statpipe.self_sha256", b"statpipe.parts")
            writer.add_key_value_metadata({k: v for k, v in metadata.items() if k not in own})


@pytest.fixture
def aged(undisturbed: Home, tmp_path: Path) -> Home:
    home = undisturbed.copied(tmp_path / "aged")
    age(home)
    return home


def test_a_lake_of_an_older_version_is_intact_and_usable(aged: Home) -> None:
    before = aged.files()
    assert aged.verify().findings == ()
    assert aged.run().outcome == "unchanged"
    assert aged.files().items() >= before.items()
    assert aged.verify().findings == ()


def test_repair_gives_an_older_lake_its_copies(aged: Home) -> None:
    before = aged.files()
    assert aged.verify(repair=True).findings == ()
    added = {name: body for name, body in aged.files().items() if name not in before}
    assert added == {
        name.replace("runs/", "copies/", 1): body
        for name, body in before.items()
        if name.startswith("runs/")
    }


def test_a_message_names_the_copy_from_which_a_manifest_is_restored(
    undisturbed: Home, tmp_path: Path
) -> None:
    home = undisturbed.copied(tmp_path / "home")
    manifest = min(home.root.glob("runs/*/*.json"))
    copy = max(home.root.glob("copies/*/*.json"))
    manifest.unlink()
    copy.unlink()
    said = {f.path.split("/")[0]: f.finding for f in home.verify(repair=True).findings}
    assert said["runs"].endswith("restored from its copy")
    assert said["copies"].endswith("restored from the manifest")
    assert home.files() == undisturbed.files()


def test_changed_rows_of_an_older_lake_are_found(aged: Home) -> None:
    """Whole files with other figures: without a hash, only computing again can tell."""
    parts = [aged.root / f"gold/{LATEST.name}/part-0.parquet"]
    parts += sorted(aged.root.glob("silver/*/*/*/part-0.parquet"))[:1]
    for path in parts:
        metadata = pq.read_metadata(path).metadata
        table = from_parquet(path.read_bytes())
        if b"statpipe.parts" in metadata:
            parts = list(path.parent.glob("part-[1-9]*.parquet"))
            tables = [table, *(from_parquet(part.read_bytes()) for part in parts)]
            table = put_together(tables, metadata[b"grain"].decode().split(","))
            for part in parts:
                part.unlink()
        table = table.take(pa.array([1, 0, *range(2, len(table))]))
        with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata(metadata)
    found = {f.path: f.state for f in aged.verify().findings}
    assert found[f"gold/{LATEST.name}"] == "damaged"
    assert len(found) >= 2
    assert {f.state for f in aged.verify(repair=True).findings} == {"repaired"}
    assert aged.verify().findings == ()
    assert aged.run().outcome == "unchanged"


# --- What cannot be made again ---------------------------------------------------------------------


def first_release(home: Home) -> list[Path]:
    """The payloads that the agency does not offer any more."""
    site = home.site()
    try:
        first = min(site.lake.run_ids(SOURCE))
        manifest = json.loads(site.lake.manifest(*first))
    finally:
        site.close()
    return [home.root / kept["key"] for v in manifest["vintages"] for kept in v["bronze"]]


def test_a_payload_replaced_by_the_agency_is_restored_from_its_archive(
    undisturbed: Home, tmp_path: Path
) -> None:
    home = undisturbed.copied(tmp_path / "home")
    for path in first_release(home):
        path.write_bytes(b"")
    stay = home.verify(repair=True).findings
    assert {finding.state for finding in stay} == {"damaged"}
    assert all("or give its archive with --from-archive" in f.finding for f in stay)
    repaired = home.verify(repair=True, places=["the cellar"]).findings
    assert {finding.state for finding in repaired} == {"repaired"}
    assert differing(home, undisturbed) == set()


def test_without_bronze_damaged_silver_is_listed_with_the_reason(
    undisturbed: Home, tmp_path: Path
) -> None:
    home = undisturbed.copied(tmp_path / "home")
    for path in (*first_release(home), *home.root.glob(f"silver/*/*/vintage={FIRST}/*")):
        path.unlink()
    stay = [f for f in home.verify(repair=True).findings if f.path.startswith("silver/")]
    assert {finding.state for finding in stay} == {"damaged"}
    assert all("the lake has no silver/" in finding.finding for finding in stay)
    assert all("is missing from Bronze" in finding.finding for finding in stay)


def test_a_repair_does_not_wait_for_a_run_by_default(undisturbed: Home, tmp_path: Path) -> None:
    home = undisturbed.copied(tmp_path / "home")
    site = home.site()
    try:
        with site.lake.lock(SOURCE, 0, lambda: "run-1"):
            assert home.verify().findings == ()
            with pytest.raises(Locked, match="run-1"):
                home.verify(repair=True)
    finally:
        site.close()


def test_bronze_alone_is_treated_as_a_killed_first_run(undisturbed: Home, tmp_path: Path) -> None:
    home = undisturbed.copied(tmp_path / "home")
    for layer in ("runs", "copies", "silver", "changes", "gold"):
        shutil.rmtree(home.root / layer)
    found = home.verify()
    assert found.damaged == 0
    assert (found.findings[0].path, found.findings[0].finding) == (
        f"runs/{SOURCE}",
        "only Bronze exists: the first run was killed, or everything else was lost; run "
        f"`statpipe run {SOURCE}`, which reuses Bronze, or restore a backup",
    )
    assert home.run().outcome == "loaded"
    assert [one.path for one in home.verify().findings if one.path.startswith("runs/")] == []


@pytest.mark.parametrize(
    ("left", "named"),
    [
        ("silver", "Silver"),
        ("changes", "the history of changes"),
        ("gold", "Gold"),
        ("runs", "a manifest that was set aside"),
    ],
)
def test_silver_or_gold_without_manifests_is_reported_as_loss(
    left: str, named: str, undisturbed: Home, tmp_path: Path
) -> None:
    home = undisturbed.copied(tmp_path / "home")
    for layer in {"runs", "copies", "silver", "changes", "gold"} - {left}:
        shutil.rmtree(home.root / layer)
    for path in (home.root / "runs").rglob("*.json"):
        path.rename(path.with_name(f"{path.name}.damaged"))
    (lost,) = [one for one in home.verify().findings if one.path == f"runs/{SOURCE}"]
    assert lost.state == "damaged"
    assert lost.finding.startswith(
        f"has no readable manifest, but the lake holds {named}; restore `runs/"
    )
    assert lost.finding.endswith(f"run `statpipe run {SOURCE}`")


def test_a_source_that_never_ran_is_not_reported(undisturbed: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home", undisturbed.agency)
    assert home.verify().findings == ()


# --- S3 --------------------------------------------------------------------------------------------

BUCKET = "statpipe-damage"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a server that speaks S3, with an empty bucket."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket=BUCKET)
    yield client
    server.stop()


def objects(s3: Any) -> dict[str, bytes]:
    """All objects but locks."""
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    return {
        one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
        for one in listed
        if "/locks/" not in one["Key"]
    }


def test_a_lake_on_s3_is_verified_and_repaired_in_the_same_way(s3: Any, tmp_path: Path) -> None:
    agency = TeaAgency(ports=PORTS[:2])
    for name in DATASETS:
        agency.publish(name, FIRST, prices())
    place = {"path": f"s3://{BUCKET}/lake", "endpoint_url": s3.meta.endpoint_url}
    home = Home(tmp_path, agency, place)
    assert home.run().outcome == "loaded"
    assert home.verify().findings == ()

    before = objects(s3)
    for number, (key, body) in enumerate(before.items()):
        # One of each manifest and copy stays; all else is empty, cut or gone.
        if "/copies/" in key:
            continue
        if number % 3 == 2:
            s3.delete_object(Bucket=BUCKET, Key=key)
        else:
            s3.put_object(Bucket=BUCKET, Key=key, Body=(b"", body[:-1])[number % 3])
    assert home.verify().damaged
    assert home.verify(repair=True).damaged == 0
    # What is remembered of Silver only saves requests: the next run rebuilds it.
    remembered = {key for key in before if "/prints/" in key}
    assert len(remembered) == 1
    whole = {key: before[key] for key in before.keys() - remembered}
    after = {key: body for key, body in objects(s3).items() if ".damaged" not in key}
    assert {key: after[key] for key in after.keys() - remembered} == whole
    assert home.verify().damaged == 0
    assert home.run().outcome == "unchanged"
    assert {key: objects(s3)[key] for key in before} == before
