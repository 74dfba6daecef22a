"""Tables for people: what no terminal shows is laid out as rich would do it."""

import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

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
def test_a_table_in_a_pipe_is_as_rich_lays_it_out(rows, capsys):
    columns, right = ("area", "value", "note"), ("value",)
    print_table("", columns, rows, right=right)
    assert capsys.readouterr().out == by_rich(columns, rows, right)
