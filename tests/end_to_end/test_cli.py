"""The command line on an agency that is not BEA: exit codes, data on stdout, the rest on stderr."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from datetime import datetime

import pytest

from statpipe.cli.app import execute
from statpipe.cli.brief import MOST_LINES
from support.installed import TESTS, install, install_tea
from support.patience import PATIENCE
from support.tea import DATASETS, TeaAgency, prices

COMMANDS = (
    ("init",),
    ("run",),
    ("backfill",),
    ("plan",),
    ("smoke",),
    ("show",),
    ("explain",),
    ("doctor",),
    ("ingest",),
    ("transform",),
    ("load",),
    ("plugins",),
    ("plugins", "list"),
    ("runs",),
    ("runs", "list"),
    ("runs", "show"),
    ("lake",),
    ("lake", "verify"),
    ("db",),
    ("db", "init"),
    ("db", "query"),
    ("db", "start"),
    ("db", "stop"),
)
HEAVY = ("pyarrow", "duckdb", "boto3", "httpx", "psycopg", "obstore")

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


class Tea:
    """A home with the tea agency's plugin installed."""

    def __init__(self, home, folder):
        self.home = home
        self.plugins = install_tea(folder / "plugins")
        self.path = folder / "agency.json"
        self.agency = TeaAgency()
        for name in DATASETS:
            self.agency.publish(name, "2024-03-01", prices())
        home.configure("[environments.local.sinks.lake]\n")
        home.environment["TEA_AGENCY"] = str(self.path)
        before = os.environ.get("PYTHONPATH", "")
        home.environment["PYTHONPATH"] = os.pathsep.join([str(self.plugins), str(TESTS), before])

    def run(self, *arguments, code=0):
        self.agency.save(self.path)
        return self.home.run(*arguments, code=code)

    def start(self, *arguments):
        self.agency.save(self.path)
        return subprocess.Popen(
            self.home.command(*arguments),
            cwd=self.home.folder,
            env=self.home.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close_gate(self):
        """Let no second payload through until the file is removed."""
        gate = self.path.with_name("gate")
        gate.touch()
        self.agency.gate = str(gate)
        return gate

    def manifests(self):
        runs = sorted((self.home.lake / "runs").rglob("*.json"), key=lambda path: path.name)
        return [json.loads(path.read_text()) for path in runs]

    def bronze(self):
        return {path.name for path in (self.home.lake / "bronze").rglob("*.gz")}


@pytest.fixture
def tea(home, tmp_path):
    return Tea(home, tmp_path)


def at_a_terminal(tea, *arguments):
    """Run a command at a terminal of 80 columns; return all that it writes there."""
    tea.agency.save(tea.path)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
    with subprocess.Popen(
        tea.home.command(*arguments),
        cwd=tea.home.folder,
        env={**tea.home.environment, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        told = b""
        with suppress(OSError):  # how a terminal ends
            while part := os.read(ours, 65536):
                told += part
        assert running.wait(PATIENCE) == 0, told
    os.close(ours)
    return told.decode()


def last_line(done):
    return done.stderr.strip().splitlines()[-1]


# --- Exit codes ------------------------------------------------------------------------------


def test_a_load_and_an_unchanged_run_are_0_and_stdout_stays_empty(tea):
    first = tea.run("run", "tea_prices")
    published = tea.home.published()
    second = tea.run("run", "tea_prices")
    assert (first.stdout, second.stdout) == ("", "")
    assert "loaded" in first.stderr
    assert "unchanged" in second.stderr
    assert tea.home.published() == published
    assert len(published) == 3


def test_a_person_at_a_terminal_reads_a_few_lines_and_all_of_them_with_v(tea):
    tea.agency.check = "warning"
    told = at_a_terminal(tea, "run", "tea_prices")
    assert "tea_prices: loaded 2 releases, 16 figures, in " in told
    assert "warning: tea_check, " in told
    assert "run started" not in told
    at_the_end = told.rpartition("\x1b[2K")[2].split("\r\n")
    assert len(at_the_end) <= MOST_LINES + 1
    assert "run started" in at_a_terminal(tea, "run", "tea_prices", "-v")


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
        (f"{BEA}key = '1234'\n", "sources.bea_pce_state.key: a secret is written as a reference"),
        (
            "[environments.local.sinks.lake]\npath = '${NOT_SET}'\n",
            "refers to ${NOT_SET}, which is not set",
        ),
        ("[engine]\nworkers = 'two'\n", "engine.workers is 'two'; expected 1 or more"),
        ("[environments.local.sinks.postgres]\n", "has 0 lakes among its sinks"),
    ],
)
def test_what_is_written_wrongly_is_told_with_file_place_and_nearest_name(home, text, says):
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


def test_what_nobody_expected_is_4_and_bronze_keeps_it(tea):
    tea.agency.unreadable_at = 2
    done = tea.run("run", "tea_prices", code=4)
    assert "payload black-MOM: a page of poetry" in last_line(done)
    assert tea.home.published() == {}
    assert any(name.startswith("black-MOM") for name in tea.bronze())


def test_what_the_normalizer_cannot_read_is_4_and_bronze_keeps_it(tea):
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


def test_a_run_beside_another_is_6_and_names_the_holder_unless_it_waits(tea):
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


def test_one_source_that_fails_does_not_stop_the_others(tea):
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


# --- Data on stdout --------------------------------------------------------------------------


def test_json_parses_on_every_command_that_gives_data(tea):
    answers = {}
    for name, *arguments in (
        ("plan", "tea_prices"),
        ("smoke", "tea_prices"),
        ("ingest", "tea_prices"),
        ("transform", "tea_prices"),
        ("load", "tea_prices"),
        ("run", "tea_prices"),
        ("doctor",),
    ):
        done = tea.run(name, *arguments, "--json")
        answers[name] = json.loads(done.stdout)
    plugins = json.loads(tea.run("plugins", "list", "--json").stdout)
    runs = json.loads(tea.run("runs", "list", "--json").stdout)
    shown = json.loads(tea.run("runs", "show", "--any", "--json").stdout)

    assert {step["action"] for step in answers["plan"]} == {"fetch", "write Gold to every sink"}
    assert answers["smoke"]["outcome"] == "loaded"
    assert [answers[n][0]["outcome"] for n in ("ingest", "transform", "load", "run")] == [
        "ingested",
        "loaded",
        "unchanged",
        "unchanged",
    ]
    assert {d["state"] for d in answers["doctor"]} <= {"ok", "warning"}
    assert ("source", "tea_prices", "statpipe-tea") in {
        (p["role"], p["name"], p["distribution"]) for p in plugins
    }
    assert [run["command"] for run in runs] == ["run", "load", "transform", "ingest"]
    assert shown["run_id"] == runs[0]["run_id"]


def test_every_log_line_is_json_with_the_run_it_belongs_to(tea):
    tea.agency.notice = "Steep with care"
    tea.agency.check = "warning"
    done = tea.run("run", "tea_prices", "--log-format", "json", "--debug")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    (manifest,) = tea.manifests()
    assert {line.get("run_id") for line in lines} == {manifest["run_id"]}
    assert {line["level"] for line in lines} >= {"info", "warning", "debug"}
    assert any(line["event"] == "Steep with care" for line in lines)
    for line in lines:
        datetime.fromisoformat(line["timestamp"])


@pytest.mark.parametrize("trouble", ["buggy", "rejects"])
def test_also_the_lines_of_a_failure_are_json(tea, trouble):
    setattr(tea.agency, trouble, True)
    for more in ([], ["--debug"]):
        done = tea.run("run", "tea_prices", "--log-format", "json", *more, code=1)
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert all(line["run_id"] for line in lines)
        assert lines[-1]["exit_code"] == 1
    tea.home.configure("[sinks]\n")
    done = tea.run("run", "tea_prices", "--log-format", "json", "--debug", code=2)
    last = [json.loads(line) for line in done.stderr.splitlines()][-1]
    assert last["exit_code"] == 2
    assert "unknown key sinks" in last["event"]


def test_plan_tells_what_a_run_would_do_and_writes_nothing(tea):
    def files():
        return {str(p) for p in tea.home.folder.rglob("*") if p.is_file()}

    before = files()
    done = tea.run("plan", "tea_prices")
    assert files() == before
    assert "new vintage" in done.stdout
    tea.run("run", "tea_prices")
    settled = files()
    steps = json.loads(tea.run("plan", "tea_prices", "--json").stdout)
    assert {step["action"] for step in steps} == {"nothing"}
    assert files() == settled


def test_runs_are_listed_newest_first_and_shown_by_the_beginning_of_their_id(tea):
    tea.run("run", "tea_prices")
    tea.agency.down_at = 0
    tea.run("run", "tea_prices", code=5)
    first, second = tea.manifests()
    listed = tea.run("runs", "list", "tea_prices").stdout
    assert listed.index(second["run_id"]) < listed.index(first["run_id"])
    assert "closed" in listed
    assert json.loads(tea.run("runs", "list", "--limit", "1", "--json").stdout)[0]["exit_code"] == 5
    shown = tea.run("runs", "show", first["run_id"][:-2])
    assert json.loads(shown.stdout)["run_id"] == first["run_id"]
    assert "silver/tea_prices/dataset=black/vintage=2024-03-01" in shown.stderr
    tea.agency.down_at = None
    tea.run("run", "tea_prices")  # nothing has changed
    assert json.loads(tea.run("runs", "show", "latest", "--json").stdout) == second
    latest = json.loads(tea.run("runs", "show", "latest", "--any", "--json").stdout)
    assert latest["outcome"] == "unchanged"
    failed = ("--source", "tea_prices", "--failed", "--since", "2024-01-01", "--json")
    assert [run["run_id"] for run in json.loads(tea.run("runs", "list", *failed).stdout)] == [
        second["run_id"]
    ]
    assert json.loads(tea.run("runs", "list", "--since", "9999-01-01", "--json").stdout) == []
    assert "--since 'May' is not a date" in tea.run("runs", "list", "--since", "May", code=2).stderr


# --- What is installed -----------------------------------------------------------------------


def test_a_broken_plugin_is_listed_and_stops_nobody(tea):
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


def test_each_way_of_being_broken_is_told_with_what_is_meant(tea):
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
        "statpipe_source is no hook of statpipe; did you mean 'statpipe_sources'?"
        in broken["misspelt"]
    )


