"""What a run should do."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from statpipe.api import How

INGEST, TRANSFORM, LOAD = "ingest", "transform", "load"
ALL_STAGES = frozenset({INGEST, TRANSFORM, LOAD})


@frozen(kw_only=True)
class Options:
    """
    What a run should do.

    ``stages`` are those of ``ingest`` (source to Bronze), ``transform`` (Bronze to Silver and the
    lake's Gold) and ``load`` (the lake to the other sinks). ``wait`` is how many seconds to wait
    for the lock. ``smallest`` asks for the least that the source can bring. ``releases`` are those
    of an archive that are asked for, all if empty; ``gold`` may be left to a later run. ``how``
    says whether fingerprints in databases are trusted. ``accept_revision`` overrules checks that
    ask whether the agency meant its figures. ``arguments`` are further arguments of the command
    line, such as a configuration file, without which the same run could not be repeated. ``force``
    asks the agency also where its calendar says that nothing is due.
    """

    full: bool = False
    tables: tuple[str, ...] = ()
    wait: float = 0.0
    smallest: bool = False
    stages: frozenset[str] = ALL_STAGES
    releases: tuple[date, ...] = ()
    gold: bool = True
    how: How = "trust"
    accept_revision: bool = False
    command: str = "run"
    arguments: tuple[str, ...] = ()
    force: bool = False

    @property
    def asks_for_all(self) -> bool:
        """
        Whether the run requests everything that the agency shows now, not a part of it or an
        archive.
        """
        partly = self.tables or self.smallest or self.releases
        return not partly and self.command in {"run", "ingest"}

    @property
    def insists(self) -> bool:
        """
        Whether the agency is asked even if its calendar says that nothing is due.
        """
        return self.force or self.full or self.accept_revision or not self.asks_for_all
