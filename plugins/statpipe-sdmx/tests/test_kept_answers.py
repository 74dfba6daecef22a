"""What ``statpipe sdmx`` has asked is kept for a day."""

from __future__ import annotations

import os

import pytest

from statpipe.api import Payload, Unavailable
from statpipe_sdmx.kept_answers import A_DAY, folder, kept


class Service:
    """Counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return Payload(name="flows", body=f"<answer n='{self.asked}'/>".encode())


@pytest.fixture
def service(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Service()


def test_the_same_request_is_sent_once_a_day(service):
    first = kept("ECB flows", service)
    assert kept("ECB flows", service).body == first.body
    assert kept("BIS flows", service).body != first.body
    (file, *_) = sorted(folder().iterdir(), key=os.path.getmtime)
    tomorrow = file.stat().st_mtime + A_DAY
    assert kept("ECB flows", service, now=lambda: tomorrow).body == b"<answer n='3'/>"


def test_a_fresh_answer_replaces_the_cached_one(service):
    kept("ECB flows", service)
    assert kept("ECB flows", service, fresh=True).body == b"<answer n='2'/>"
    assert kept("ECB flows", service).body == b"<answer n='2'/>"


def test_a_failed_request_is_not_cached(service):
    def down():
        raise Unavailable("down")

    with pytest.raises(Unavailable):
        kept("ECB flows", down)
    assert kept("ECB flows", service).body == b"<answer n='1'/>"


def test_an_unwritable_cache_is_ignored(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    service = Service()
    assert kept("ECB flows", service).body == b"<answer n='1'/>"
    assert kept("ECB flows", service).body == b"<answer n='2'/>"


def test_the_default_cache_folder_is_in_the_users_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert folder() == tmp_path / ".cache" / "statpipe" / "sdmx"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the standard says: ignore it
    assert folder() == tmp_path / ".cache" / "statpipe" / "sdmx"
