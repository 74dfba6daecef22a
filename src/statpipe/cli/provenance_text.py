"""Where a number comes from, for people."""

from __future__ import annotations

from statpipe.cli.figures import at_the_point, readable
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say, say_wrapped
from statpipe.domain.observation import NORMAL
from statpipe.domain.period import FOREVER
from statpipe.engine.answers.cell_history import Stand
from statpipe.engine.answers.evidence import Evidence, telling
from statpipe.engine.answers.provenance import Provenance
from statpipe.engine.answers.status_words import status_in_words

_LABEL = 12
"""Width of the labels before each line."""


def print_provenance(provenance: Provenance) -> None:
    """
    Print the figure, all its vintages, and its path back to the payload.
    """
    _Printed(provenance).all()


class _Printed:
    def __init__(self, provenance: Provenance) -> None:
        self._of = provenance

    def all(self) -> None:
        self._rows()
        self._figure()
        self._history()
        self._silver()
        self._structure()
        self._bronze()
        self._runs()
        self._checks()

    def _rows(self) -> None:
        """Print the model's own rows, if they show more than the figure itself."""
        self._title(self._of.model.title)
        for row in self._of.rows if self._derived else ():
            for name, value in row.items():
                if value is not None:
                    self._line(name, readable(value), width=18)
            say()

    def _figure(self) -> None:
        history, now = self._of.history, self._of.current
        names = f"{history.area_name}, {history.category_name}, {history.cell.time_period}"
        self._title(f"The figure under it: {names}" if self._derived else names)
        self._line("value", _value(now))
        self._line("unit", now.unit)
        self._line("status", status_in_words(now.obs_status))
        if now.source_symbol:
            self._line("symbol", now.source_symbol)
        if now.notes:
            self._line("footnote", now.notes)
        dated = f" ({now.dated_by})" if now.dated_by else ""
        self._line("vintage", f"{now.vintage}{dated}  {now.note}".rstrip())
        self._line("latest", _days(now))

    @property
    def _derived(self) -> bool:
        values = [row.get("value") for row in self._of.rows]
        return self._of.model.measure != "value" or values != [self._of.current.value]

    def _history(self) -> None:
        stands = self._of.history.stands
        values = at_the_point([_value(stand) for stand in stands])
        rows = [
            (
                value,
                stand.vintage,
                stand.realtime_start,
                _end(stand),
                status_in_words(stand.obs_status),
            )
            for value, stand in zip(values, stands, strict=True)
        ]
        head = "value".rjust(max(map(len, values)))
        say()
        print_table("Its history", (head, "vintage", "from", "to", "status"), rows)

    def _silver(self) -> None:
        silver, history = self._of.silver, self._of.history
        say()
        self._title("Where it comes from")
        self._line("dataset", f"{history.cell.dataset} of {history.source}")
        self._line("Silver", silver.path)
        self._verified(f"fingerprint {silver.fingerprint}", silver.damage)
        normalizer, version, lists = (*silver.code.split("/"), "", "")[:3]
        self._line("made by", f"normalizer {normalizer} version {version}, code lists {lists}")

    def _structure(self) -> None:
        objects = self._of.structures
        named = f"hash {self._of.structure}" if self._of.structure else "not recorded"
        self._line("structure", named if objects else f"the plugin's own lists, {named}")
        for one in objects:
            self._line("", one.kept.key)
            self._verified(f"SHA-256 {one.kept.sha256}", one.damage)

    def _bronze(self) -> None:
        shown = telling(self._of.payloads)
        if not any(one.holds for one in shown):
            self._line("", "the figure was made from all of these:")
        for one in shown:
            self._object(one)
        intact = sum(not one.damage for one in self._of.payloads if one not in shown)
        if intact:
            what = "object" if intact == 1 else "objects"
            self._line("", f"{intact} more Bronze {what} of this vintage, verified")

    def _object(self, one: Evidence) -> None:
        kept = one.kept
        self._line("Bronze", kept.key)
        self._verified(f"SHA-256 {kept.sha256}", one.damage)
        if one.holds:
            value, now = readable(one.value) or "no figure", self._of.current.value
            differs = "" if one.value == now else ", which differs from Silver"
            self._line("", f"read again: {value}{differs}", style="red" if differs else "")
        asked = ", ".join(f"{name}={value}" for name, value in kept.request.items())
        self._line("request", asked or "not recorded")
        retrieved = kept.retrieved.isoformat(timespec="seconds") if kept.retrieved else "unknown"
        self._line("retrieved", f"{retrieved} by run {one.run_id}")

    def _runs(self) -> None:
        for run in self._of.runs:
            versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
            self._line(
                "run", f"{run.run_id} (statpipe {run.command}) {run.did}, ended {run.finished}"
            )
            self._line("", versions)

    def _checks(self) -> None:
        rows = [(one.check, one.outcome, one.message, run_id) for run_id, one in self._of.checks]
        say()
        if rows:
            print_table(
                "Checks of its vintage",
                ("check", "verdict", "message", "run"),
                rows,
                less=("run",),
            )
        else:
            say("No check judged its vintage.")

    def _title(self, text: str) -> None:
        say(text, style="bold")

    def _verified(self, what: str, damage: str) -> None:
        if damage:
            self._line("", f"{what}: NOT verified: {damage}", style="red")
        else:
            self._line("", f"{what}: verified", style="green")

    def _line(self, label: str, text: str, *, width: int = _LABEL, style: str = "") -> None:
        say_wrapped(text, label=f"{label:<{width}}", style=style)


def _value(stand: Stand) -> str:
    if stand.value is not None:
        return " ".join(filter(None, (readable(stand.value), stand.source_symbol)))
    return stand.source_symbol or (stand.obs_status if stand.obs_status != NORMAL else "")


def _days(stand: Stand) -> str:
    if stand.realtime_end == FOREVER:
        return f"since {stand.realtime_start}"
    return f"from {stand.realtime_start} to {stand.realtime_end}"


def _end(stand: Stand) -> str:
    if stand.realtime_end == FOREVER:
        return "still"
    if stand.realtime_end < stand.realtime_start:
        return "replaced under the same date"
    return stand.realtime_end.isoformat()
