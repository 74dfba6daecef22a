"""``statpipe plan``."""

from __future__ import annotations

import sys
from typing import Annotated

import attrs
from cyclopts import Parameter

from statpipe.cli.common_options import DataOptions, split
from statpipe.cli.run import chosen_sources
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.engine.options import Options
from statpipe.engine.plan import plan_source


def plan(
    *names: str,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    full: Annotated[bool, Parameter(negative="")] = False,
    tables: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    options: DataOptions | None = None,
) -> int:
    """
    Show what a run would fetch and write, and why. Asks the agency one question a table.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Every installed source.
    full
        As `statpipe run --full` would.
    tables
        Just these datasets of the source.
    """
    options = options or DataOptions()
    wanted = Options(full=full, tables=split(tables))

    def work(session: Session) -> int:
        chosen = chosen_sources(session, split(names), everything=all_)
        with session.site() as site:
            plans = [plan_source(site, name, wanted) for name in chosen]
        steps = [step for made in plans for step in made.steps]
        if options.json:
            write_json([attrs.asdict(step) for step in steps])
        else:
            columns = ("source", "what", "vintage", "action", "requests", "reason")
            rows = [[getattr(step, name) for name in columns] for step in steps]
            print_table(f"Plan for {options.env}", columns, rows, right=("requests",))
        for made in plans:
            if made.notice:
                sys.stderr.write(f"{made.notice}\n")
        return 0

    return in_session(options, work)
