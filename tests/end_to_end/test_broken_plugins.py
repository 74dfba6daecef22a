"""A plugin that is broken is listed, and stops nobody."""

from __future__ import annotations

import json

from support.installed import install
from support.tea_home import last_line


def test_a_broken_plugin_is_listed_and_does_not_stop_others(tea):
    install(
        tea.plugins,
        name="cracked-cup",
        entry_points={"cup": "cracked"},
        modules={"cracked": "import sys\nsys.exit('no tea today')\n"},
    )
    listed = tea.run("plugins", "list").stdout
    (line,) = [line for line in listed.splitlines() if "cracked-cup" in line]
    assert "broken" in line
    assert "SystemExit: no tea today" in line
    tea.run("run", "tea_prices")
    done = tea.run("doctor", code=2)
    assert "upgrade or uninstall cracked-cup" in done.stdout
    assert "no tea today" in last_line(tea.run("run", "coffee", code=2))


def test_each_kind_of_broken_plugin_is_reported_with_a_suggestion(tea):
    install(
        tea.plugins,
        name="misspelt",
        entry_points={"misspelt": "misspelt_one", "gone": "not_there"},
        modules={
            "misspelt_one": "from statpipe.api import hookimpl\n@hookimpl\ndef statpipe_source():\n    return []\n"
        },
    )
    rows = json.loads(tea.run("plugins", "list", "--json").stdout)
    broken = {row["plugin"]: row["summary"] for row in rows if row["status"] == "broken"}
    assert broken["gone"] == "ModuleNotFoundError: No module named 'not_there'"
    assert (
        "statpipe_source is not a hook of statpipe; did you mean 'statpipe_sources'?"
        in broken["misspelt"]
    )


def test_a_name_offered_by_two_plugins_names_both(tea):
    install(
        tea.plugins,
        name="another-tea",
        version="2.5",
        entry_points={"another": "another_tea"},
        modules={"another_tea": "from support.tea import statpipe_sources\n"},
    )
    done = tea.run("run", "tea_prices", code=2)
    assert "another-tea 2.5 and " in done.stderr
    assert "; uninstall one of them" in done.stderr
    rows = json.loads(tea.run("plugins", "list", "--json").stdout)
    assert {r["status"] for r in rows if r["name"] == "tea_prices"} == {"duplicate name"}
