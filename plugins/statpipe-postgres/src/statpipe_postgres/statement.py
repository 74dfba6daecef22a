"""A statement that somebody typed, and PostgreSQL's message about an error in it."""

from __future__ import annotations

import psycopg

from statpipe.api import ConfigError

_WIDEST = 100
"""Characters of a line that are shown around an error."""

_SEVERAL = "cannot insert multiple commands"
_UNKNOWN_TABLE = "42P01"


def readable_bytes(statement: str) -> bytes:
    """
    Return the statement as bytes for the server.

    :raises ConfigError: The statement is empty, or cannot be sent.
    """
    if not statement.strip():
        raise empty()
    try:
        sent = statement.encode()
    except UnicodeEncodeError as error:
        place = error.start + 1
        msg = f"the statement is not valid UTF-8 at character {place}; type it again"
        raise ConfigError(msg) from None
    if b"\0" in sent:
        raise ConfigError("the statement contains a NUL character; remove it")
    return sent


def empty() -> ConfigError:
    """
    Return the error for a statement of only blanks and comments.
    """
    return ConfigError("the statement is empty; write one, such as SELECT * FROM gold.<table>")


def mistake(error: psycopg.Error, statement: str) -> str:
    """
    Return what is wrong with a statement: PostgreSQL's message, the line with a caret, and what to
    do.
    """
    if isinstance(error, psycopg.DataError) and error.sqlstate is None:
        return f"the answer cannot be shown: {error}\n  cast the column to text, and run it again"
    # psycopg's own messages about COPY have one of these types.
    copies = psycopg.ProgrammingError | psycopg.NotSupportedError
    if isinstance(error, copies) and error.sqlstate is None:
        return "COPY is not supported here\n  use SELECT, with --csv for a file"
    said = error.diag.message_primary or str(error)
    detail = error.diag.message_detail
    lines = [f"PostgreSQL refuses the statement: {said}" + (f" ({detail})" if detail else "")]
    if error.diag.statement_position:
        lines += _pointed_out(statement, int(error.diag.statement_position))
    elif error.diag.internal_query and error.diag.internal_position:
        # The error is inside a function that the statement calls.
        lines += _pointed_out(error.diag.internal_query, int(error.diag.internal_position))
    return "\n".join([*lines, _advice(error, said)])


def _pointed_out(statement: str, position: int) -> list[str]:
    """Return the line with a position (characters, from 1), and a caret below it."""
    place = min(max(position - 1, 0), len(statement))
    start = statement.rfind("\n", 0, place) + 1
    end = statement.find("\n", place)
    line = statement[start : end if end >= 0 else None]
    column, cut = place - start, ""
    if len(line) > _WIDEST:
        first = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
        cut = "..." if first else ""
        line = cut + line[first : first + _WIDEST] + ("..." if first + _WIDEST < len(line) else "")
        column += len(cut) - first
    # A tab or a control character would move the caret away from its place.
    shown = "".join(c if c.isprintable() else " " for c in line)
    name = f"  line {statement.count(chr(10), 0, start) + 1}: "
    return [name + shown.rstrip(), " " * (len(name) + column) + "^"]


def _advice(error: psycopg.Error, said: str) -> str:
    if error.diag.message_hint:
        return f"  hint: {' '.join(error.diag.message_hint.split())}"
    if said.startswith(_SEVERAL):
        return "  run one statement at a time"
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return "  this command only reads; use psql to change something"
    if error.sqlstate == _UNKNOWN_TABLE:
        return "  `statpipe show` lists the tables"
    return "  correct the statement, and run it again"
