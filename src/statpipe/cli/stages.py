"""``statpipe ingest``, ``transform`` and ``load``: the stages on their own."""

from __future__ import annotations

from statpipe.api import ConfigError, How
from statpipe.cli.common_options import DataOptions
from statpipe.cli.option_types import All, Flag, Name, Names, Seconds, split
from statpipe.cli.run import run_stages
from statpipe.cli.session import tell_error
from statpipe.engine.stages.options import INGEST, LOAD, TRANSFORM, Options


def ingest(
    *names: Name,
    all_: All = False,
    full: Flag = False,
    force: Flag = False,
    tables: Names = (),
    wait: Seconds = 0.0,
    options: DataOptions | None = None,
) -> int:
    """
    Fetch new vintages into Bronze, and no further.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Every installed source.
    full
        Fetch also where the agency's date has not changed.
    force
        Ask the agency also where its release calendar says that nothing is due.
    tables
        Just these datasets of the source, such as `A B` or `A,B`.
    wait
        Seconds to wait while another run of the same source is at work.
    """
    wanted = Options(
        full=full,
        force=force,
        tables=split(tables),
        wait=wait,
        stages=frozenset({INGEST}),
        command="ingest",
    )
    return run_stages(split(names), wanted, options or DataOptions(), everything=all_)


def transform(
    *names: Name,
    all_: All = False,
    tables: Names = (),
    wait: Seconds = 0.0,
    accept_revision: Flag = False,
    options: DataOptions | None = None,
) -> int:
    """
    Make Silver, and the lake's Gold, from what is in Bronze. Asks the agency nothing.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Every installed source.
    tables
        Just these datasets of the source, such as `A B` or `A,B`.
    wait
        Seconds to wait while another run of the same source is at work.
    accept_revision
        Publish also what a check refuses because it asks whether the agency meant it.
    """
    wanted = Options(
        tables=split(tables),
        wait=wait,
        stages=frozenset({TRANSFORM}),
        accept_revision=accept_revision,
        command="transform",
    )
    return run_stages(split(names), wanted, options or DataOptions(), everything=all_)


def load(
    *names: Name,
    all_: All = False,
    verify: Flag = False,
    rebuild: Flag = False,
    wait: Seconds = 0.0,
    options: DataOptions | None = None,
) -> int:
    """
    Update PostgreSQL and other sinks from the lake. It sends the agency no request.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them; all of them if none is named.
    all_
        Every installed source.
    verify
        Compare databases row by row with the lake, and correct what differs.
    rebuild
        Make the tables and views of databases anew from the lake, and their record of runs. Views
        and rights of others stay.
    wait
        Seconds to wait while another run of the same source is at work.
    """
    options = options or DataOptions()
    if verify and rebuild:
        problem = "--verify and --rebuild exclude each other; say one of them"
        tell_error(problem, ConfigError.exit_code, options)
        return ConfigError.exit_code
    how: How = "rebuild" if rebuild else "verify" if verify else "trust"
    wanted = Options(wait=wait, stages=frozenset({LOAD}), command="load", how=how)
    # Nothing is fetched, so that catching up with all is what somebody means who names none.
    everything = all_ or not names
    return run_stages(split(names), wanted, options, everything=everything)
