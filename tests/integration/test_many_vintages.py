"""
Many releases of one agency: the figures as of any day, and every revision, as in its files.

The oracle reads the files with the standard library, cell by cell and release by release.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from statpipe.api import Layer, PartitionKey
from statpipe.engine.runs.backfill import backfill
from statpipe.engine.runs.run import run_sources
from statpipe.engine.runs.verify import verify
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_site
from statpipe.engine.stages.options import Options
from statpipe_lake import plugin as lake_plugin
from support import monthly
from support.monthly import SOURCE
from support.monthly_releases import made_up

FOREVER = date(9999, 12, 31)

Cell = tuple[str, str]
"""Series and month."""


@attrs.frozen
class Home:
    """A folder with a lake, and the agency's releases in another."""

    folder: Path
    releases: Path
    memory: str = "1GB"

    @contextmanager
    def site(self) -> Iterator[Site]:
        plugins = [("monthly", "a test", "1", monthly), ("lake", "statpipe-lake", "1", lake_plugin)]
        document = {
            "environments": {"local": {"sinks": {"lake": {"fsync": False}}}},
            "engine": {"workers": 1, "memory": self.memory},
            "sources": {SOURCE: {"folder": str(self.releases)}},
        }
        configuration = Configuration(path=None, home=self.folder, document=document, variables={})
        site = open_site(configuration, Registry(plugins), "local")
        try:
            yield site
        finally:
            site.close()

    def run(self) -> Any:
        with self.site() as site:
            (manifest,) = run_sources(site, [SOURCE], Options())
        assert manifest.exit_code == 0, manifest.message
        return manifest

    def backfill(self, *places: Path) -> None:
        with self.site() as site:
            manifests = backfill(site, SOURCE, [str(place) for place in places], Options())
        assert [m.message for m in manifests if m.exit_code] == []

    def gold(self, name: str) -> list[dict[str, Any]]:
        with self.site() as site:
            table = site.lake.read(PartitionKey(layer=Layer.GOLD, owner=name))
        return table.to_pylist()  # type: ignore[no-any-return]

    def bytes_of_gold(self) -> dict[str, bytes]:
        root = self.folder / ".statpipe" / "lake" / "local" / "gold"
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*.parquet")}


def in_file(path: Path) -> dict[Cell, str]:
    """The printed figures of a release."""
    with path.open() as file:
        names, _, *rows = list(csv.reader(file))
    found = {}
    for row in rows:
        month, _, year = row[0].split("/")
        for name, text in zip(names[1:], row[1:], strict=True):
            if text:
                found[name, f"{year}-{int(month):02}"] = text
    return found


def day_of(path: Path) -> date:
    return date.fromisoformat(f"{path.stem}-01")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("releases")
    return made_up(folder, releases=30, series=6, months=24, revised=0.05)


@pytest.fixture(scope="module")
def loaded(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """All releases, oldest first, by one backfill."""
    home = Home(tmp_path_factory.mktemp("loaded"), files[0].parent)
    home.backfill(files[0].parent)
    return home


def test_the_history_on_any_day_equals_the_last_file_before_it(loaded, files):
    rows = loaded.gold("md_history")
    days = {day for f in files for day in (day_of(f), day_of(f) - timedelta(days=1))} | {FOREVER}
    for day in days:
        before = [file for file in files if day_of(file) <= day]
        wanted = in_file(before[-1]) if before else {}
        found = {
            (r["category"], r["time_period"]): f"{r['value']:.{r['decimals']}f}"
            for r in rows
            if r["realtime_start"] <= day <= r["realtime_end"]
        }
        assert found == wanted


def test_every_revision_is_a_difference_between_two_files(loaded, files):
    told: dict[Cell, str] = {}
    wanted = []
    for file in files:
        for cell, text in in_file(file).items():
            if cell in told and Decimal(told[cell]) != Decimal(text):
                wanted.append((*cell, Decimal(told[cell]), Decimal(text), day_of(file)))
            told[cell] = text
    names = ("category", "time_period", "old_value", "new_value", "revised_on")
    found = [tuple(row[name] for name in names) for row in loaded.gold("md_revisions")]
    assert sorted(found) == sorted(wanted)
    assert len(found) > 150


@pytest.mark.parametrize(
    "order", ["newest first", "from the middle outwards", "some one by one", "the last in turn"]
)
def test_gold_has_the_same_bytes_for_any_order_of_arrival(loaded, files, tmp_path, order):
    home = Home(tmp_path, files[0].parent)
    arriving = {
        "newest first": [files[-1:], files[:-1]],
        "from the middle outwards": [files[15:16], files[3:8], files[20:], files[:3], files[8:15], files[16:20]],
        "the last in turn": [files[:22], *([file] for file in files[22:])],
        "some one by one": [*([file] for file in (files[2], files[0], files[-1], files[1])), files],
    }[order]  # fmt: skip
    for group in arriving:
        home.backfill(*group)
    assert home.bytes_of_gold() == loaded.bytes_of_gold()


def test_with_little_memory_the_result_is_the_same(loaded, files, tmp_path):
    home = Home(tmp_path, files[0].parent, memory="50MB")
    home.backfill(files[0].parent)
    assert home.bytes_of_gold() == loaded.bytes_of_gold()
    assert not (tmp_path / ".statpipe" / "spill").exists()


def test_a_later_run_finds_nothing_new(loaded):
    manifest = loaded.run()
    assert (manifest.outcome, manifest.receipts) == ("unchanged", ())


def test_each_damaged_or_missing_part_is_named_and_rebuilt(loaded, tmp_path):
    home = attrs.evolve(loaded, folder=tmp_path)
    shutil.copytree(loaded.folder, tmp_path, dirs_exist_ok=True)
    lake = tmp_path / ".statpipe" / "lake" / "local"
    parts = sorted(lake.glob("gold/md_history/part-*.parquet"))
    assert [file.name for file in parts] == [
        f"part-{year}.parquet" for year in (0, 1990, 1991, 1992)
    ]
    folded = lake / "changes" / SOURCE / f"dataset={monthly.DATASET}" / "part-0.parquet"
    (lake / "gold" / "md_revisions" / "part-1991.parquet").unlink()
    parts[1].write_bytes(parts[2].read_bytes())
    folded.write_bytes(folded.read_bytes()[:-1])
    with home.site() as site:
        found = {one.path: one.state for one in verify(site).findings}
        assert found == {
            "gold/md_history": "damaged",
            "gold/md_revisions": "damaged",
            f"changes/{SOURCE}/dataset={monthly.DATASET}": "damaged",
        }
        assert {one.state for one in verify(site, repair=True).findings} == {"repaired"}
        assert verify(site).findings == ()
    assert home.bytes_of_gold() == loaded.bytes_of_gold()
