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
    Fetch new vintages into Bronze only.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Every installed source.
    full
        Fetch even if the agency's release date has not changed.
    force
        Ask the agency even if its release calendar says that nothing is due.
    tables
        Only these datasets of the source, such as `A B` or `A,B`.
    wait
        Seconds to wait for another run of the same source.
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
    Build Silver and the lake's Gold from Bronze. It sends the agency no request.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Every installed source.
    tables
        Only these datasets of the source, such as `A B` or `A,B`.
    wait
        Seconds to wait for another run of the same source.
    accept_revision
        Publish even if revisions exceed the plausibility limits.
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
        Sources, as `statpipe plugins list` shows them; default: all.
    all_
        Every installed source.
    verify
        Compare databases with the lake row by row, and correct differences.
    rebuild
        Rebuild the databases' tables, views and record of runs from the lake. Grants and dependent
        views survive.
    wait
        Seconds to wait for another run of the same source.
    """
    options = options or DataOptions()
    if verify and rebuild:
        problem = "--verify and --rebuild exclude each other; use one of them"
        tell_error(problem, ConfigError.exit_code, options)
        return ConfigError.exit_code
    how: How = "rebuild" if rebuild else "verify" if verify else "trust"
    wanted = Options(wait=wait, stages=frozenset({LOAD}), command="load", how=how)
    # Nothing is fetched, so the default is to update from all sources.
    everything = all_ or not names
    return run_stages(split(names), wanted, options, everything=everything)
