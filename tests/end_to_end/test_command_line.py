"""The command line as scripts and people meet it, with plugins that are nothing but a test's."""

import json
import signal
import subprocess
import time

import pytest

from support.installed import install

PLUGIN = """
import os, time
from datetime import date
from statpipe.api import *
from statpipe.domain import errors

class Static(Source):
    def __init__(self, trouble=None, pause=0.0):
        self.trouble, self.pause = trouble, pause
    def datasets(self):
        return [Dataset(name="D", title="D", normalizer="static_rows")]
    def probe(self, dataset):
        if self.trouble: raise self.trouble
        return Vintage(released=date(2025, 1, 1), token="t")
    def fetch(self, dataset, vintage):
        time.sleep(self.pause)
        yield Payload(name="p", body=b"1.5", media_type="text/csv")

class Rows(Normalizer):
    def normalize(self, dataset, payloads):
        return observations_from_rows([{"ref_area": "X", "category": "c", "time_period": "2020",
                                        "obs_value": payloads[0].body.decode()}])

TROUBLES = {
    "rejecting": errors.Rejected("the agency has no table Z; name one it has"),
    "changed": errors.ContentError("payload p, line 1: a page; expected figures"),
    "down": errors.Unavailable("the agency answers 503; run again later", retry_after=5),
    "buggy": ZeroDivisionError("oh no"),
}

@hookimpl
def statpipe_sources():
    offers = [Component(name="static", summary="One figure", factory=lambda s: Static()),
              Component(name="slow", summary="One figure, late", factory=lambda s: Static(pause=30))]
    return offers + [Component(name=n, summary="Trouble", factory=lambda s, t=t: Static(t))
                     for n, t in TROUBLES.items()]

@hookimpl
def statpipe_normalizers():
    return [Component(name="static_rows", summary="One row", factory=lambda s: Rows())]
"""
LAKE_ONLY = "[environments.local.sinks.lake]\n"


@pytest.fixture
def shop(home, tmp_path):
    folder = install(
        tmp_path / "site",
        name="static-plugin",
        entry_points={"static": "static_plugin"},
        modules={"static_plugin": PLUGIN},
    )
    home.environment["PYTHONPATH"] = str(folder)
    home.configure(LAKE_ONLY)
    return home


@pytest.mark.parametrize(
    ("source", "code", "text"),
    [
        ("static", 0, ""),
        ("rejecting", 1, "the agency has no table Z; name one it has (exit 1)"),
        ("changed", 4, "payload p, line 1: a page; expected figures (exit 4)"),
        ("down", 5, "the agency answers 503; run again later (exit 5)"),
        ("buggy", 1, "a bug in statpipe or a plugin: ZeroDivisionError: oh no"),
        ("nowhere", 2, "no source is named 'nowhere'"),
    ],
)
def test_each_error_is_one_line_and_its_exit_code(shop, source, code, text):
    done = shop.run("run", source, code=code)
    last = done.stderr.strip().splitlines()[-1]
    assert text in last if code else "lake:" in last
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_bug_shows_its_traceback_when_asked(shop):
    done = shop.run("run", "buggy", "--debug", code=1)
    assert "Traceback" in done.stderr
    assert "static_plugin.py" in done.stderr


def test_a_source_that_fails_stops_no_other_and_the_exit_code_is_of_the_worst(shop):
    done = shop.run("run", "down", "changed", "static", "--json", code=4)
    manifests = {m["source"]: m for m in json.loads(done.stdout)}
    assert manifests["static"]["outcome"] == "loaded"
    assert {name: m["exit_code"] for name, m in manifests.items()} == {
        "down": 5,
        "changed": 4,
        "static": 0,
    }


