"""The notifiers of an environment: those that can be made, and why the others are off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from attrs import field, frozen

from statpipe.api import Notifier, StatpipeError
from statpipe.engine.site.offers import Offer
from statpipe.engine.site.registry import Registry

log = structlog.get_logger("statpipe")


@frozen(kw_only=True)
class Notifiers:
    """
    ``ready`` are registered observers; ``off`` has the reason for each of the others.
    """

    ready: Mapping[str, Notifier] = field(factory=dict, repr=False)
    off: Mapping[str, str] = field(factory=dict)
    listening: Registry = field(factory=Registry, repr=False)

    def warn(self) -> None:
        """
        Warn about notifiers that are off.
        """
        for name, reason in self.off.items():
            log.warning("notifier is off", notifier=name, reason=reason)


def notifiers_of(
    offers: Mapping[str, Offer], make: Callable[[str], Notifier], unset: Callable[[str], str]
) -> Notifiers:
    """
    Make notifiers. One that cannot be made, or whose secrets are not set, is off.

    *make* makes the notifier with a name; *unset* returns its configured secrets that are not set.
    """
    ready: dict[str, Notifier] = {}
    off: dict[str, str] = {}
    listening = Registry()
    for name, offer in offers.items():
        try:
            made = make(name)
        except Exception as error:  # noqa: BLE001 - a run must not fail because of a notifier
            own = isinstance(error, StatpipeError)
            off[name] = str(error) if own else f"{type(error).__name__}: {error}"
            continue
        if missing := unset(name):
            off[name] = missing.strip(" ()")
            continue
        listening.register(name, offer.distribution, offer.version, made)
        ready[name] = made
    for broken in listening.broken:
        off[broken.plugin] = broken.reason
        del ready[broken.plugin]
    return Notifiers(ready=ready, off=off, listening=listening)
