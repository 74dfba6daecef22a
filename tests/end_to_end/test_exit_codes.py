"""The exit codes, and the one line of each failure."""

from __future__ import annotations

import json
import re
import signal
import time

import pytest

from support.installed import install
from support.patience import PATIENCE
from support.tea import prices
from support.tea_home import last_line, wait_for

SECOND = """
from statpipe.api import Component, hookimpl
from support.tea import TeaAgency, TeaSettings, TeaSource, prices

def make(settings):
    agency = TeaAgency(datasets=("white",))
    agency.publish("white", "2024-03-01", prices(50))
    return TeaSource(agency, settings)

@hookimpl
def statpipe_sources():
    return [Component(name="white_tea", summary="A second house", settings=TeaSettings, factory=make)]
"""


def test_a_load_and_an_unchanged_run_are_0_and_stdout_stays_empty(tea):
    first = tea.run("run", "tea_prices")
    published = tea.home.published()
    second = tea.run("run", "tea_prices")
    assert (first.stdout, second.stdout) == ("", "")
    assert "loaded" in first.stderr
    assert "unchanged" in second.stderr
    assert tea.home.published() == published
    assert len(published) == 3


def test_a_refused_request_is_1_in_one_line(tea):
    tea.agency.rejects = True
    done = tea.run("run", "tea_prices", code=1)
    assert last_line(done) == (
        "statpipe: tea_prices: the tea agency refuses the key; correct TEA_KEY (exit 1)"
    )
    assert "Traceback" not in done.stderr


def test_a_bug_is_1_in_one_line_and_a_traceback_with_debug(tea):
    tea.agency.buggy = True
    done = tea.run("run", "tea_prices", code=1)
    assert "a bug in statpipe or a plugin: KeyError: 'teapot'" in last_line(done)
    assert "--debug" in last_line(done)
    assert "Traceback" not in done.stderr
    told = tea.run("run", "tea_prices", "--debug", code=1)
    assert "Traceback" in told.stderr
    assert 'raise KeyError("teapot")' in told.stderr


def test_a_bug_is_one_line_in_other_commands_as_well(tea):
    tea.agency.buggy = True
    done = tea.run("plan", "tea_prices", code=1)
    assert "a bug in statpipe or a plugin: KeyError: 'teapot'" in last_line(done)
    assert "Traceback" not in done.stderr
    assert "Traceback" in tea.run("plan", "tea_prices", "--debug", code=1).stderr


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("[sinks]\n", ("run", "tea_prices"), "unknown key sinks"),
        ("[sources.tea_prices]\nport = 1\n", ("run", "tea_prices"), "did you mean 'ports'?"),
        ("[sources.tea_price]\n", ("run", "tea_prices"), "did you mean 'tea_prices'?"),
        ("no toml", ("doctor",), "is not valid TOML"),
        ("", ("run", "tea_price"), "no source is named 'tea_price'; did you mean 'tea_prices'?"),
        ("", ("run",), "no source is named; name one of"),
        ("", ("plan", "tea_prices", "--env", "prod"), "there is no environment 'prod'"),
        ("", ("run", "tea_prices", "--tables", "blak"), "did you mean 'black'?"),
        ("", ("runs", "show", "2001"), "no run with an id that begins with '2001'"),
    ],
)
def test_a_wrong_configuration_is_2_and_names_the_place(tea, text, arguments, says):
    tea.home.configure("[environments.local.sinks.lake]\n" + text)
    done = tea.run(*arguments, code=2)
    assert says in last_line(done)
    assert last_line(done).endswith("(exit 2)")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


BEA = "[environments.local.sinks.lake]\n[sources.bea_pce_state]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[environment.x]\n", "unknown key environment; did you mean 'environments'?"),
        (
            "[environments.local]\nsink = 1\n",
            "unknown key environments.local.sink; did you mean 'sinks'?",
        ),
        (f"{BEA}chanel = 'api'\n", "unknown key 'chanel'; did you mean 'channel'?"),
        (f"{BEA}years = ['x']\n", "sources.bea_pce_state.years"),
        (f"{BEA}tables = 'SAPCE1'\n", "is 'SAPCE1'; expected a list"),
        (f"{BEA}channel = 'sea'\n", "sources.bea_pce_state.channel"),
        (
            f"{BEA}key = '1234'\n",
            'sources.bea_pce_state.key: write a secret as a reference, "${VARIABLE}", never as its value',
        ),
        (
            "[environments.local.sinks.lake]\npath = '${NOT_SET}'\n",
            "refers to ${NOT_SET}, which is not set",
        ),
        ("[engine]\nworkers = 'two'\n", "engine.workers is 'two'; expected 1 or more"),
        ("[environments.local.sinks.postgres]\n", "has 0 lakes among its sinks"),
    ],
)
def test_a_misspelt_setting_is_reported_with_file_place_and_nearest_name(home, text, says):
    home.configure(text)
    done = home.run("run", "bea_pce_state", code=2)
    (line,) = [line for line in done.stderr.splitlines() if line.endswith("(exit 2)")]
    assert says in line
    assert "statpipe.toml" in line
    assert "1234" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["[sinks]\n", "[sources.tea_price]\n"])
