"""What is offered, and what is loaded for it."""

import subprocess
import sys

import pytest

from statpipe.api import Notifier
from statpipe_notify.plugin import statpipe_notifiers
from statpipe_notify.settings import OUTCOMES, SnsSettings, WebhookSettings


def test_four_notifiers_are_offered_and_work_without_settings(finished):
    offered = {component.name: component for component in statpipe_notifiers()}
    assert list(offered) == ["github", "sns", "webhook", "cloudwatch"]
    for component in offered.values():
        notifier = component.factory(component.settings())
        assert isinstance(notifier, Notifier)
        notifier.statpipe_run_finished(finished("failed", 1))


def test_aws_and_http_libraries_are_only_loaded_to_send():
    code = (
        "import sys, statpipe_notify.plugin as p;"
        "[c.factory(c.settings()) for c in p.statpipe_notifiers()];"
        "print([m for m in ('boto3', 'botocore', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("settings", [SnsSettings, WebhookSettings])
def test_every_outcome_except_unchanged_is_news(settings):
    assert {*settings().on} == {*OUTCOMES} - {"unchanged"}


def test_an_unknown_outcome_is_refused():
    with pytest.raises(ValueError, match="on names 'lodaed'; outcomes are loaded, unchanged, "):
        SnsSettings(on=("lodaed",))
