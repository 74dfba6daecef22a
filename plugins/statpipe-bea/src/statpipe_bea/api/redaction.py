"""Takes the key out of what comes back: BEA echoes it in every answer."""

from __future__ import annotations

import logging
import re

from statpipe.api import ConfigError, Secret

SHORTEST_KEY = 8
"""A shorter one would occur in figures and names, and take them out along with it."""

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")


def checked_key(key: Secret) -> None:
    """
    Refuse what cannot be a key.

    :raises ConfigError: It is empty, too short, or holds spaces or unprintable characters.
    """
    if not re.fullmatch(rf"[!-~]{{{SHORTEST_KEY},}}", key.reveal()):
        raise ConfigError(
            "the BEA key is no key: it should be the 36 characters of BEA's e-mail, without quotes "
            "or spaces. A key is free at https://apps.bea.gov/API/signup/"
        )


class Redactor:
    """
    Replaces a key, in whatever case and in the forms in which URLs and JSON write it.
    """

    def __init__(self, key: Secret) -> None:
        self._key = key

    def body(self, body: bytes) -> bytes:
        """
        Return the bytes without the key.
        """
        return self._key.removed_from(body)

    def text(self, text: str) -> str:
        """
        Return the text without the key.
        """
        return self.body(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class LogGuard(logging.Filter):
    """
    Takes the key out of what the HTTP libraries log.

    They never see it in a request's address, but at DEBUG they print response headers, in which a
    redirect may hold it.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep each record, without the key."""
        message = record.getMessage()
        redacted = self._redactor.text(message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True

    def start(self) -> None:
        """
        Watch over the HTTP libraries' loggers.
        """
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self)

    def stop(self) -> None:
        """
        Leave the loggers as they were.
        """
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self)
