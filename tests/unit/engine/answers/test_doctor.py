"""The doctor looks at everything and raises nothing."""

import pytest

from statpipe.api import Diagnosis, Unavailable
from statpipe.engine.answers.doctor import diagnose
from support.tea import TeaSource


def found(office, registry=None):
    return list(diagnose(office.configuration, registry or office.registry, "local"))


def test_a_healthy_environment_has_no_findings(office):
    seen = found(office)
    assert {d.state for d in seen} == {"ok"}
    assert [d.subject for d in seen] == [
        "versions",
        "configuration",
        "environment local",
        "tea_prices",
    ]
    assert office.lake.closed == office.ledger.closed == 1


def test_a_broken_plugin_is_an_error_with_its_remedy(office):
    class Broken:
        def statpipe_sources(self):
            raise OSError("no cup")

    registry = office.registry
    registry.register("cup", "cracked-cup", "1", Broken())
    (error,) = [d for d in found(office, registry) if d.state == "error"]
    assert (error.subject, error.finding) == (
        "plugin cup",
        "statpipe_sources raised OSError: no cup",
    )
    assert error.remedy == "upgrade or uninstall cracked-cup"


def test_an_environment_that_cannot_be_opened_is_the_last_finding(office):
    office.document = {"sources": {"tea_price": {}}}
    seen = found(office)
    assert (seen[-1].subject, seen[-1].state) == ("environment local", "error")
    assert "did you mean 'tea_prices'?" in seen[-1].finding


@pytest.mark.parametrize("error", [Unavailable("no water"), KeyError("kettle")])
def test_a_failing_part_is_a_finding_and_the_others_are_still_checked(office, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(office.lake, "diagnose", fail, raising=False)
    monkeypatch.setattr(
        office.ledger, "diagnose", lambda: [Diagnosis("ledger", "ok", "fine")], raising=False
    )
    seen = {d.subject: d for d in found(office)}
    assert seen["lake"].state == "error"
    assert str(error) in seen["lake"].finding
    assert seen["ledger"].state == seen["tea_prices"].state == "ok"

    monkeypatch.setattr(TeaSource, "diagnose", fail)
    seen = {d.subject: d for d in found(office)}
    assert seen["tea_prices"].state == "error"
    assert office.lake.closed == 2