def test_debug_adds_the_traceback_and_keeps_the_exit_code(tea, text):
    tea.home.configure(text)
    done = tea.run("run", "tea_prices", "--debug", code=2)
    assert "Traceback" in done.stderr
    assert last_line(done).endswith("(exit 2)")


def test_a_usage_error_is_2(tea):
    done = tea.run("run", "tea_prices", "--ful", code=2)
    assert "--ful" in done.stderr + done.stdout
    assert tea.run("brew", code=2).returncode == 2
    assert not tea.home.lake.exists()


def test_a_failed_check_is_3_publishes_nothing_and_shows_the_cells(tea):
    tea.run("run", "tea_prices")
    before, bronze = tea.home.published(), tea.bronze()
    tea.agency.publish("black", "2024-04-01", prices(2))
    tea.agency.check = "error"
    done = tea.run("run", "tea_prices", code=3)
    assert tea.home.published() == before
    assert tea.bronze() > bronze
    assert "1 price tastes of dust" in done.stderr
    assert " 4.25" in done.stderr
    assert "nothing of this release was published" in last_line(done)

    tea.agency.check = "warning"
    done = tea.run("run", "tea_prices")
    assert " 4.25" in done.stderr
    assert set(tea.home.published()) > set(before)


def test_an_unexpected_answer_is_4_and_bronze_keeps_it(tea):
    tea.agency.unreadable_at = 2
    done = tea.run("run", "tea_prices", code=4)
    assert "payload black-MOM: a page of poetry" in last_line(done)
    assert tea.home.published() == {}
    assert any(name.startswith("black-MOM") for name in tea.bronze())


def test_an_unreadable_payload_is_4_and_bronze_keeps_it(tea):
    tea.agency.garbled = True
    done = tea.run("run", "tea_prices", code=4)
    assert "payload black-CAL: no rows of prices" in last_line(done)
    assert tea.home.published() == {}
    assert len(tea.bronze()) == 4
    assert len(tea.manifests()[-1]["vintages"][0]["bronze"]) == 2


def test_an_agency_that_is_down_is_5_and_the_next_run_completes(tea):
    tea.agency.down_at = 3
    done = tea.run("run", "tea_prices", code=5)
    assert "closed for lunch" in last_line(done)
    assert tea.home.published() == {}
    tea.agency.down_at = None
    tea.run("run", "tea_prices")
    assert len(tea.home.published()) == 3


def test_a_parallel_run_is_6_and_names_the_holder_unless_it_waits(tea):
    gate = tea.close_gate()
    with tea.start("run", "tea_prices") as first:
        wait_for(tea.bronze)
        beside = tea.home.run("run", "tea_prices", code=6)
        with tea.start("run", "tea_prices", "--wait", "60") as second:
            time.sleep(1)
            assert second.poll() is None
            gate.unlink()
            _, waited = second.communicate(timeout=PATIENCE)
        first.communicate(timeout=PATIENCE)
    assert (first.returncode, second.returncode) == (0, 0)
    manifest, after = tea.manifests()
    assert f"locked by run {manifest['run_id']} (process {first.pid} on " in last_line(beside)
    assert "--wait" in last_line(beside)
    assert after["outcome"] == "unchanged"
    assert "unchanged" in waited


def test_sigterm_ends_as_interrupted_with_a_manifest(tea):
    tea.close_gate()
    with tea.start("run", "tea_prices") as process:
        wait_for(tea.bronze)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    (manifest,) = tea.manifests()
    assert (manifest["outcome"], manifest["exit_code"]) == ("interrupted", 130)
    assert "interrupted; run again to complete it" in said
    assert "Traceback" not in said
    assert tea.home.published() == {}


def test_a_failing_source_does_not_stop_the_others(tea):
    install(
        tea.plugins, name="white-tea", entry_points={"white": "white"}, modules={"white": SECOND}
    )
    tea.agency.down_at = 0
    done = tea.run("run", "tea_prices", "white_tea", "--json", code=5)
    first, second = json.loads(done.stdout)
    assert (first["source"], first["exit_code"]) == ("tea_prices", 5)
    assert (second["source"], second["outcome"]) == ("white_tea", "loaded")
    assert any("white_tea" in path for path in tea.home.published())
    tea.agency.down_at, tea.agency.buggy = None, True
    done = tea.run("run", "tea_prices,white_tea", "--jobs", "2", code=1)
    for name, outcome in (("tea_prices", "failed"), ("white_tea", "unchanged")):
        assert f"  {name}: run started" in done.stderr
        assert re.search(rf"  {name}: (ERROR: )?run {outcome}", done.stderr)
