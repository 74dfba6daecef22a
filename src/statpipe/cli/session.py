"""What every command begins and ends with: configuration, plugins, logs, and errors in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from attrs import frozen

from statpipe.api import StatpipeError
from statpipe.cli.common_options import CommonOptions
from statpipe.cli.json_text import json_text
from statpipe.cli.terminal import ReaderGone, answer, hide, own_output, say
from statpipe.engine.record.advice import in_environment
from statpipe.engine.record.logs import configure_logs
from statpipe.engine.site.aws_environment import aws_exported
from statpipe.engine.site.configuration import Configuration, load_configuration
from statpipe.engine.site.credentials import credentials
from statpipe.engine.site.instances import add_instances
from statpipe.engine.site.interruption import was_interrupted
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_lake, open_site

log = structlog.get_logger("statpipe")

INTERRUPTED = 130
_BUG = 1


@frozen
class Session:
    """
    Configuration and plugins of one command.
    """

    options: CommonOptions
    configuration: Configuration
    registry: Registry

    @contextmanager
    def site(self, fetching: Sequence[str] = ()) -> Iterator[Site]:
        """
        Open the environment, and close it. *fetching* names sources that will ask their agency.
        """
        site = open_site(self.configuration, self.registry, self.options.env, fetching=fetching)
        try:
            yield site
        finally:
            site.close()

    @contextmanager
    def lake(self) -> Iterator[Site]:
        """
        Open only the environment's lake, to read from it, and close it.
        """
        site = open_lake(self.configuration, self.registry, self.options.env)
        try:
            yield site
        finally:
            site.close()


def in_session(options: CommonOptions, work: Callable[[Session], int]) -> int:
    """
    Do a command's work. An expected error becomes one line on standard error and its exit code.
    """
    with own_output():
        return _in_session(options, work)


def _in_session(options: CommonOptions, work: Callable[[Session], int]) -> int:
    configure_logs(options.log_format, verbose=options.debug)
    try:
        configuration = load_configuration(options.config)
        registry = Registry.installed()
        add_instances(configuration, registry)
        secrets = credentials(configuration, registry)
        hide(secrets)
        configure_logs(
            options.log_format, verbose=options.debug, secrets=secrets, environment=options.env
        )
        with aws_exported(configuration.variables, configuration.env_file, log.warning):
            return work(Session(options, configuration, registry))
    except ReaderGone:
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # plugins may even call sys.exit
        log.debug("traceback", exc_info=error)  # shown with --debug
        message, code = _ending_of(error)
        tell_error(message, code, options)
        return code


def _ending_of(error: BaseException) -> tuple[str, int]:
    # First, because a library may turn an interruption into any error of its own.
    if isinstance(error, KeyboardInterrupt) or was_interrupted():
        return "interrupted; run again to complete it", INTERRUPTED
    if isinstance(error, StatpipeError):
        return str(error), error.exit_code
    text = f"a bug in statpipe or a plugin: {type(error).__name__}: {error}"
    return f"{text}; run again with --debug for the traceback and report it", _BUG


def tell_error(message: str, code: int, options: CommonOptions) -> None:
    """
    Write one line on standard error.
    """
    message = in_environment(message, options.env)
    if options.log_format == "json":
        say(json_text({"event": message, "level": "error", "exit_code": code}), to_stderr=True)
    else:
        say(f"statpipe: {message} (exit {code})", to_stderr=True)


def write_json(document: Any) -> None:
    """
    Write data to standard output.
    """
    answer(json_text(document, indent=1) + "\n")
