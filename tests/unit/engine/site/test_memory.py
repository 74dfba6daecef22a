"""DuckDB's memory: a setting, and a folder for what is more."""

import os

import pytest

from statpipe.api import ConfigError
from statpipe.engine.gold.computed import connected
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.memory import Memory, give_free_memory_back, memory_for


def configured(home, **engine):
    document = {"engine": engine}
    return Configuration(path=None, home=home, document=document, variables={})


def memory(home, **engine):
    configuration = configured(home, **engine)
    return memory_for(configuration, configuration.environment("local"))


def test_the_default_is_one_gigabyte_with_spilling_below_home(tmp_path):
    assert memory(tmp_path) == Memory(limit="1GB", folder=tmp_path / ".statpipe" / "spill")


@pytest.mark.parametrize("text", ["500MB", "1.5GB", "64GB"])
def test_the_limit_can_be_configured(tmp_path, text):
    assert memory(tmp_path, memory=text).limit == text


@pytest.mark.parametrize("text", ["", "1", "0GB", "-1GB", "1 GB", "80%", 4, None, "1GB; DROP"])
def test_an_invalid_limit_is_refused_with_its_place(tmp_path, text):
    with pytest.raises(ConfigError) as raised:
        memory(tmp_path, memory=text)
    assert str(raised.value) == (
        f'statpipe.toml: engine.memory is {text!r}; expected an amount such as "1GB" or "500MB"'
    )


def test_data_above_the_limit_spills_to_disk_and_is_removed(tmp_path):
    with connected(Memory(limit="60MB", folder=tmp_path / "spill")) as duckdb:
        duckdb.execute("CREATE TABLE numbers AS SELECT i, hash(i) AS h FROM range(4000000) AS t(i)")
        seen = [path for path in (tmp_path / "spill").rglob("*") if path.is_file()]
        assert duckdb.execute("SELECT count(*) FROM numbers").fetchone() == (4_000_000,)
    assert seen
    assert not (tmp_path / "spill").exists()


def test_an_unwritable_folder_only_fails_queries_that_spill(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with connected(Memory(folder=tmp_path / "file" / "spill")) as duckdb:
        assert duckdb.execute("SELECT 1").fetchone() == (1,)


def test_leftovers_of_a_killed_process_are_removed_after_a_day(tmp_path):
    old, young = tmp_path / "spill" / "old", tmp_path / "spill" / "young"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "duckdb_temp_storage").write_bytes(b"rows")
    os.utime(old, (0, 0))
    with Memory(folder=tmp_path / "spill").spilled():
        pass
    assert not old.exists()
    assert young.exists()


def test_arrow_uses_the_c_librarys_memory_by_default(monkeypatch):
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    give_free_memory_back()
    assert os.environ["ARROW_DEFAULT_MEMORY_POOL"] == "system"
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "mimalloc")
    give_free_memory_back()
    assert os.environ["ARROW_DEFAULT_MEMORY_POOL"] == "mimalloc"
