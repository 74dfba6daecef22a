"""Every command is there, and says how it is used."""

import shlex

import pytest

from statpipe.cli.app import make_app
from statpipe.cli.commands import COMMANDS, GROUPS

EVERY = [
    *(((name,), command) for name, command in COMMANDS.items()),
    *(
        ((group, name), command)
        for group, (_, commands) in GROUPS.items()
        for name, command in commands.items()
    ),
]


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_the_example_of_a_command_is_valid_and_is_in_its_help(capsys, path, command):
    app = make_app(plugins=False)
    words = shlex.split(command.example)
    assert tuple(words[: len(path)]) == path
    app.parse_args(words, exit_on_error=False, print_error=False)
    app([*path, "--help"], exit_on_error=False)
    assert f"Example: statpipe {command.example.split()[0]}" in capsys.readouterr().out
