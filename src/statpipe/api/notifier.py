"""The role that tells of a run where nobody watches it."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api.diagnosis import Diagnosis


class Notifier:
    """
    An observer that has settings: its methods are lifecycle hooks, marked with ``hookimpl``.

    It is made when an environment is opened, so making it must be cheap and need no network. One
    that cannot be made is off, and one that raises is told in a warning; the run goes on. It waits
    for nobody for long: the run ends only after its hooks have returned.
    """

    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Look at what this notifier needs, for ``statpipe doctor``. Nothing is sent.
        """
        return ()
