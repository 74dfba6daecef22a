"""Removes a credential from answers, in which agencies repeat it."""

from __future__ import annotations

import logging

from statpipe.domain.secret import Secret

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")


class Redactor:
    """
    Replaces a credential in any case and in the forms that URLs and JSON use.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def body(self, body: bytes) -> bytes:
        """
        Return the bytes without the credential.
        """
        return self._secret.removed_from(body)

    def text(self, text: str) -> str:
        """
        Return the text without the credential.
        """
        return self.body(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class LogGuard(logging.Filter):
    """
    Removes a credential from the HTTP library's log lines.

    At DEBUG, it prints the headers of answers, and a redirect in these may contain the credential.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep each record, but without the credential."""
        message = record.getMessage()
        redacted = self._redactor.text(message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True

    def start(self) -> None:
        """
        Filter the HTTP library's loggers.
        """
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self)

    def stop(self) -> None:
        """
        Restore the loggers.
        """
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self)
