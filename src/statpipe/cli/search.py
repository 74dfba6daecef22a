"""``statpipe search``."""

from __future__ import annotations

from statpipe.cli.common_options import DataOptions
from statpipe.cli.option_types import Count, Name
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.engine.answers.search import SHOWN, Found
from statpipe.engine.answers.search import search as found_by

_COLUMNS = ("kind", "code", "name", "unit", "model")
_OPTIONS = {"category": "--category", "area": "--area"}


def search(*words: Name, limit: Count = 20, options: DataOptions | None = None) -> int:
    """
    Search for models, categories and areas by code, title and unit.

    The answer lists the entries that match all words, best match first. Spelling errors are
    tolerated.

    Parameters
    ----------
    words
        What to search for, such as `food` or `real income`.
    limit
        How many to show.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        with session.lake() as site:
            found = [one for _, one in found_by(site, words)]
        if options.json:
            write_json([{name: getattr(one, name) for name in SHOWN} for one in found[:limit]])
            return 0
        if not found:
            say(
                f"nothing matches {' '.join(words)}; use fewer words, or list the models with "
                "`statpipe show`"
            )
            return 0
        print_table(
            "",
            _COLUMNS,
            [_row(one) for one in found[:limit]],
            less=("kind", "unit"),
            whole=("code", "model"),
        )
        if len(found) > limit:
            say(f"{len(found) - limit:,} more: add a word, or use --limit")
        say()
        say(f"see the first: {_command(found[0])}")
        return 0

    return in_session(options, work)


def _row(one: Found) -> list[str]:
    """A model's code is its name, which has a column of its own."""
    row = {name: getattr(one, name) for name in _COLUMNS}
    return [*({**row, "code": ""} if one.kind == "model" else row).values()]


def _command(one: Found) -> str:
    option = _OPTIONS.get(one.kind)
    return f"statpipe show {one.model}" + (f" {option} {one.code}" if option else "")
