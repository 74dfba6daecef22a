"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    to_stderr: bool = False,
    right: Sequence[str] = (),
) -> None:
    """
    Print rows; columns named in *right* are aligned there. Wide cells fold, nothing is cut off.
    """
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(stderr=to_stderr)
    if not console.is_terminal:
        # A file or a pipe has no width: give rows the room they need.
        console = Console(stderr=to_stderr, width=200)
    console.print(table, markup=False)
