"""What this distribution offers: notifiers. Their modules are imported when they are used, clients when something is sent."""

from __future__ import annotations

from statpipe.api import Component, hookimpl
from statpipe_notify.settings import (
    CloudwatchSettings,
    GithubSettings,
    SnsSettings,
    WebhookSettings,
)


@hookimpl
def statpipe_notifiers() -> list[Component]:
    """
    Offer the notifiers. Each is silent until it is configured, or runs in GitHub Actions.
    """
    return [
        Component(
            name="github",
            summary="Job summary and annotations in GitHub Actions",
            settings=GithubSettings,
            factory="statpipe_notify.github:Github",
        ),
        Component(
            name="sns",
            summary="One message per run to an Amazon SNS topic",
            settings=SnsSettings,
            factory="statpipe_notify.sns:Sns",
        ),
        Component(
            name="webhook",
            summary="One message per run to a Slack-style webhook",
            settings=WebhookSettings,
            factory="statpipe_notify.webhook:Webhook",
        ),
        Component(
            name="cloudwatch",
            summary="The metrics Success and Late and the log of each run in Amazon CloudWatch",
            settings=CloudwatchSettings,
            factory="statpipe_notify.cloudwatch:Cloudwatch",
        ),
    ]
