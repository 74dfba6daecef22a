"""``statpipe plugins``."""

from __future__ import annotations

from statpipe.cli.common_options import DataOptions
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.tables import print_table
from statpipe.engine.site.offers import Offer

_COLUMNS = ("role", "name", "plugin", "distribution", "version", "status", "summary")
_ROLES = ("source", "normalizer", "check", "model", "sink", "notifier")


def list_plugins(*, options: DataOptions | None = None) -> int:
    """
    List what installed plugins offer. Broken plugins are listed with the reason and do not affect
    the others.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        registry = session.registry
        named = [(offer.role, offer.name) for offer in registry.offers]
        wrong = registry.wrong_models()

        def status(offer: Offer) -> str:
            if named.count((offer.role, offer.name)) > 1:
                return "duplicate name"
            return "refused" if offer.role == "model" and offer.name in wrong else "ok"

        rows: list[tuple[str, ...]] = [
            (
                offer.role,
                offer.name,
                offer.plugin,
                offer.distribution,
                offer.version,
                status(offer),
                wrong[offer.name] if status(offer) == "refused" else offer.summary,
            )
            for offer in sorted(registry.offers, key=lambda o: (_ROLES.index(o.role), o.name))
        ]
        rows += [
            ("", "", broken.plugin, broken.distribution, broken.version, "broken", broken.reason)
            for broken in registry.broken
        ]
        if options.json:
            write_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        else:
            print_table(
                "Installed plugins", _COLUMNS, rows, less=("plugin", "distribution", "version")
            )
        return 0

    return in_session(options, work)
