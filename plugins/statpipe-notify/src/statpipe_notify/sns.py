"""Publishes to a topic of Amazon SNS, whose subscribers get mail."""

from __future__ import annotations

import os
import re

from statpipe.api import ConfigError, Manifest, Notifier, RunFinished, hookimpl
from statpipe.domain.visible import one_line
from statpipe_notify.aws import call, client
from statpipe_notify.ending import headline, is_news, workflow_run
from statpipe_notify.in_time import in_time
from statpipe_notify.settings import SnsSettings
from statpipe_notify.text_message import text_message

_ARN = re.compile(r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}")
_SUBJECT = 100
_TEXT = 30_000
"""SNS accepts 256 KiB, but nobody reads that much."""


class Sns(Notifier):
    """
    Publishes one message per run.
    """

    def __init__(self, settings: SnsSettings) -> None:
        self._settings = settings
        found = _ARN.fullmatch(settings.topic)
        if settings.topic and found is None:
            msg = (
                f"the notifier sns has the topic {settings.topic!r}, which is not a topic ARN; "
                "write it as arn:aws:sns:<region>:<account>:<name>"
            )
            raise ConfigError(msg)
        self._region = found["region"] if found else ""

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Send a message, if the settings ask for one."""
        if self._settings.topic and is_news(event.manifest, self._settings.on):
            in_time(lambda: self._publish(event.manifest))

    def _publish(self, manifest: Manifest) -> None:
        topic = self._settings.topic
        subject = f"statpipe: {one_line(headline(manifest))}"
        call(
            "sns:Publish",
            topic,
            lambda: client("sns", region=self._region, profile=self._settings.profile).publish(
                TopicArn=topic,
                Subject=subject.encode("ascii", "replace").decode()[:_SUBJECT],
                Message=text_message(manifest, _TEXT, workflow_run(os.environ)),
            ),
        )
