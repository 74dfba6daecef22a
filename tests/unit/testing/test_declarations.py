"""What the kit says of a plugin's declarations."""

import attrs
import pytest

from statpipe.api import Component
from statpipe.testing.declarations import declared_well


def findings(tmp_path, monkeypatch, *, settings, plugin=""):
    (tmp_path / "harbour_plugin.py").write_text(plugin)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    offered = Component(name="harbour", summary="Ships", settings=settings, factory=object)
    found = declared_well("harbour_plugin", [("source", offered)], [], [], "`key` and `port`")
    return {one.promise: one for one in found}


@attrs.frozen(kw_only=True)
class PlainKey:
    key: str = ""


@attrs.frozen(kw_only=True)
class KeyOfSeries:
    key: str = attrs.field(default="", metadata={"secret": False})


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [(PlainKey, "failed"), (KeyOfSeries, "passed")],
    ids=["silent", "says so"],
)
def test_a_setting_called_key_is_a_credential_by_default(tmp_path, monkeypatch, settings, outcome):
    found = findings(tmp_path, monkeypatch, settings=settings)
    said = found["source harbour has settings that are described"]
    assert said.outcome == outcome
    if outcome == "failed":
        assert "the setting `key` holds a credential as str" in said.message
        assert "if it holds none, declare it with `metadata={'secret': False}`" in said.message


@pytest.mark.parametrize("arguments", ["", "instances"])
def test_a_hook_for_models_may_take_the_configured_sources(tmp_path, monkeypatch, arguments):
    plugin = f"def statpipe_models({arguments}):\n    return []\n"
    found = findings(tmp_path, monkeypatch, settings=KeyOfSeries, plugin=plugin)
    assert found["offering costs next to nothing"].message == ""
