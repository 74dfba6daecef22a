"""The commands, each loaded when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import statpipe
from statpipe.engine.interruption import remembering_interrupts

_HELP = "Official statistics from the agency into a lakehouse and PostgreSQL, every vintage kept."
_USAGE_ERROR, _INTERRUPTED = 2, 130

_COMMANDS = {
    "run": ("statpipe.cli.run:run", "Bring new vintages of sources through every stage."),
    "backfill": ("statpipe.cli.backfill:backfill", "Load older vintages of a source from an archive."),
    "plan": ("statpipe.cli.plan:plan", "Show what a run would fetch and write, and why."),
    "smoke": ("statpipe.cli.smoke:smoke", "Check an installation with a tiny pull that is removed again."),
    "show": ("statpipe.cli.show:show", "Show figures of a Gold model."),
    "explain": ("statpipe.cli.explain:explain", "Show where a figure comes from, down to the payload."),
    "doctor": ("statpipe.cli.doctor:doctor", "Look at configuration, keys, lake, database and versions."),
    "ingest": ("statpipe.cli.stages:ingest", "Fetch new vintages into Bronze, and no further."),
    "transform": ("statpipe.cli.stages:transform", "Make Silver and Gold from what is in Bronze."),
    "load": ("statpipe.cli.stages:load", "Bring the other sinks to what the lake holds."),
}  # fmt: skip
_GROUPS = {
    "plugins": (
        "What is installed.",
        {
            "list": (
                "statpipe.cli.plugins:list_plugins",
                "List what plugins offer, broken ones too.",
            ),
            "new": ("statpipe.cli.new_plugin:new_plugin", "Write the beginning of a plugin."),
            "test": (
                "statpipe.cli.plugins_test:hold_to_contracts",
                "Hold a plugin to the contracts of its roles.",
            ),
        },
    ),
    "runs": (
        "What has been run.",
        {
            "list": ("statpipe.cli.runs:list_runs", "List the latest runs."),
            "show": ("statpipe.cli.runs:show_run", "Show the manifest of a run."),
        },
    ),
    "lake": (
        "The lake: figures, payloads and manifests.",
        {
            "verify": (
                "statpipe.cli.lake:verify",
                "Read everything in the lake, compare it with its record, repair damage.",
            ),
        },
    ),
    "db": (
        "The database for analysts.",
        {
            "init": (
                "statpipe.cli.db:init",
                "Make schemas, roles and grants; run once by an administrator.",
            ),
            "query": ("statpipe.cli.db:query", "Run a reading SQL statement."),
            "start": (
                "statpipe.cli.db:start",
                "Leave the embedded database running for other programs.",
            ),
            "stop": ("statpipe.cli.db:stop", "Stop the embedded database."),
        },
    ),
}


def make_app() -> App:
    """
    Make the application; no command is imported before it is called.
    """
    app = App(
        name="statpipe",
        help=_HELP,
        help_format="plaintext",  # Markdown would cost a third of the start-up
        version=statpipe.__version__,
        result_action="return_value",
    )
    for name, (target, text) in _COMMANDS.items():
        app.command(target, name=name, help=text)
    for name, (text, commands) in _GROUPS.items():
        group = App(name=name, help=text, result_action="return_value")
        for command, (target, summary) in commands.items():
            group.command(target, name=command, help=summary)
        app.command(group)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command line and exit with its code.
    """
    sys.exit(execute(sys.argv[1:] if arguments is None else arguments))


def execute(arguments: Sequence[str]) -> int:
    """
    Run the command line; return the exit code.
    """
    try:
        with remembering_interrupts():
            result = make_app()(list(arguments), exit_on_error=False, print_error=True)
    except CycloptsError:
        return _USAGE_ERROR
    except BrokenPipeError:  # `statpipe ... | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:  # while a command was being imported
        sys.stderr.write(f"statpipe: interrupted (exit {_INTERRUPTED})\n")
        return _INTERRUPTED
    return result if isinstance(result, int) else 0
