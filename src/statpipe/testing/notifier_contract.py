"""What every notifier promises."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs
import pytest

from statpipe.api import CheckResult, Diagnosis, Manifest, Notifier, RunFinished, hookspecs
from statpipe.testing.all_logs import all_logs
from statpipe.testing.canary import CANARY, shows, text_of
from statpipe.testing.patience import InTime
from statpipe.testing.watch import watched
from statpipe.testing.wording import broken, foreseen, missing, told

_LONG, _MANY = 20_000, 300
_MOMENT = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)


class NotifierContract(InTime):
    """
    A notifier receives how a run ended. It is quick, does not show its credential, and changes
    nothing.

    Inherit it in a class whose name begins with ``Test`` and override a fixture::

        class TestBell(NotifierContract):
            @pytest.fixture
            def make_notifier(self, canary):      # makes one, with the canary as its credential
                return lambda: Bell(Settings(url=Secret(f"https://127.0.0.1:1/{canary}")))

    It is called for every way in which a run can end, with the network blocked. Then it has to
    raise, or log a warning. The engine logs the error and continues, so the text must not show the
    credential.

    An additional fixture is useful: ``received``, a function that returns the messages received so
    far as texts, for example by a :class:`~statpipe.testing.LocalAgency`::

            @pytest.fixture
            def received(self, agency):           # one whose answer to a POST is 200
                return lambda: [request.body.decode() for request in agency.requests]

    Then each run has to send one message, which names its source and its environment.

    - ``seconds``: how long one hook may take.
    - ``silent_on``: outcomes for which no message is sent.
    """

    seconds: ClassVar[float] = 35.0
    silent_on: ClassVar[frozenset[str]] = frozenset({"unchanged"})

    @pytest.fixture
    def canary(self) -> str:
        """The credential that must not be visible anywhere."""
        return CANARY

    @pytest.fixture
    def make_notifier(self) -> Callable[[], Notifier]:
        """Override: makes a notifier, with the canary as its credential."""
        missing(self, "make_notifier", "a function that makes a new notifier")

    @pytest.fixture
    def received(self) -> Callable[[], Sequence[str]] | None:
        """Override, if you like: returns the messages received so far."""
        return None

    def test_making_the_notifier_sends_no_request(
        self, make_notifier: Callable[[], Notifier]
    ) -> None:
        """It is made each time an environment is opened."""
        notifier: object = None
        problem = "nothing"
        with watched(self) as watch:
            try:
                notifier = make_notifier()
            except Exception as error:  # noqa: BLE001 - whatever the author's code raises
                problem = told(error)
        if watch.first("network"):
            broken("making the notifier uses the network", "connect when a message is sent")
        if notifier is None:
            broken(
                f"making it raises {problem}", "raise ConfigError only for settings that are wrong"
            )
        if not isinstance(notifier, Notifier):
            broken(f"it is a {type(notifier).__name__}", "inherit statpipe.api.Notifier")

    def test_all_hooks_are_known(self, make_notifier: Callable[[], Notifier]) -> None:
        """A misspelt hook, or one without its marker, is never called."""
        notifier = make_notifier()
        hooks = [name for name in dir(notifier) if name.startswith("statpipe_")]
        known = {name for name in dir(hookspecs) if name.startswith("statpipe_")}
        if not hooks:
            broken("it has no hooks, so it is never called", "see statpipe.api.hookspecs")
        for name in hooks:
            if name not in known:
                broken(f"{name} is not a hook", f"hooks are {', '.join(sorted(known))}")
            if not hasattr(getattr(notifier, name), "statpipe_impl"):
                broken(f"{name} is not marked", "put @hookimpl above it")

    def test_every_outcome_is_handled_and_the_credential_is_not_shown(
        self,
        make_notifier: Callable[[], Notifier],
        canary: str,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """In time, without changing or showing anything."""
        notifier, logged = make_notifier(), []
        hook = getattr(notifier, "statpipe_run_finished", None)
        with all_logs(caplog):
            for manifest in endings() if hook is not None else ():
                before, begun = manifest.as_json(), time.monotonic()
                caplog.clear()
                with watched(notifier) as watch:
                    raised = self._tell(hook, RunFinished(manifest=manifest), canary)
                warned = any(record.levelno >= logging.WARNING for record in caplog.records)
                logged.append(caplog.text)
                if watch.first("network") and not (raised or warned):
                    broken(
                        "there is no network, and the notifier hides that the message about the run "
                        f"that ended as {manifest.outcome} was not sent",
                        "raise the exception with your own text: the engine warns and continues",
                    )
                if manifest.as_json() != before:
                    broken("the notifier changes the manifest", "work on a copy")
                self._was_quick(manifest.outcome, begun)
        with foreseen("diagnose()", "return a Diagnosis for what is wrong"), watched(notifier):
            found = list(notifier.diagnose())
        if not all(isinstance(one, Diagnosis) for one in found):
            broken(
                "diagnose() returns something other than Diagnosis", "yield statpipe.api.Diagnosis"
            )
        printed = capsys.readouterr()
        for what, text in (
            ("repr(notifier)", repr(notifier)),
            ("diagnose()", repr(found)),
            ("a log line", "".join([*logged, caplog.text])),
            ("what is printed", printed.out + printed.err),
        ):
            if shows(text, canary):
                broken(f"{what} shows the credential", "keep it as a statpipe.api.Secret")
        if printed.out:
            broken(
                f"it prints {printed.out[:60]!r} to standard output",
                "print to standard error: with --json, standard output is the manifest",
            )

    def test_each_run_sends_one_message_with_its_name(
        self,
        make_notifier: Callable[[], Notifier],
        received: Callable[[], Sequence[str]] | None,
        canary: str,
    ) -> None:
        """Changes and failures are reported once, and an unchanged run not at all."""
        notifier = make_notifier()
        hook = getattr(notifier, "statpipe_run_finished", None)
        if received is None or hook is None:
            return
        for manifest in [*endings(), _long_winded()]:
            before, begun = len(received()), time.monotonic()
            long = len(manifest.message) >= _LONG
            what = manifest.outcome + (
                f", with {_LONG:,} letters and {_MANY} checks" if long else ""
            )
            with foreseen(
                f"sending the message about a run that ended as {what}",
                "shorten what the service does not take"
                if long
                else "let the receiver of the fixture `received` take what is sent",
            ):
                hook(RunFinished(manifest=manifest))
            self._was_quick(what, begun)
            messages = received()[before:]
            wanted = 0 if manifest.outcome in self.silent_on else 1
            if len(messages) != wanted:
                broken(
                    f"for a run that ended as {what}, {len(messages)} messages arrive; "
                    f"expected {wanted}",
                    "send one message per run, and none if nothing has changed; name the outcomes that "
                    "are no news in `silent_on`",
                )
            for text in messages:
                if shows(text, canary):
                    broken("the message shows the credential", "only send what is in the manifest")
                for what, word in (("source", manifest.source), ("place", manifest.environment)):
                    if word not in text:
                        broken(
                            f"the message about a run of {word} does not name the {what}: {text[:80]!r}",
                            "begin with manifest.source and manifest.environment",
                        )

    def _was_quick(self, what: str, begun: float) -> None:
        __tracebackhide__ = True
        took = time.monotonic() - begun
        if took > self.seconds:
            broken(
                f"sending the message about a run that ended as {what} takes {took:.0f} seconds",
                "set time-outs: the run ends only after its notifiers",
            )

    def _tell(self, hook: Any, event: RunFinished, canary: str) -> bool:
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
            return True
        return False


def _long_winded() -> Manifest:
    """Return the manifest of a run of which there is much to tell: more than services take in one message."""
    refused = next(one for one in endings() if one.outcome == "refused")
    message = "2 prices of dust are negative; " * (_LONG // 31 + 1)
    checks = [attrs.evolve(refused.checks[0], message=message[:500]) for _ in range(_MANY)]
    return attrs.evolve(refused, message=message, checks=tuple(checks))


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
