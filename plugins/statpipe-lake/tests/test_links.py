"""Links, pipes and folders in the place of objects are not followed."""

import os

import pytest

from statpipe.api import ConfigError, ContentError
from statpipe_lake.folder import FolderStore
from support.written import files


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
def test_links_pipes_and_folders_are_not_read_and_never_block(store, precious, kind, make):
    (store.root / "a").mkdir()
    make(store.root / "a" / "x", precious)
    for read in (store.get, lambda path: store.tail(path, 9)):
        with pytest.raises(ContentError, match=f"lake/a/x is {kind}, not a file"):
            read("a/x")
    assert not store.put_if_absent("a/x", b"mine")


@pytest.mark.parametrize(("kind", "make"), STRANGE.items())
def test_an_object_replaces_a_link_pipe_or_folder(store, precious, kind, make):
    (store.root / "a").mkdir()
    make(store.root / "a" / "x", precious)
    store.put("a/x", b"mine")
    assert store.get("a/x") == b"mine"
    assert precious.read_bytes() == b"precious"
    set_aside = [p.name for p in (store.root / "a").iterdir() if p.name != "x"]
    assert set_aside == (["x.damaged"] if kind == "a folder" else [])


def test_a_linked_folder_is_neither_read_nor_written(store, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x").write_bytes(b"theirs")
    (store.root / "a").symlink_to(elsewhere)
    told = r"lake/a is a symbolic link, not a folder; replace it with a folder \(statpipe"
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


def test_a_linked_scratch_corner_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "scratch").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="scratch is a symbolic link, not a folder"):
        FolderStore(tmp_path / "lake", corner="scratch/smoke")
    assert not list((tmp_path / "elsewhere").iterdir())
