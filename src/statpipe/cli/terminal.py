"""Output for people: every line and table of every command passes through here.

Invisible characters in texts of agencies and plugins are escaped, and so are commands for GitHub's
runner and characters that the output's encoding lacks. Credentials are masked. Output for programs,
which is JSON and CSV, is written with :func:`answer`.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO

from attrs import define

from statpipe.domain.visible import visible
from statpipe.engine.record.logs import mask_of
from statpipe.engine.record.workflow_commands import defused

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

_LEAST_ROOM = 20
NO_LIMIT = 100_000
"""Width of output that is not a terminal, such as a file or a pipe."""
_FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Environment variables that make rich treat a pipe as a terminal."""


class ReaderGone(BrokenPipeError):
    """
    The reader of our standard output has closed it, as ``head`` does.
    """


@define
class _Screen:
    output: TextIO
    mask: Callable[[str], str] = str


_screen: ContextVar[_Screen | None] = ContextVar("screen", default=None)


@contextmanager
def own_output() -> Iterator[None]:
    """
    Keep standard output for answers: output of plugins and libraries goes to standard error.
    """
    before = sys.stdout
    with _taken_over(before) as output:
        token = _screen.set(_Screen(output))
        sys.stdout = sys.stderr
        try:
            yield
            _flush(output)
        finally:
            sys.stdout = before
            _screen.reset(token)


def hide(secrets: Iterable[str]) -> None:
    """
    Mask these credentials in all further output for people.
    """
    screen = _screen.get()
    if screen is not None:
        screen.mask = mask_of(secrets)


def say(text: str = "", *, label: str = "", style: str = "", to_stderr: bool = False) -> None:
    """
    Print one line. *label* is our own text before the text; *style* is rich's style of the text.
    """
    _say(shown(text, to_stderr=to_stderr), label, style, to_stderr=to_stderr)


def say_wrapped(text: str, *, label: str = "", style: str = "") -> None:
    """
    Print one line; on a terminal, wrap it between words, with an indentation.

    Do not use it for messages: commands in them must be copied in one piece.
    """
    line = shown(text)
    if not _stream().isatty():
        _say(line, label, style)
        return
    room = max(width() - len(label), _LEAST_ROOM)
    lines = textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]
    for number, part in enumerate(lines):
        _say(part, " " * len(label) if number else label, style)


def _say(line: str, label: str, style: str, *, to_stderr: bool = False) -> None:
    if style and is_terminal(to_stderr=to_stderr):
        from rich.text import Text

        show(Text(label) + Text(line, style), to_stderr=to_stderr, soft_wrap=True)
    else:
        _emit(f"{label}{line}\n", to_stderr=to_stderr)


def shown(value: object, *, to_stderr: bool = False) -> str:
    """
    Return a text as :func:`say` prints it, to measure its width.
    """
    encoding = _stream(to_stderr=to_stderr).encoding or "utf-8"
    text = visible(_mask(str(value)))
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def show(renderable: RenderableType, *, to_stderr: bool = False, soft_wrap: bool = False) -> None:
    """
    Print an object of rich. Its texts must have passed :func:`shown`.
    """
    console = make_console(to_stderr=to_stderr)
    with console.capture() as captured:
        console.print(renderable, soft_wrap=soft_wrap)
    text = captured.get()
    if not console.is_terminal:
        text = "".join(f"{line.rstrip(' ')}\n" for line in text.split("\n")[:-1])
    _emit(text, to_stderr=to_stderr)


def show_lines(lines: Iterable[str], *, to_stderr: bool = False) -> None:
    """
    Print lines unchanged. Their texts must have passed :func:`shown`.
    """
    _emit("".join(f"{line}\n" for line in lines), to_stderr=to_stderr)


def is_terminal(*, to_stderr: bool = False) -> bool:
    """
    Return whether an output is a terminal: only there is anything folded or bold.
    """
    # Loading rich takes a tenth of the time of a quick command, so it is only asked if it may say
    # yes.
    may_be = _stream(to_stderr=to_stderr).isatty() or any(name in os.environ for name in _FORCED)
    return may_be and make_console(to_stderr=to_stderr).is_terminal


def answer(text: str) -> None:
    """
    Write a part of an answer for programs to standard output, unchanged.

    :raises ReaderGone: Nobody reads it any more.
    """
    _write(text)


def speaks(text: str) -> bool:
    """
    Return whether standard output can encode these characters.
    """
    try:
        text.encode(_stream().encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def width(*, to_stderr: bool = False) -> int:
    """
    Return how many characters a line holds.
    """
    if not _stream(to_stderr=to_stderr).isatty():
        return NO_LIMIT
    return make_console(to_stderr=to_stderr).width


def make_console(*, to_stderr: bool = False) -> Console:
    """
    Make a rich console for an output, without markup, emoji and automatic colours.
    """
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:  # rich's own handler ends the process
            if not to_stderr:
                raise ReaderGone

    stream = _stream(to_stderr=to_stderr)
    return Ours(
        file=stream,
        width=None if stream.isatty() else NO_LIMIT,
        markup=False,
        emoji=False,
        highlight=False,
    )


def make_progress() -> Progress:
    """
    Make a temporary progress bar on standard error. Descriptions must have passed :func:`shown`.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=make_console(to_stderr=True),
        transient=True,
    )


def log_to_stderr() -> None:
    """
    Send log lines to the current standard error: while a bar is shown, to that of rich, which
    writes above the bar.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)


def _mask(text: str) -> str:
    screen = _screen.get()
    return text if screen is None else screen.mask(text)


def _stream(*, to_stderr: bool = False) -> TextIO:
    screen = _screen.get()
    return sys.stderr if to_stderr else sys.stdout if screen is None else screen.output


def _emit(text: str, *, to_stderr: bool) -> None:
    if to_stderr:
        # If nobody reads our messages any more, the work must still continue.
        with suppress(BrokenPipeError):
            sys.stderr.write(defused(text))
    else:
        _write(defused(text))


def _write(text: str) -> None:
    try:
        _stream().write(text)
    except BrokenPipeError:
        raise ReaderGone from None


def _flush(stream: TextIO) -> None:
    try:
        stream.flush()
    except BrokenPipeError:
        raise ReaderGone from None


@contextmanager
def _taken_over(stdout: TextIO) -> Iterator[TextIO]:
    """Reserve standard output for us: others, and programs that they start, get standard error."""
    try:
        stdout.flush()
        number = stdout.fileno()
        kept = os.dup(number)
        os.dup2(sys.stderr.fileno(), number)
    except (AttributeError, OSError, ValueError):  # replaced by a test, or missing
        yield stdout if stdout is not None else io.StringIO()
        return
    output = open(kept, "w", encoding=stdout.encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
    try:
        yield output
    finally:
        os.dup2(kept, number)
        with suppress(OSError):
            output.close()
        os.close(kept)
