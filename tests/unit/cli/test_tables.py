"""Tables for people: what no terminal shows is laid out as rich would do it."""

import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from statpipe.cli import tables
from statpipe.cli.tables import print_table

CELLS = st.text(st.sampled_from("ab 1é中́"), max_size=40).map(str.strip)


def by_rich(columns, rows, right):
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    stream = io.StringIO()
    Console(file=stream, width=1_000, markup=False, emoji=False, highlight=False).print(table)
    return "".join(f"{line.rstrip(' ')}\n" for line in stream.getvalue().split("\n")[:-1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5))
def test_a_table_in_a_pipe_has_the_layout_of_rich(rows, capsys):
    columns, right = ("area", "value", "note"), ("value",)
    print_table("", columns, rows, right=right)
    assert capsys.readouterr().out == by_rich(columns, rows, right)


ROWS = [("a" * 35, "", "words " * 8, "1"), ("b" * 30, "", "word", "2")]


def test_a_column_without_content_is_left_out_if_it_may_be(capsys):
    print_table("", ("name", "note", "title", "n"), ROWS, less=("n", "note"))
    assert capsys.readouterr().out.splitlines()[0].split() == ["name", "title", "n"]
    print_table("", ("name", "note", "title", "n"), ROWS)
    assert capsys.readouterr().out.splitlines()[0].split() == ["name", "note", "title", "n"]


def test_what_must_be_copied_is_not_folded(capsys, monkeypatch):
    monkeypatch.setattr(tables, "width", lambda **_: 70)
    monkeypatch.setattr(tables, "is_terminal", lambda **_: True)
    monkeypatch.setenv("COLUMNS", "70")
    print_table("", ("name", "title"), [(row[0], row[2]) for row in ROWS], whole=("name",))
    assert "a" * 35 in capsys.readouterr().out
    print_table("", ("name", "title"), [(row[0], row[2]) for row in ROWS], less=("title",))
    assert "title" in capsys.readouterr().out.splitlines()[0]
    monkeypatch.setattr(tables, "width", lambda **_: 60)
    print_table(
        "",
        ("name", "title"),
        [(row[0], row[2]) for row in ROWS],
        less=("title",),
        whole=("name",),
    )
    out = capsys.readouterr().out
    assert "a" * 35 in out
    assert "hidden because the window is narrow: title" in out
