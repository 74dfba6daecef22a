"""What every notifier promises."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from statpipe.api import CheckResult, Diagnosis, Manifest, Notifier, RunFinished, hookspecs
from statpipe.testing.all_logs import all_logs
from statpipe.testing.canary import CANARY, shows, text_of
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, foreseen, missing, told

_MOMENT = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)


class NotifierContract:
    """
    A notifier is told how a run ended; it is quick about it, keeps its credential, and changes nothing.

    Inherit it in a class whose name begins with ``Test`` and override a fixture::

        class TestBell(NotifierContract):
            @pytest.fixture
            def make_notifier(self, canary):      # makes one, with the canary as its credential
                return lambda: Bell(Settings(url=Secret(f"https://127.0.0.1:1/{canary}")))

    It is told of every way in which a run can end, with the network barred. It may raise: the engine
    tells that in a warning, so the text must not show the credential.

    - ``seconds``: how long one hook may take.
    """

    seconds: ClassVar[float] = 35.0

    @pytest.fixture
    def canary(self) -> str:
        """The credential that must be seen nowhere."""
        return CANARY

    @pytest.fixture
    def make_notifier(self) -> Callable[[], Notifier]:
        """Override: makes a notifier, with the canary as its credential."""
        missing(self, "make_notifier", "a function that makes a new notifier")

    def test_making_it_asks_nobody(self, make_notifier: Callable[[], Notifier]) -> None:
        """It is made whenever an environment is opened."""
        with (
            watched(self) as watch,
            foreseen("making it", "raise ConfigError only for settings that are wrong"),
        ):
            notifier = make_notifier()
        if watch.first("network"):
            broken("making the notifier asks the network", "connect when something is sent")
        if not isinstance(notifier, Notifier):
            broken(f"it is a {type(notifier).__name__}", "inherit statpipe.api.Notifier")

    def test_its_hooks_are_known(self, make_notifier: Callable[[], Notifier]) -> None:
        """A misspelt hook, or one without its mark, is never called."""
        notifier = make_notifier()
        hooks = [name for name in dir(notifier) if name.startswith("statpipe_")]
        known = {name for name in dir(hookspecs) if name.startswith("statpipe_")}
        if not hooks:
            broken("it has no hooks, so it is never told anything", "see statpipe.api.hookspecs")
        for name in hooks:
            if name not in known:
                broken(f"{name} is no hook", f"hooks are {', '.join(sorted(known))}")
            if not hasattr(getattr(notifier, name), "statpipe_impl"):
                broken(f"{name} is not marked", "put @hookimpl above it")

    def test_it_is_told_of_every_end_and_keeps_its_credential(
        self,
        make_notifier: Callable[[], Notifier],
        canary: str,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """In time, changing nothing, showing nothing."""
        notifier = make_notifier()
        hook = getattr(notifier, "statpipe_run_finished", None)
        with all_logs(caplog):
            for manifest in endings() if hook is not None else ():
                before, begun = manifest.as_json(), time.monotonic()
                with watched(notifier):
                    self._tell(hook, RunFinished(manifest=manifest), canary)
                if manifest.as_json() != before:
                    broken("the notifier changes the manifest", "work on a copy")
                if time.monotonic() - begun > self.seconds:
                    broken(
                        f"telling of a run that ended as {manifest.outcome} takes "
                        f"{time.monotonic() - begun:.0f} seconds",
                        "set time-outs: the run ends only after its notifiers",
                    )
        with foreseen("diagnose()", "return a Diagnosis for what is wrong"), watched(notifier):
            found = list(notifier.diagnose())
        if not all(isinstance(one, Diagnosis) for one in found):
            broken("diagnose() gives something else than Diagnosis", "yield statpipe.api.Diagnosis")
        printed = capsys.readouterr()
        for what, text in (
            ("repr(notifier)", repr(notifier)),
            ("diagnose()", repr(found)),
            ("a log line", caplog.text),
            ("what is printed", printed.out + printed.err),
        ):
            if shows(text, canary):
                broken(f"{what} shows the credential", "keep it as a statpipe.api.Secret")
        if printed.out:
            broken(
                f"it prints {printed.out[:60]!r} to standard output",
                "print to standard error: with --json, standard output is the manifest",
            )

    def _tell(self, hook: Any, event: RunFinished, canary: str) -> None:
        __tracebackhide__ = True
        try:
            hook(event)
        except Exception as error:  # noqa: BLE001 - whatever the author's code raises
            if shows(text_of(error), canary):
                broken(
                    f"what it raises ({type(error).__name__}) shows the credential",
                    "write the text yourself and end with `from None`",
                )
            if not str(error).strip():
                broken(f"it raises {told(error)}", "say in one line what was not sent, and why")


def endings() -> Sequence[Manifest]:
    """
    Return a manifest for each way in which a run can end.
    """
    refused = CheckResult(
        check="taste",
        dataset="T1",
        vintage="2026-10-06",
        severity="error",
        passed=False,
        message="2 prices <b>taste</b> of dust & @here",
        failures=2,
        cells=({"ref_area": "CA", "category": "T1:1", "obs_value": "1.5"},),
    )
    found = []
    for outcome, code in (
        ("loaded", 0),
        ("unchanged", 0),
        ("ingested", 0),
        ("refused", 3),
        ("failed", 5),
        ("interrupted", 130),
    ):
        found.append(
            Manifest(
                run_id="20261006T141500000000Z-0000",
                source="agency",
                environment="prod",
                command="run",
                started=_MOMENT,
                finished=_MOMENT,
                outcome=outcome,  # type: ignore[arg-type]
                exit_code=code,
                message="the agency is closed; run again later" if code else "",
                checks=(refused,) if outcome == "refused" else (),
            )
        )
    return found
