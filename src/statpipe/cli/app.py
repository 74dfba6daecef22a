"""The commands, each loaded when it is called."""

from __future__ import annotations

import gc
import importlib
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from itertools import pairwise
from types import ModuleType
from typing import Any

from cyclopts import (
    App,
    CoercionError,
    CycloptsError,
    UnusedCliTokensError,
    ValidationError,
)

import statpipe
from statpipe.cli.commands import COMMANDS, GROUPS, Command
from statpipe.domain.errors import StatpipeError
from statpipe.engine.site.interruption import remembering_interrupts

_HELP = "Load official statistics into a lakehouse and PostgreSQL, and keep every vintage."
_USAGE_ERROR, _INTERRUPTED = 2, 130
_COMPLETE = "complete"
_GARBAGE = 20_000
"""New objects before Python looks for garbage among them."""

_PLUGINS = "statpipe.commands"
"""The entry-point group for commands of plugins. Each entry point is a cyclopts ``App``."""


def make_app(*, plugins: bool = True) -> App:
    """
    Make the application. Commands are imported when they are called. With *plugins*, commands of
    plugins are included.
    """
    app = App(
        name="statpipe",
        help=_HELP,
        help_format="plaintext",  # Markdown would take a third of the start-up time
        version=statpipe.__version__,
        result_action="return_value",
    )
    _add(app, COMMANDS)
    for name, (text, commands) in GROUPS.items():
        group = App(name=name, help=text, result_action="return_value")
        _add(group, commands)
        app.command(group)
    for theirs in _of_plugins() if plugins else ():
        app.command(theirs)
    return app


def _add(app: App, commands: Mapping[str, Command]) -> None:
    for name, (target, text, example) in commands.items():
        told = f"Example: statpipe {example}"
        app.command(f"statpipe.cli.{target}", name=name, help=text, help_epilogue=told)


def _of_plugins() -> Iterator[App]:
    """Yield the commands of plugins. ``plugins list`` reports those that cannot be loaded."""
    for found in entry_points(group=_PLUGINS):
        if found.name not in {*COMMANDS, *GROUPS}:
            with suppress(Exception):
                yield found.load()


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command line and exit with its code.
    """
    # Imports make many objects that stay: to look for garbage among them every 700 takes 3 % of the CPU time.
    gc.set_threshold(_GARBAGE)
    given = sys.argv[1:] if arguments is None else arguments
    if list(given[:1]) == [_COMPLETE]:  # called by a shell, with words that may be incomplete
        from statpipe.cli.completion import complete

        sys.exit(complete(given[1:]))
    sys.exit(execute(given))


def execute(arguments: Sequence[str]) -> int:
    """
    Run the command line; return the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any encoding works
    problem = _empty_value(arguments)
    if problem:
        return refuse(problem)
    try:
        with remembering_interrupts():
            own = bool(arguments) and arguments[0] in {*COMMANDS, *GROUPS}
            if own and "--help" not in arguments:
                _import_structlog()
            app = make_app(plugins=not own)
            result = app(list(arguments), exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        return refuse(_in_words(error))
    except StatpipeError as error:  # from a plugin's command; ours report their own errors
        return refuse(str(error), error.exit_code)
    except (BrokenPipeError, SystemExit):  # `statpipe ... | head`; rich exits where help is cut off
        return 0
    except KeyboardInterrupt:  # while a command was being imported
        sys.stderr.write(f"statpipe: interrupted (exit {_INTERRUPTED})\n")
        return _INTERRUPTED
    finally:
        _forget_lost_readers()
    return result if isinstance(result, int) else 0


def refuse(problem: str, code: int = _USAGE_ERROR) -> int:
    """
    Print in one line what is wrong, and return the exit code: *code*, by default that of wrong
    arguments.
    """
    from statpipe.cli.terminal import say

    say(f"statpipe: {problem} (exit {code})", to_stderr=True)
    return code


class _Later(ModuleType):
    """Stands for a module that is imported when something of it is needed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


def _import_structlog() -> None:
    """
    Import structlog without rich, whose tracebacks none of our log lines has, and without asyncio, which only its
    methods for coroutines need: both take longer than structlog.
    """
    without: dict[str, Any] = {"rich": None, "asyncio": _Later("asyncio")}
    added = {name: one for name, one in without.items() if name not in sys.modules}
    sys.modules.update(added)
    try:
        importlib.import_module("structlog")
    finally:
        for name in added:
            del sys.modules[name]


def _empty_value(arguments: Sequence[str]) -> str:
    """Find an empty argument, which is always a mistake, such as an unset variable."""
    for before, argument in pairwise(["", *arguments]):
        if re.fullmatch(r"--[a-z-]+=\s*", argument):
            return f"{argument.partition('=')[0]} has an empty value"
        if not argument.strip() and before.startswith("--"):
            return f"{before} has an empty value"
    return ""


def _in_words(error: CycloptsError) -> str:
    command = " ".join(("statpipe", *(error.command_chain or ())))
    if isinstance(error, UnusedCliTokensError):
        text = f"unexpected argument {', '.join(map(repr, error.unused_tokens or ()))}"
    elif isinstance(error, ValidationError) and error.argument is not None:
        text = f"{error.argument.name}: {error.exception_message}"
    elif isinstance(error, CoercionError) and error.msg and error.argument is not None:
        text = f"{error.argument.name}: {error.msg}"
    else:
        text = " ".join(str(error).split()).rstrip(".")
        text = text[:1].lower() + text[1:]
    return f"{text}; see `{command} --help`"


def _forget_lost_readers() -> None:
    """
    Discard output that nobody reads: otherwise Python reports an error when it flushes at the end.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
