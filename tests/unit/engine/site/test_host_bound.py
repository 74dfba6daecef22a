"""A plugin that was written for another statpipe is not loaded, and says so."""

from __future__ import annotations

import sys

import pytest

import statpipe
from statpipe.engine.site.host_bound import next_incompatible
from statpipe.engine.site.registry import Registry
from support.installed import install

CODE = "raise SystemExit('its code ran')"


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install a plugin that names versions; return what the registry says is broken of it."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def installed(below, code="statpipe_version = 1", since=None):
        folder = install(
            tmp_path,
            name="statpipe-old",
            entry_points={"old": "old_plugin"},
            modules={"old_plugin": code},
        )
        named = {"below": below, "since": since}
        lines = [f"{name} = {version}\n" for name, version in named.items() if version]
        (points,) = folder.glob("*.dist-info/entry_points.txt")
        points.write_text("".join([points.read_text(), "\n[statpipe.api]\n", *lines]))
        return [broken.reason for broken in Registry.installed().broken]

    yield installed
    sys.modules.pop("old_plugin", None)


@pytest.mark.parametrize(
    ("version", "below"), [("0.2.0", "0.2"), ("0.10.1", "0.2"), ("1.0", "0.2"), ("2.0.0rc1", "2")]
)
def test_a_plugin_for_an_earlier_statpipe_is_refused_before_its_code_runs(
    plugin, monkeypatch, version, below
):
    monkeypatch.setattr(statpipe, "__version__", version)
    assert plugin(below, CODE) == [
        f"statpipe-old 1.0 is written for statpipe below {below}, and this is {version}; install a "
        "newer version of it"
    ]


@pytest.mark.parametrize(
    ("version", "since"), [("0.1.9", "0.2"), ("0.2.0", "0.10"), ("1.9", "2"), ("0.2.0", "0.2.1")]
)
def test_a_plugin_for_a_later_statpipe_is_refused_before_its_code_runs(
    plugin, monkeypatch, version, since
):
    monkeypatch.setattr(statpipe, "__version__", version)
    assert plugin(None, CODE, since) == [
        f"statpipe-old 1.0 is written for statpipe {since} or later, and this is {version}; update "
        "statpipe, or install an older version of it"
    ]


@pytest.mark.parametrize(
    ("version", "since"), [("0.2.0", "0.2"), ("0.2.1", "0.2"), ("0.10.0", "0.2"), ("0.2", "0.2")]
)
def test_a_plugin_for_versions_since_this_or_an_earlier_one_is_loaded(
    plugin, monkeypatch, version, since
):
    monkeypatch.setattr(statpipe, "__version__", version)
    assert plugin(None, since=since) == []


@pytest.mark.parametrize(
    ("version", "below"),
    [("0.1.9", "0.2"), ("0.9", "0.10"), ("1.9", "2"), ("0.1", None), ("0.1.0", "0.1.1")],
)
def test_a_plugin_for_this_or_any_version_is_loaded(plugin, monkeypatch, version, below):
    monkeypatch.setattr(statpipe, "__version__", version)
    assert plugin(below) == []


@pytest.mark.parametrize(
    ("version", "below"), [("0.1.0", "0.2"), ("0.9.4", "0.10"), ("1.0.0", "2"), ("3.4.5", "4")]
)
def test_the_next_incompatible_version_is_computed(monkeypatch, version, below):
    monkeypatch.setattr(statpipe, "__version__", version)
    assert next_incompatible() == below
