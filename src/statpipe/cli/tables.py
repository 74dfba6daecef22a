"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from statpipe.cli.terminal import is_terminal, say, show, show_lines, shown, width
from statpipe.engine.answers.exact_value import exact

_BETWEEN = 2
"""Blanks between columns."""
_NARROW = 26
"""Wider columns may be folded to this width."""


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    to_stderr: bool = False,
    right: Sequence[str] = (),
    less: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """
    Print rows; columns named in *right* are aligned there. Wide cells fold, unless their column is
    named in *whole*; nothing is cut off.

    Columns named in *less* are left out if no row has anything there. Where the window is too
    narrow, they are left out as well, the last one first, and named below. If that is not enough,
    each row becomes a block of lines.
    """
    cells = {name: [shown(name, to_stderr=to_stderr)] for name in columns}
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            text = "" if cell is None else exact(cell)
            cells[name].append(shown(text, to_stderr=to_stderr))
    for name in less:
        if not any(cells[name][1:]):
            del cells[name]
    if title:
        say(title, style="bold", to_stderr=to_stderr)
    fitting = _fitting(cells, less, whole, width(to_stderr=to_stderr))
    if fitting:
        _print_rows(fitting, right, whole, to_stderr=to_stderr)
    else:
        _print_blocks(cells, to_stderr=to_stderr)
    left_out = [name for name in cells if fitting and name not in fitting]
    if left_out:
        say(f"hidden because the window is narrow: {', '.join(left_out)}", to_stderr=to_stderr)


def text_width(text: str) -> int:
    """
    Return how many columns a text takes on a terminal.
    """
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _fitting(
    cells: Mapping[str, list[str]], less: Sequence[str], whole: Sequence[str], room: int
) -> dict[str, list[str]]:
    """Return the columns that fit, or nothing if the required ones do not."""
    fitting = dict(cells)
    for unneeded in (*reversed(less), ""):
        least = sum(
            (_width(texts) if name in whole else min(_width(texts), _NARROW)) + _BETWEEN
            for name, texts in fitting.items()
        )
        if least - _BETWEEN <= room:
            return fitting
        fitting.pop(unneeded, None)
    return {}


def _print_rows(
    cells: Mapping[str, list[str]], right: Sequence[str], whole: Sequence[str], *, to_stderr: bool
) -> None:
    if not is_terminal(to_stderr=to_stderr):
        show_lines(_plain(cells, right), to_stderr=to_stderr)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, (head, *texts) in cells.items():
        table.add_column(
            head,
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name in whole or _width([head, *texts]) <= _NARROW,
            min_width=_width([head, *texts])
            if name in whole
            else min(_width([head, *texts]), _NARROW),
        )
    for row in zip(*(texts[1:] for texts in cells.values()), strict=True):
        table.add_row(*row)
    show(table, to_stderr=to_stderr)


def _plain(cells: Mapping[str, list[str]], right: Sequence[str]) -> Iterator[str]:
    """
    Yield the lines of a table in the layout of rich, if no line is cut and nothing is bold.

    For a hundred rows, rich takes as long as a complete run without news.
    """
    columns = []
    for name, texts in cells.items():
        most = _width(texts)
        blanks = [" " * (most - text_width(text)) for text in texts]
        pairs = (
            zip(blanks, texts, strict=True) if name in right else zip(texts, blanks, strict=True)
        )
        columns.append(["".join(pair) for pair in pairs])
    for row in zip(*columns, strict=True):
        yield (" " * _BETWEEN).join(row).rstrip(" ")


def _print_blocks(cells: Mapping[str, list[str]], *, to_stderr: bool) -> None:
    heads = [texts[0] for texts in cells.values()]
    label = max(map(text_width, heads)) + _BETWEEN
    for number, row in enumerate(zip(*(texts[1:] for texts in cells.values()), strict=True)):
        if number:
            say(to_stderr=to_stderr)
        for head, text in zip(heads, row, strict=True):
            if text.strip():
                say(text.strip(), label=f"{head:<{label}}", to_stderr=to_stderr)


def _width(texts: Iterable[str]) -> int:
    return max(map(text_width, texts), default=0)
