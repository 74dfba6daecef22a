"""The command line on an agency that is not BEA: data on stdout, the rest on stderr."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from datetime import datetime

import pytest

from statpipe.cli.app import execute
from statpipe.cli.brief import MOST_LINES
from support.patience import PATIENCE
from support.tea_home import last_line

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


def test_a_terminal_shows_a_few_lines_and_all_of_them_with_v(tea):
    tea.agency.check = "warning"
    told = at_a_terminal(tea, "run", "tea_prices")
    assert "tea_prices: loaded 2 releases, 16 figures, in " in told
    assert "warning: tea_check, " in told
    assert "run started" not in told
    at_the_end = told.rpartition("\x1b[2K")[2].split("\r\n")
    assert len(at_the_end) <= MOST_LINES + 1
    assert "run started" in at_a_terminal(tea, "run", "tea_prices", "-v")


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
def test_log_lines_of_a_failure_are_json(tea, trouble):
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


def test_plan_shows_what_a_run_would_do_and_writes_nothing(tea):
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


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(capsys, command):
    assert execute([*command, "--help"]) == 0
    done = capsys.readouterr()
    assert f"statpipe {' '.join(command)}" in done.out
    assert done.err == ""


def test_version_and_help_work_without_configuration(home):
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


def test_db_init_creates_the_roles_and_reports_them_line_by_line(home):
    lines = home.run("db", "init").stdout.splitlines()
    assert lines[:2] == ["created role statpipe_loader", "created role statpipe_reader"]
    again = home.run("db", "init").stdout.splitlines()
    assert again[0] == "unchanged the roles statpipe_loader and statpipe_reader"
    assert all(line.startswith("unchanged ") for line in again)
