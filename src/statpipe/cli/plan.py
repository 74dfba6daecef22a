"""``statpipe plan``."""

from __future__ import annotations

import attrs

from statpipe.cli.common_options import DataOptions
from statpipe.cli.option_types import All, Flag, Name, Names, split
from statpipe.cli.run import chosen_sources
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.engine.runs.plan import plan_source
from statpipe.engine.stages.options import Options


def plan(
    *names: Name,
    all_: All = False,
    full: Flag = False,
    force: Flag = False,
    tables: Names = (),
    options: DataOptions | None = None,
) -> int:
    """
    Show what a run would fetch and write, and why. Sends the agency one request per table.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Every installed source.
    full
        Plan a run with `--full`.
    force
        Ask the agency even if its release calendar says that nothing is due.
    tables
        Only these datasets of the source, such as `A B` or `A,B`.
    """
    options = options or DataOptions()
    wanted = Options(full=full, force=force, tables=split(tables))

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
            print_table(
                f"Plan for {options.env}", columns, rows, right=("requests",), less=("source",)
            )
        for made in plans:
            if made.notice:
                say(made.notice, to_stderr=True)
            if made.waiting:
                words = "the requests will wait for the agency's limit for about"
                say(f"{made.source}: {words} {made.waiting:.0f} s", to_stderr=True)
        return 0

    return in_session(options, work)
