"""Notifiers are observers with settings per environment, and cannot stop a run."""

from types import SimpleNamespace

import pytest
import structlog
from attrs import frozen

from statpipe.api import Component, ConfigError, Diagnosis, Notifier, Secret, hookimpl, secret
from statpipe.engine.answers.doctor import diagnose
from statpipe.engine.runs.smoke import smoke
from statpipe.engine.site.configuration import Configuration
from support.tea import SOURCE

RUNG = []


@frozen(kw_only=True)
class Settings:
    tone: str = "ding"
    key: Secret | None = secret()


class Bell(Notifier):
    def __init__(self, settings):
        if settings.tone == "none":
            raise ConfigError("a bell has no tone 'none'; write ding or dong")
        if settings.tone == "broken":
            raise ZeroDivisionError("no clapper")
        self._tone = settings.tone

    @hookimpl
    def statpipe_run_finished(self, event):
        if self._tone == "cracked":
            raise OSError("the bell is cracked")
        RUNG.append((self._tone, event.manifest.outcome))

    def diagnose(self):
        yield Diagnosis("bell", "ok", f"says {self._tone}")


class Misspelt(Notifier):
    def __init__(self, _):
        pass

    @hookimpl
    def statpipe_run_finishd(self, event):
        pass


def offering(*components):
    return SimpleNamespace(statpipe_notifiers=hookimpl(lambda: components))


BELL = Component(name="bell", summary="Rings", settings=Settings, factory=Bell)


@pytest.fixture
def tower(office):
    """An office with a bell; and what is logged in a run of it."""
    RUNG.clear()
    office.watching = [offering(BELL)]

    def run(local=None, **general):
        office.document = {"notifiers": {"bell": general}} if general else {}
        if local is not None:
            office.document["environments"] = {"local": {"notifiers": {"bell": local}}}
        with structlog.testing.capture_logs() as lines:
            assert office.run().exit_code == 0
        return [line for line in lines if line["log_level"] == "warning"]

    return run


def test_a_notifier_gets_the_settings_of_the_environment(tower):
    assert tower() == []
    assert tower(tone="dong") == []
    assert tower({"tone": "bim"}, tone="dong") == []
    assert RUNG == [("ding", "loaded"), ("dong", "unchanged"), ("bim", "unchanged")]


def test_a_failing_notifier_is_one_warning_line_with_its_name(tower):
    (line,) = tower(tone="cracked")
    assert (line["event"], line["plugin"]) == ("observer failed", "bell")
    assert line["error"] == "OSError: the bell is cracked"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"tone": "none"}, "a bell has no tone 'none'; write ding or dong"),
        (
            {"tone": "broken"},
            "notifier 'bell' of a-test 2.0 cannot be used: its factory raised ZeroDivisionError: no clapper; correct or "
            "uninstall its plugin",
        ),
        ({"tone": 1}, "statpipe.toml: notifiers.bell.tone is 1; expected text"),
        (
            {"tune": "x"},
            "statpipe.toml: notifiers.bell: unknown key 'tune'; did you mean 'tone'?",
        ),
        (
            {"tone": "${NO_TONE}"},
            (
                "statpipe.toml: notifiers.bell.tone refers to ${NO_TONE}, which is not set; "
                "set NO_TONE in the process environment or in .env"
            ),
        ),
        ({"key": "${NO_KEY}"}, "notifiers.bell.key refers to ${NO_KEY}, which is not set"),
        (
            {"key": "canary"},
            'statpipe.toml: notifiers.bell.key: write a secret as a reference, "${VARIABLE}", never as its value',
        ),
    ],
)
def test_a_notifier_that_cannot_be_made_is_off_and_reported(tower, settings, reason):
    (line,) = tower(**settings)
    assert (line["event"], line["notifier"]) == ("notifier is off", "bell")
    assert line["reason"] == reason
    assert RUNG == []


def test_a_notifier_with_a_misspelt_hook_is_off(office):
    component = Component(name="gong", summary="", factory=Misspelt)
    office.watching = [offering(component)]
    with structlog.testing.capture_logs() as lines:
        assert office.run().exit_code == 0
    (line,) = [line for line in lines if line["log_level"] == "warning"]
    assert line["reason"].endswith("did you mean 'statpipe_run_finished'?")


def test_an_object_that_is_not_a_notifier_is_off(office):
    office.watching = [offering(Component(name="gong", summary="", factory=lambda _: "bong"))]
    with structlog.testing.capture_logs() as lines:
        assert office.run().exit_code == 0
    (line,) = [line for line in lines if line["log_level"] == "warning"]
    assert line["reason"] == (
        "notifier 'gong' of a-test 2.0 cannot be used: its factory returned a str, which is not "
        "a Notifier; correct or uninstall its plugin"
    )


def test_settings_of_an_unknown_notifier_are_an_error(office):
    office.watching = [offering(BELL)]
    office.document = {"environments": {"local": {"notifiers": {"bel": {}}}}}
    with pytest.raises(ConfigError) as raised:
        office.run()
    assert str(raised.value) == ("statpipe.toml: no notifier is named 'bel'; did you mean 'bell'?")


def test_a_smoke_run_sends_no_message(office):
    RUNG.clear()
    office.watching = [offering(BELL)]
    assert smoke(office.configuration, office.registry, "local", SOURCE).exit_code == 0
    assert RUNG == []


def test_opening_an_environment_without_a_run_warns_of_nothing(office):
    office.watching = [offering(BELL)]
    office.document = {"notifiers": {"bell": {"tone": "none"}}}
    with structlog.testing.capture_logs() as lines:
        office.site().close()
    assert lines == []


def test_the_doctor_checks_notifiers_and_names_those_that_are_off(office):
    office.watching = [offering(BELL)]
    found = {d.subject: d for d in diagnose(office.configuration, office.registry, "local")}
    assert found["bell"].finding == "says ding"
    configuration = Configuration(
        path=None,
        home=office.home,
        document={"notifiers": {"bell": {"tone": "none"}}},
        variables={},
    )
    found = {d.subject: d for d in diagnose(configuration, office.registry, "local")}
    assert found["notifier bell"] == Diagnosis(
        "notifier bell",
        "error",
        "is off: a bell has no tone 'none'; write ding or dong",
        "correct it as the message says",
    )
