"""``statpipe doctor``."""

from __future__ import annotations

import attrs

from statpipe.cli.common_options import DataOptions
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.engine.answers.doctor import diagnose

_UNWELL = 2


def doctor(*, options: DataOptions | None = None) -> int:
    """
    Check configuration, keys, lake, database and versions; say how to fix each problem.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        found = list(diagnose(session.configuration, session.registry, options.env))
        if options.json:
            write_json([attrs.asdict(diagnosis) for diagnosis in found])
        else:
            columns = ("state", "subject", "finding", "what to do")
            rows = [(d.state, d.subject, d.finding, d.remedy) for d in found]
            print_table(f"statpipe doctor, environment {options.env}", columns, rows)
        return _UNWELL if any(diagnosis.state == "error" for diagnosis in found) else 0

    return in_session(options, work)
