"""Credentials that run out while several requests are under way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from statpipe_lake.credentials import Credentials


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return Credentials("s3://bucket/local", None, "us-east-1")


def test_all_refused_requests_get_the_new_credentials(credentials, monkeypatch):
    """The second one finds what the first one found, and must not take it for what was refused."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "new")
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(credentials.renewed, [1] * 8))
    assert credentials()["access_key_id"] == "new"


def test_without_new_credentials_the_refusal_stands(credentials):
    assert not credentials.renewed(1)
    assert credentials()["access_key_id"] == "old"


def test_refused_new_credentials_are_looked_up_again(credentials, monkeypatch):
    for number, key in enumerate(("second", "third"), 1):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        assert credentials.renewed(number)
        assert credentials()["access_key_id"] == key
    assert not credentials.renewed(3)