def test_a_second_run_of_the_same_source_is_told_who_holds_the_lock_or_waits(shop):
    first = subprocess.Popen(
        shop.command("run", "slow"),
        cwd=shop.folder,
        env=shop.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lock = shop.lake / "locks" / "slow.lock"
        deadline = time.monotonic() + 30
        while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        second = shop.run("run", "slow", code=6)
        assert f"(process {first.pid} on " in second.stderr
        assert "slow in environment local is locked by run 20" in second.stderr
        shop.run("run", "static")
        waited = shop.run("run", "slow", "--wait", "0.5", code=6)
        assert "is locked" in waited.stderr
    finally:
        first.send_signal(signal.SIGTERM)
        _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "interrupted; run again to complete it" in said
    (run,) = json.loads(shop.run("runs", "list", "slow", "--json").stdout)
    assert run["outcome"] == "interrupted"


def test_a_broken_plugin_is_shown_and_stops_nobody(shop, tmp_path):
    install(
        tmp_path / "site",
        name="broken-one",
        entry_points={"broken": "broken_one", "gone": "not_there"},
        modules={"broken_one": "import sys; sys.exit('goodbye')"},
    )
    install(
        tmp_path / "site",
        name="misspelt",
        entry_points={"misspelt": "misspelt_one"},
        modules={
            "misspelt_one": "from statpipe.api import hookimpl\n@hookimpl\ndef statpipe_source():\n    return []\n"
        },
    )
    rows = json.loads(shop.run("plugins", "list", "--json").stdout)
    broken = {row["plugin"]: row["summary"] for row in rows if row["status"] == "broken"}
    assert broken["broken"] == "SystemExit: goodbye"
    assert broken["gone"] == "ModuleNotFoundError: No module named 'not_there'"
    assert (
        "statpipe_source is no hook of statpipe; did you mean 'statpipe_sources'?"
        in broken["misspelt"]
    )
    shop.run("run", "static")
    missing = shop.run("run", "elsewhere", code=2)
    assert "broken plugins: broken (SystemExit: goodbye)" in missing.stderr


def test_a_name_that_two_plugins_offer_names_both(shop, tmp_path):
    install(
        tmp_path / "site",
        name="another-shop",
        version="2.5",
        entry_points={"another": "another_shop"},
        modules={"another_shop": PLUGIN},
    )
    done = shop.run("run", "static", code=2)
    assert "another-shop 2.5 and static-plugin 1.0; uninstall one of them" in done.stderr
    rows = json.loads(shop.run("plugins", "list", "--json").stdout)
    assert {row["status"] for row in rows if row["name"] == "static"} == {"name taken twice"}


def test_every_log_line_is_json_with_the_run_s_id_when_asked(shop):
    done = shop.run("run", "static", "--log-format", "json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(lines) >= 4
    assert len({line["run_id"] for line in lines}) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "static", "--json"],
        ["plan", "static", "--json"],
        ["runs", "list", "--json"],
        ["runs", "show", "latest", "--json"],
        ["plugins", "list", "--json"],
        ["doctor", "--json"],
        ["smoke", "static", "--json"],
    ],
    ids=" ".join,
)
def test_json_is_all_there_is_on_standard_output(shop, arguments):
    shop.run("run", "static")
    assert json.loads(shop.run(*arguments).stdout)


def test_a_plan_writes_nothing(shop):
    shop.run("plan", "static")
    assert not [p for p in shop.lake.rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[environment.x]", "unknown key environment; did you mean 'environments'?"),
        (
            "[environments.local]\nsink = 1",
            "unknown key environments.local.sink; did you mean 'sinks'?",
        ),
        ("[sources.statik]", "no source is named 'statik'; did you mean 'static'?"),
        (
            "[sources.bea_pce_state]\nchanel = 'api'",
            "sources.bea_pce_state: unknown key 'chanel'; did you mean 'channel'?",
        ),
        ("[sources.bea_pce_state]\nyears = ['x']", "sources.bea_pce_state.years"),
        ("[sources.bea_pce_state]\ntables = 'SAPCE1'", "is 'SAPCE1'; expected a list"),
        ("[sources.bea_pce_state]\nchannel = 'sea'", "sources.bea_pce_state.channel"),
        (
            "[sources.bea_pce_state]\nkey = '1234'",
            "sources.bea_pce_state.key: a secret is written as a reference",
        ),
        (
            "[environments.local.sinks.lake]\npath = '${NOT_SET}'",
            "refers to ${NOT_SET}, which is not set",
        ),
        ("x = ", "is no TOML"),
        ("[engine]\nworkers = 'two'", "engine.workers is 'two'; expected 1 or more"),
        ("[environments.local.sinks.postgres]", "has 0 lakes among its sinks"),
    ],
)
def test_a_wrong_configuration_is_told_with_file_place_and_nearest_name(shop, text, said):
    more = "" if "sinks" in text or "environments" in text else LAKE_ONLY
    shop.configure(f"{text}\n{more}" if "=" not in text[:4] else text)
    done = shop.run("run", "bea_pce_state", code=2)
    last = next(line for line in done.stderr.splitlines()[::-1] if "exit 2" in line)
    assert said in last
    assert "statpipe.toml" in last
    assert "1234" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_is_none_is_a_usage_error(shop):
    assert "Unknown command" in shop.run("rnu", code=2).stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["plugins", "list"], ["run", "--help"]], ids=" ".join
)
def test_nothing_heavy_is_loaded_to_tell_what_there_is(shop, arguments):
    import os
    import sys

    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "statpipe", *arguments],
        cwd=shop.folder,
        env={**os.environ, **shop.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if "|" in line
    }
    assert "cyclopts" in loaded
    assert not loaded & {"pyarrow", "duckdb", "boto3", "httpx", "psycopg", "obstore"}
