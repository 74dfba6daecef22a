"""``statpipe db``."""

from __future__ import annotations

from statpipe.api import ConfigError, Database
from statpipe.cli.common_options import CommonOptions, DataOptions
from statpipe.cli.exports import write_csv
from statpipe.cli.option_types import Csv
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.engine.site.site import Site


def query(
    sql: str,
    *,
    csv_: Csv = False,
    safe_csv: bool = True,
    options: DataOptions | None = None,
) -> int:
    """
    Run one read-only SQL statement in the environment's database.

    Parameters
    ----------
    sql
        The statement. Tables for analysts are in the schema `gold`, which is searched first.
    csv_
        Write CSV to standard output.
    safe_csv
        Escape CSV texts that a spreadsheet would run as formulas or a terminal as commands.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        if csv_ and options.json:
            raise ConfigError("--csv and --json exclude each other; use one of them")
        with session.site() as site:
            found = _database(site).query(sql)
        if options.json:
            write_json([dict(zip(found.columns, row, strict=True)) for row in found.rows])
        elif csv_:
            write_csv(found.columns, found.rows, safe=safe_csv)
        else:
            print_table("", found.columns, found.rows)
        return 0

    return in_session(options, work)


def init(*, options: CommonOptions | None = None) -> int:
    """
    Create schemas, roles and grants; an administrator runs this once.

    The role statpipe_loader owns the objects that statpipe creates; statpipe_reader may read them.
    Running it again changes only what differs.
    """

    def work(session: Session) -> int:
        with session.site() as site:
            lines = _database(site).init()
        for line in lines:
            say(line)
        return 0

    return in_session(options or CommonOptions(), work)


def start(*, options: CommonOptions | None = None) -> int:
    """
    Keep the embedded database running so that other programs can connect; print its address.
    """
    return in_session(options or CommonOptions(), lambda session: _tell(session, "start"))


def stop(*, options: CommonOptions | None = None) -> int:
    """
    Stop the embedded database.
    """
    return in_session(options or CommonOptions(), lambda session: _tell(session, "stop"))


def _tell(session: Session, what: str) -> int:
    with session.site() as site:
        database = _database(site)
        text = database.start() if what == "start" else database.stop()
    say(text)
    return 0


def _database(site: Site) -> Database:
    found = [sink for sink in site.sinks.values() if isinstance(sink, Database)]
    if not found:
        name = site.environment.name
        msg = (
            f"environment {name} has no database among its sinks; add one as "
            f"[environments.{name}.sinks.<name>]"
        )
        raise ConfigError(msg)
    return found[0]
