"""Posts to a chat through an incoming webhook of Slack, Mattermost and others."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from statpipe.api import ConfigError, Manifest, Notifier, RunFinished, Secret, hookimpl
from statpipe_notify.ending import is_news, workflow_run
from statpipe_notify.in_time import CONNECT_SECONDS, READ_SECONDS, in_time
from statpipe_notify.not_sent import NotSent
from statpipe_notify.settings import WebhookSettings
from statpipe_notify.text_message import text_message

_TEXT = 3_500
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MENTION = re.compile(r"@(?=\w)")


class Webhook(Notifier):
    """
    Posts one message per run. The URL is never shown.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        if settings.url is not None and not _is_safe(settings.url):
            msg = (
                "the url of the notifier webhook is not an https:// address; correct the "
                "variable that it refers to (http:// only works for this machine)"
            )
            raise ConfigError(msg)

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Send a message, if the settings ask for one."""
        url = self._settings.url
        if url is not None and is_news(event.manifest, self._settings.on):
            in_time(lambda: _post(url, event.manifest))


def _is_safe(url: Secret) -> bool:
    try:
        parts = urlsplit(url.reveal())
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _post(url: Secret, manifest: Manifest) -> None:
    """
    Send the message once. Redirects are not followed, because the message is for this server only.
    """
    import httpx

    text = _harmless(text_message(manifest, _TEXT, workflow_run(os.environ)))
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=False) as client,
            # The body of the answer is not needed, and may be endless.
            client.stream("POST", url.reveal(), json={"text": text, "mrkdwn": False}) as answer,
        ):
            status = answer.status_code
    except Exception as error:  # noqa: BLE001 - a library's text may quote the address
        name = type(error).__name__
        msg = f"the webhook cannot be reached: {name}; check whether its service is up"
        raise NotSent(msg) from None
    if not 200 <= status < 300:  # noqa: PLR2004
        raise NotSent(f"the webhook answered {status}; {_remedy(status)}")


def _remedy(status: int) -> str:
    if status >= 500 or status == 429:  # noqa: PLR2004
        return "its service is down or busy; the next run will report again"
    return "check whether the URL is still valid, and correct its variable"


def _harmless(text: str) -> str:
    """Remove from a title characters that would mention people or make a link."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub("@\N{ZERO WIDTH SPACE}", text)
