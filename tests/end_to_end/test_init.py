"""A project that `statpipe init` made works as it is, outside the repository."""

from __future__ import annotations

import json


def test_the_project_runs_on_the_bundled_sample_and_shows_a_figure(home):
    home.run("init")
    told = home.run("run", "bea_pce_state").stderr
    assert "BUNDLED SAMPLE" in told
    shown = home.run(
        *("show", "pce_state", "--area", "CA", "--category", "SAPCE1:1"),
        *("--period", "2018", "--json"),
    ).stdout
    assert "1833872.8" in json.dumps(json.loads(shown))
    assert {path.name for path in home.folder.iterdir()} >= {".statpipe", "statpipe.toml"}
