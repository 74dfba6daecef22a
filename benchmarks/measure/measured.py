"""One program doing one thing once: what it cost, and what it did."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Measured:
    """
    A row of the result. Times are seconds, sizes bytes.

    ``cpu`` is the program's own, with its children's; ``server_cpu`` that of PostgreSQL meanwhile. ``rows``
    were written to the tables of analysts, ``puts`` are files of the lake that are new or were written again.
    ``lake`` and ``tables`` are the sizes of both afterwards, and ``stale`` tables of
    analysts have old statistics: records of runs, a few rows a run, are left to autovacuum.
    ``waiting`` is the time in which at least one request to a bucket was on its way, payloads that were put left out.
    """

    scenario: str
    program: str
    round: int
    wall: float
    cpu: float
    peak: int
    server_cpu: float = 0.0
    wal: int = 0
    rows: int = 0
    requests: int = 0
    puts: int = 0
    lake: int = 0
    tables: int = 0
    stale: int = 0
    waiting: float = 0.0

    @property
    def work(self) -> float:
        """CPU time of the program and of the server."""
        return self.cpu + self.server_cpu

    def document(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self) | {"work": self.work}
