"""What this distribution offers: notifiers. Their clients are loaded when something is sent."""

from __future__ import annotations

from statpipe.api import Component, hookimpl
from statpipe_notify.cloudwatch import Cloudwatch
from statpipe_notify.github import Github
from statpipe_notify.settings import (
    CloudwatchSettings,
    GithubSettings,
    SnsSettings,
    WebhookSettings,
)
from statpipe_notify.sns import Sns
from statpipe_notify.webhook import Webhook


@hookimpl
def statpipe_notifiers() -> list[Component]:
    """
    Offer the notifiers. Each is silent until it is configured, or GitHub Actions is there.
    """
    return [
        Component(
            name="github",
            summary="Job summary and annotations in GitHub Actions",
            settings=GithubSettings,
            factory=Github,
        ),
        Component(
            name="sns",
            summary="One message per run to an Amazon SNS topic",
            settings=SnsSettings,
            factory=Sns,
        ),
        Component(
            name="webhook",
            summary="One message per run to a Slack-style webhook",
            settings=WebhookSettings,
            factory=Webhook,
        ),
        Component(
            name="cloudwatch",
            summary="The metric Success and the log of each run in Amazon CloudWatch",
            settings=CloudwatchSettings,
            factory=Cloudwatch,
        ),
    ]
