"""What options accept, on the command line itself. Nothing here needs a lake."""

from __future__ import annotations

import pytest
from cyclopts import CycloptsError

from statpipe.cli.app import execute, make_app
from statpipe.cli.option_types import split

SEVERAL = (
    ("show pce_state", "--area", "area"),
    ("show pce_state", "--category", "category"),
    ("show pce_state", "--dataset", "dataset"),
    ("show pce_state", "--period", "period"),
    ("run tea", "--tables", "tables"),
    ("plan tea", "--tables", "tables"),
    ("ingest tea", "--tables", "tables"),
    ("transform tea", "--tables", "tables"),
    ("backfill tea", "--tables", "tables"),
)


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    (tmp_path / "statpipe.toml").write_text("[environments.local.sinks.lake]\n")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = execute(arguments)
        printed = capsys.readouterr()
        assert printed.out == ""
        return code, printed.err.strip().splitlines()[-1]

    return run


@pytest.mark.parametrize(("command", "option", "parameter"), SEVERAL)
@pytest.mark.parametrize(
    "values", ["-- A B,C -- D", "-- A,B,C,D", "-- A B C D", "-- A -- B -- C,D"]
)
def test_several_values_may_be_given_in_any_form(command, option, parameter, values):
    words = [*command.split(), *values.replace("--", option).split()]
    _, bound, _ = make_app().parse_args(words, exit_on_error=False, print_error=False)
    assert split(bound.arguments[parameter]) == ("A", "B", "C", "D")


@pytest.mark.parametrize(("command", "option", "parameter"), SEVERAL)
@pytest.mark.parametrize("values", ["A,,B", "A ,", ",A"])
def test_an_empty_value_is_refused(command, option, parameter, values):
    words = [*command.split(), option, *values.split()]
    with pytest.raises(CycloptsError, match="empty name"):
        make_app().parse_args(words, exit_on_error=False, print_error=False)


def test_names_are_used_once_and_without_blanks():
    assert split(("CA, TX", "CA")) == ("CA", "TX")
    assert split(()) == ()


@pytest.mark.parametrize(
    "command",
    ["run tea", "ingest tea", "transform tea", "load tea", "backfill tea --from-archive x"],
)
@pytest.mark.parametrize("seconds", ["nan", "-5", "inf", "-inf", "1e9", "-0.001"])
def test_invalid_waiting_times_are_refused(told, command, seconds):
    code, line = told(*command.split(), f"--wait={seconds}")
    assert code == 2
    assert "--wait: it must be a number of seconds from 0 to 604800 (a week), not " in line


@pytest.mark.parametrize("command", ["runs list", "show pce_state"])
@pytest.mark.parametrize("limit", ["0", "-1", "2.7", "1e3", "0x10", "x", "\u0663"])
def test_a_limit_is_a_whole_number_of_at_least_1(told, command, limit):
    code, line = told(*command.split(), f"--limit={limit}")
    assert code == 2
    assert f"--limit: it must be a whole number, at least 1, not {limit}" in line
    assert f"; see `statpipe {command.removesuffix(' pce_state')} --help` (exit 2)" in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "pce_state", "--area", ""), "--area has an empty value"),
        (("show", "pce_state", "--area="), "--area has an empty value"),
        (("show", "pce_state", "--where", " "), "--where has an empty value"),
        (("show", "pce_state", "--as-of", ""), "--as-of has an empty value"),
        (("show", ""), "empty name in ''"),
        (("run", "tea", "--tables", ""), "--tables has an empty value"),
        (("run", "tea", "--markdown", ""), "--markdown has an empty value"),
        (("run", ""), "NAMES: empty name in ''"),
        (("run", "a,,b"), "NAMES: empty name in 'a,,b'"),
        (("doctor", "--env", ""), "--env has an empty value"),
        (("doctor", "--config="), "--config has an empty value"),
        (("runs", "show", ""), "empty name"),
        (("backfill", "tea", "--from-archive", ""), "--from-archive has an empty value"),
        (("backfill", "tea", "--from-archive"), "--from-archive requires at least 1 element"),
        (("run", "bea_pce_state", "--all"), "--all and bea_pce_state exclude each other; name sources, or use --all"),
        (("load", "bea_pce_state", "--all"), "--all and bea_pce_state exclude each other"),
        (("plan", "bea_pce_state", "--all"), "--all and bea_pce_state exclude each other"),
        (("load", "--verify", "--rebuild"), "--verify and --rebuild exclude each other; use one of them"),
        (("runs", "show", "--json", "--markdown"), "--markdown and --json exclude each other; use one of them"),
        (("db", "query", "SELECT 1", "--json", "--csv"), "--csv and --json exclude each other; use one of them"),
        (("show", "pce_state", "--json", "--csv"), "--csv and --json exclude each other; use one of them"),
        (("runs", "list", "bea_pce_stat"), "no source is named 'bea_pce_stat'; did you mean 'bea_pce_state'?"),
        (("runs", "show"), "no runs are recorded yet; start one with `statpipe run SOURCE`"),
        (("show", "--area", "CA", "pce_state"), (
            "no model is named; write its name before the options (`statpipe show` lists them)"
        )),
        (("explain", "pce_state", "--area", "CA", "TX", "--category", "1", "--period", "2021"), "unexpected argument 'TX'; see `statpipe explain --help`"),
        (("explain", "pce_state", "--area", "CA", "--category", "1", "--period", "2021", "--where", "ref_area=TX"), "--where ref_area=TX: say --area TX"),
        (("explain", "pce_state", "--area", "CA", "--category", "1", "--period", "2021", "--where", "sex=F,M"), "--where sex has 2 values, F and M; a figure has one"),
        (("show", "pce_state", "--limi", "3"), "unknown option: --limi. Did you mean --limit?"),
        (("sho",), 'unknown command "sho". Did you mean "show"?'),
        (("run", "--log-format", "xml"), "--log-format"),
    ],
)  # fmt: skip
def test_invalid_values_are_refused_in_one_line(told, arguments, says):
    code, line = told(*arguments)
    assert code == 2
    assert says in line
    assert line.startswith("statpipe: ")
    assert line.endswith("(exit 2)")
