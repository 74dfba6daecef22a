"""What people read: safe, of any width and encoding."""

import io
import re
import sys

import pytest

from statpipe.cli.tables import print_table
from statpipe.cli.terminal import ReaderGone, answer, hide, own_output, say, say_wrapped

HOSTILE = "[red]\x1b[31m\u202e:smile:\n::error::x ##[error]y"


class Terminal(io.TextIOWrapper):
    """An output of some encoding, which may be a terminal."""

    def __init__(self, encoding="utf-8", *, terminal=False):
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict")
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    @property
    def text(self):
        self.flush()
        styled = self.buffer.getvalue().decode(self.encoding)
        return re.sub(r"\x1b\[[0-9;]*m", "", styled)


@pytest.fixture
def output(monkeypatch):
    def make(encoding="utf-8", *, width=None):
        made = Terminal(encoding, terminal=width is not None)
        monkeypatch.setattr(sys, "stdout", made)
        monkeypatch.setenv("COLUMNS", str(width or 80))
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        return made

    return make


def test_control_characters_in_texts_are_shown_and_have_no_effect(output):
    made = output()
    say(HOSTILE, label="name  ")
    print_table(HOSTILE, (HOSTILE,), [(HOSTILE,)])
    seen = r"[red]\x1b[31m\u202e:smile:\n::error::x ##[error]y"
    assert made.text.splitlines() == [f"name  {seen}", seen, seen, seen]


def test_no_text_is_a_command_for_githubs_runner(output, monkeypatch):
    made = output(width=60)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    say("::error::x")
    say("see ##[add-mask]y")
    print_table("", ("a", "name"), [("x" * 28, "see all of this one text ::stop-commands::z")])
    lines = made.text.splitlines()
    assert lines[:2] == [r"\u003a:error::x", r"see \u0023#[add-mask]y"]
    assert not [line for line in lines if line.lstrip().startswith("::")]
    assert any(line.lstrip().startswith(r"\u003a:stop-commands") for line in lines)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "cp437"])
@pytest.mark.parametrize("width", [None, 20, 40, 120])
def test_any_encoding_and_width_works(output, encoding, width):
    made = output(encoding, width=width)
    rows = [("東京 Doña ▁▂▃", "1"), ("x" * 50, "22")]
    print_table("Ü", ("näme", "value"), rows, right=("value",))
    assert made.text
    if width is None:
        assert all(line == line.rstrip() for line in made.text.splitlines())


def test_output_to_a_pipe_has_no_width_and_no_trailing_blanks(output):
    made = output()
    print_table("T", ("a", "b"), [("x" * 300, "y"), ("x", "yy")])
    title, head, first, second = made.text.splitlines()
    assert (title, head, first) == ("T", f"a{' ' * 301}b", f"{'x' * 300}  y")
    assert second == f"x{' ' * 301}yy"


def test_a_narrow_window_leaves_out_minor_columns_then_shows_blocks(output):
    columns, row = ("id", "source", "message"), ("r1", "bea_pce_state", "words " * 8)
    made = output(width=44)
    print_table("", columns, [row], less=("source",))
    lines = made.text.splitlines()
    assert lines[0].split() == ["id", "message"]
    assert lines[-1] == "hidden because the window is narrow: source"
    assert all(len(line) <= 44 for line in lines)
    made = output(width=16)
    print_table("", columns, [row], less=("source",))
    assert made.text.splitlines() == [
        "id       r1",
        "source   bea_pce_state",
        f"message  {row[2].strip()}",
    ]


def test_output_of_libraries_goes_to_standard_error(capsys):
    with own_output():
        print("a plugin was here")  # noqa: T201 - what is tested
        answer("42\n")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("42\n", "a plugin was here\n")


def test_credentials_are_masked_in_output(capsys):
    with own_output():
        hide({"hunter-2-hunter"})
        say("key hunter-2-hunter")
        print_table("T", ("a",), [("hunter-2-hunter",)], to_stderr=True)
    printed = capsys.readouterr()
    assert printed.out == "key ***\n"
    assert "***" in printed.err
    assert "hunter" not in printed.err


def test_a_closed_pipe_ends_the_output_but_not_the_work(monkeypatch):
    class Closed(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr(sys, "stderr", Closed())
    say("for nobody", to_stderr=True)
    with pytest.raises(ReaderGone):
        say("for nobody")


def test_a_labelled_line_only_wraps_on_a_terminal(output):
    text = "Last updated: October 6, 2022 by " + "x" * 30
    made = output(width=40)
    say_wrapped(text, label="vintage   ")
    say(text)
    assert made.text.splitlines() == [
        "vintage   Last updated: October 6, 2022",
        "          by",
        f"          {'x' * 30}",
        text,
    ]
    made = output()
    say_wrapped(text, label="vintage   ")
    assert made.text == f"vintage   {text}\n"
