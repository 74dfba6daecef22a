"""What the plugin offers for the flows that are configured."""

from __future__ import annotations

import pytest

from statpipe.api import Instance
from statpipe_sdmx.plugin import statpipe_models

GROWTH = {"yoy", "hoh", "qoq", "mom", "wow", "dod", "rolling"}


@pytest.mark.parametrize(
    ("freq", "growth"),
    [("", GROWTH), ("A", {"yoy", "rolling"}), ("MQ", {"yoy", "qoq", "mom"})],
)
def test_models_are_offered_for_the_frequencies_of_a_flow_only(freq, growth):
    settings = {"flow": "EXR"} | ({"freq": freq} if freq else {})
    instances = [
        Instance(name="fx", component="sdmx", gold="fx_figures", settings=settings),
        Instance(name="tea", component="harbour", gold="tea_figures"),
    ]
    names = {one.name for one in statpipe_models(instances)}
    assert {name for name in names if not name.startswith("fx_figures")} == set()
    assert {name.rpartition("_")[2] for name in names} & GROWTH == growth