def test_a_name_that_two_plugins_offer_names_both(tea):
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
    assert {r["status"] for r in rows if r["name"] == "tea_prices"} == {"name taken twice"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(capsys, command):
    assert execute([*command, "--help"]) == 0
    done = capsys.readouterr()
    assert f"statpipe {' '.join(command)}" in done.out
    assert done.err == ""


def test_version_and_help_are_there_without_any_configuration(home):
    home.configure("no toml")
    assert home.run("--version").stdout.strip()
    assert "run" in home.run("--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["plugins", "list"], ["run", "tea_prices"]],
    ids=["help", "help of run", "plugins", "an unchanged run"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(tea, arguments):
    if arguments == ["run", "tea_prices"]:
        tea.run(*arguments)
    program = (
        "import sys\n"
        "from statpipe.cli.app import execute\n"
        f"code = execute({arguments!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tea.home.folder,
        env=tea.home.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert last_line(done) == "[]"


def wait_for(ready, seconds=100.0):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_roles_of_the_database_are_made_and_told_line_by_line(home):
    lines = home.run("db", "init").stdout.splitlines()
    assert lines[:2] == ["created role statpipe_loader", "created role statpipe_reader"]
    again = home.run("db", "init").stdout.splitlines()
    assert again[0] == "unchanged the roles statpipe_loader and statpipe_reader"
    assert all(line.startswith("unchanged ") for line in again)


# --- Damage ----------------------------------------------------------------------------------


def test_a_lake_is_verified_repaired_and_whole_again(tea):
    tea.run("run", "tea_prices")
    whole = tea.run("lake", "verify")
    assert whole.stdout == ""
    assert (
        last_line(whole)
        == "objects read: 1 of manifests, 4 of bronze, 2 of silver, 2 of changes, 1 of gold"
    )

    part = next((tea.home.lake / "gold").rglob("*.parquet"))
    body = part.read_bytes()
    part.write_bytes(body[:-9] + b"x" + body[-8:])
    found = tea.run("lake", "verify", "tea_prices", code=4)
    assert "gold/tea_latest" in found.stdout
    assert last_line(found) == (
        "statpipe: 1 object is damaged or missing; repair with "
        "`statpipe lake verify tea_prices --repair` (exit 4)"
    )
    repaired = tea.run("lake", "verify", "tea_prices", "--repair", "--json")
    (finding,) = json.loads(repaired.stdout)["findings"]
    assert (finding["state"], finding["path"]) == ("repaired", "gold/tea_latest")
    assert finding["finding"].endswith("made from Silver")
    assert part.read_bytes() == body
    assert json.loads(tea.run("lake", "verify", "--json").stdout)["findings"] == []


def test_what_cannot_be_repaired_stays_4(tea):
    tea.run("run", "tea_prices")
    for payload in (tea.home.lake / "bronze").rglob("*.gz"):
        payload.unlink()
    tea.agency.down_at = 0
    done = tea.run("lake", "verify", "--repair", code=4)
    assert "the tea agency is closed" in done.stdout
    assert last_line(done) == (
        "statpipe: 4 objects are still damaged or missing; the table says what each of them needs "
        "(exit 4)"
    )


def test_a_torn_newest_manifest_is_told_by_the_doctor_and_mended_by_the_next_run(tea):
    tea.run("run", "tea_prices")
    (newest,) = (tea.home.lake / "runs" / "tea_prices").iterdir()
    body = newest.read_bytes()
    newest.write_bytes(b"")
    sick = tea.run("doctor", code=None)
    assert f"runs/tea_prices/{newest.name} is damaged: it is empty" in " ".join(sick.stdout.split())
    assert "statpipe lake verify tea_prices --repair" in sick.stdout
    done = tea.run("run", "tea_prices")
    assert "a damaged manifest" in done.stderr
    assert "restored from a copy" in done.stderr
    assert "unchanged" in done.stderr
    assert newest.read_bytes() == body
    assert newest.with_name(f"{newest.name}.damaged").read_bytes() == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tea_price",), "no source is named 'tea_price'; did you mean 'tea_prices'?"),
        (("--from-archive", "x"), "--from-archive needs --repair"),
    ],
)
def test_what_cannot_be_verified_is_2(tea, arguments, message):
    assert message in last_line(tea.run("lake", "verify", *arguments, code=2))
