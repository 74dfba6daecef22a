"""A command in a message works where the run was."""

import pytest

from statpipe.api import Unavailable
from statpipe.engine.answers.doctor import diagnose
from statpipe.engine.record.advice import in_environment
from statpipe.engine.runs.run import run_sources
from statpipe.engine.runs.verify import verify
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import Options
from support.tea import SOURCE, TeaSource

STAGING = {"environments": {"staging": {"embedded": True, "sinks": {"lake": {}, "ledger": {}}}}}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run `statpipe run tea --full`", "run `statpipe run tea --full --env prod`"),
        (
            "`statpipe lake verify tea --repair`, or `statpipe transform tea`",
            "`statpipe lake verify tea --repair --env prod`, or `statpipe transform tea --env prod`",
        ),
        ("`statpipe run tea --env staging`", "`statpipe run tea --env staging`"),
        (
            "`statpipe plugins list` and `statpipe db stop`",
            "`statpipe plugins list` and `statpipe db stop`",
        ),
        ("the command `statpipe` and `make demo`", "the command `statpipe` and `make demo`"),
    ],
)
def test_a_command_in_a_message_gets_its_environment(text, wanted):
    assert in_environment(text, "prod") == wanted
    assert in_environment(text, "local") == text


@pytest.fixture
def staging(office):
    office.document = STAGING
    site = open_site(office.configuration, office.registry, "staging")
    yield site
    site.close()


def fails(*_, **__):
    raise Unavailable("the kettle is cold; run `statpipe load tea_prices`")


def test_a_command_in_a_manifest_has_its_environment(staging, monkeypatch):
    monkeypatch.setattr(TeaSource, "vintages", fails)
    (manifest,) = run_sources(staging, [SOURCE], Options())
    assert manifest.message == ("the kettle is cold; run `statpipe load tea_prices --env staging`")


def test_a_command_of_the_doctor_has_its_environment(office, monkeypatch):
    office.document = STAGING
    monkeypatch.setattr(TeaSource, "diagnose", fails)
    seen = {d.subject: d for d in diagnose(office.configuration, office.registry, "staging")}
    assert seen[SOURCE].finding.endswith("run `statpipe load tea_prices --env staging`")


def test_a_command_of_verify_has_its_environment(office, staging):
    run_sources(staging, [SOURCE], Options())
    office.lake.runs.clear()
    office.lake.copies.clear()
    told = [one.finding for one in verify(staging).findings if one.state == "damaged"]
    assert told == [
        "has no readable manifest, but the lake holds Silver, Gold; restore `runs/tea_prices` "
        "from a backup, or load the agency's current release: run `statpipe run tea_prices "
        "--env staging`"
    ]
