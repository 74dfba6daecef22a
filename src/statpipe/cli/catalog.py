"""``statpipe catalog``."""

from __future__ import annotations

from pathlib import Path

from statpipe.api import ConfigError
from statpipe.cli.common_options import CommonOptions
from statpipe.cli.session import Session, in_session
from statpipe.cli.terminal import say
from statpipe.engine.answers.catalog import documents


def export(into: Path, *, options: CommonOptions | None = None) -> int:
    """
    Describe Gold as a Frictionless data package, a DCAT catalog in JSON-LD, and dbt sources.

    Parameters
    ----------
    into
        Folder for `datapackage.json`, `catalog.jsonld` and `sources.yml`; it is created if missing.
    """
    options = options or CommonOptions()

    def work(session: Session) -> int:
        with session.lake() as site:
            written = documents(site)
        try:
            into.mkdir(parents=True, exist_ok=True)
            for name, text in written.items():
                (into / name).write_text(text, encoding="utf-8")
                say(str(into / name))
        except OSError as error:
            msg = f"the catalog cannot be written to {into}: {error.strerror}; name another folder"
            raise ConfigError(msg) from None
        return 0

    return in_session(options, work)
