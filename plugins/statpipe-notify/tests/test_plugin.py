"""What is offered, and what is loaded for it."""

import subprocess
import sys

import pytest

from statpipe.api import Notifier
from statpipe_notify.plugin import statpipe_notifiers
from statpipe_notify.settings import OUTCOMES, SnsSettings, WebhookSettings


def test_four_notifiers_are_offered_and_each_can_be_made_unconfigured(finished):
    offered = {component.name: component for component in statpipe_notifiers()}
    assert list(offered) == ["github", "sns", "webhook", "cloudwatch"]
    for component in offered.values():
        notifier = component.factory(component.settings())
        assert isinstance(notifier, Notifier)
        notifier.statpipe_run_finished(finished("failed", 1))


def test_neither_aws_nor_http_is_loaded_where_nothing_is_sent():
    code = (
        "import sys, statpipe_notify.plugin as p;"
        "[c.factory(c.settings()) for c in p.statpipe_notifiers()];"
        "print([m for m in ('boto3', 'botocore', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("settings", [SnsSettings, WebhookSettings])
def test_everything_but_a_quiet_day_is_news(settings):
    assert {*settings().on} == {*OUTCOMES} - {"unchanged"}


def test_an_outcome_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="on names 'lodaed'; outcomes are loaded, unchanged, "):
        SnsSettings(on=("lodaed",))
