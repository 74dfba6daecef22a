"""The role that reports on runs that nobody watches."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api.diagnosis import Diagnosis


class Notifier:
    """
    An observer that has settings: its methods are lifecycle hooks, marked with ``hookimpl``.

    It is made when an environment is opened, so making it must be cheap and need no network. A
    notifier that cannot be made is off, and one that raises causes a warning; the run goes on. It
    must be quick, because the run only ends after its hooks have returned.
    """

    def diagnose(self) -> Iterable[Diagnosis]:
        """
        Check what this notifier needs, for ``statpipe doctor``. Nothing is sent.
        """
        return ()
