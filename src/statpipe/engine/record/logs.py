"""Log lines: readable by default, or as JSON for machines; each has the run id."""

from __future__ import annotations

import ast
import logging
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import IO, Any, Literal

import structlog

from statpipe.domain.secret import redacted
from statpipe.domain.visible import visible, visible_lines
from statpipe.engine.record.advice import in_environment
from statpipe.engine.record.workflow_commands import defused

Format = Literal["text", "json"]

QUIET = ("boto3", "botocore", "distributed", "httpcore", "httpx", "stamina", "tornado", "urllib3")
"""Libraries whose log lines repeat ours or contain URLs, signed requests and internals."""

_STAMINA = ("callable", "args", "kwargs", "retry_num", "caused_by", "wait_for", "waited_so_far")


def configure_logs(
    form: Format = "text",
    *,
    verbose: bool = False,
    stream: IO[str] | None = None,
    secrets: Iterable[str] = (),
    environment: str = "local",
) -> None:
    """
    Send all log lines of the process to *stream* (standard error).

    *secrets* are masked in every line, from any library: the last of several safeguards. Commands
    that a line advises get ``--env`` for the *environment*.
    """
    mask = mask_of(secrets)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _plain_retry,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = _json if form == "json" else _text
    handler = _QuietHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
                lambda _, __, line: defused(mask(in_environment(str(line), environment))),
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns about problems during its clean-up after an error that we report anyway.
    logging.getLogger("psycopg").setLevel(logging.ERROR)


def _plain_retry(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Log why stamina retries and when, instead of the name of the waiting function."""
    if event.get("event") == "stamina.retry_scheduled":
        reason = _message(str(event.get("caused_by", "")))
        kept = {
            "number": event.get("retry_num"),
            "seconds": event.get("wait_for"),
            "reason": reason,
        }
        for name in _STAMINA:
            event.pop(name, None)
        event.update(kept, event="retry")
    return event


def _message(exception: str) -> str:
    """Extract the text from the repr of an exception."""
    try:
        text = ast.literal_eval(exception.partition("(")[2].removesuffix(")"))
    except (SyntaxError, ValueError):
        return exception
    return text if isinstance(text, str) else exception


def _text(_: object, __: str, event: dict[str, Any]) -> str:
    """Write a line for people: time, event, details, run."""
    time = str(event.pop("timestamp"))[11:19]
    level, run = event.pop("level"), event.pop("run_id", "")
    event.pop("source", None)  # the first line of the run has it, and every line has the run id
    what, trace = event.pop("event"), event.pop("exception", "")
    beside = event.pop("beside", "")  # the source, if several run in parallel
    details = " ".join(f"{key}={value}" for key, value in event.items() if value not in (None, ""))
    mark = "" if level in {"info", "debug"} else f"{level.upper()}: "
    beside = f"{beside}: " if beside else ""
    parts = (time, f"{beside}{mark}{what}", details, f"[{run}]" if run else "")
    line = visible("  ".join(filter(None, parts)))
    return f"{line}\n{visible_lines(trace)}" if trace else line


def _json(logger: object, method: str, event: dict[str, Any]) -> str | bytes:
    event.pop("beside", None)  # the source is already in the line
    return structlog.processors.JSONRenderer()(logger, method, event)


class _QuietHandler(logging.StreamHandler[IO[str]]):
    """If the reader of log lines has closed the stream, go on without tracebacks."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not isinstance(sys.exception(), BrokenPipeError):
            super().handleError(record)


def mask_of(secrets: Iterable[str]) -> Callable[[str], str]:
    """
    Return a function that replaces each secret in a text by ``***``, however it is written there.
    """
    # A secret may begin with another one.
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    return lambda text: _masked(text, longest_first)


def _masked(line: str, secrets: Iterable[str]) -> str:
    body = line.encode(errors="surrogatepass")
    for secret in secrets:
        body = redacted(body, secret, b"***")
    return body.decode(errors="surrogatepass")
