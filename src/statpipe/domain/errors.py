"""All errors, sorted by what the reader must do next.

::

    StatpipeError
    ├── Rejected        exit 1   the agency refuses the request: correct key, table or line
    │   └── NoData               it has no data for it
    ├── ConfigError     exit 2   correct the configuration
    │   └── PluginError          correct or uninstall a plugin
    ├── ContentError    exit 4   the agency changed something: look at the payload in Bronze
    ├── Unavailable     exit 5   agency or sink is down or throttling: run again later
    └── Locked          exit 6   another run of the same source is active: wait for it

Checks that refuse a vintage are an outcome (exit 3), not an exception. Every other exception is a
bug (exit 1). Each message says what happened, where, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from statpipe.domain.payload import Payload

REFUSED_BY_CHECKS = 3
"""Exit code of a run that an error-level check refused."""


class StatpipeError(Exception):
    """
    The base class of all expected errors. The text is one line for the reader.
    """

    exit_code: ClassVar[int] = 1


class Rejected(StatpipeError):
    """
    The agency understood the request and refuses it. A retry would get the same answer.
    """


class NoData(Rejected):
    """
    The agency has no data for the request. One of several requests of a source may end this way.
    """


class ConfigError(StatpipeError):
    """
    The configuration is wrong or incomplete.
    """

    exit_code: ClassVar[int] = 2


class PluginError(ConfigError):
    """
    A plugin is broken, missing, or clashes with another.
    """


class ContentError(StatpipeError):
    """
    A payload differs from the agency's documentation and all earlier payloads.

    ``payload`` is what arrived, if known: the engine keeps it in Bronze.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, payload: Payload | None = None) -> None:
        super().__init__(message)
        self.payload = payload

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes pickle errors, and keyword arguments are lost in that.
        return _content_error, (str(self), self.payload)


class Unavailable(StatpipeError):
    """
    An agency or a sink is down, or asks us to slow down. ``retry_after`` is in seconds, if known.

    ``payload`` is what arrived instead of data, such as a web page: the engine keeps it in Bronze.
    """

    exit_code: ClassVar[int] = 5

    def __init__(
        self, message: str, *, retry_after: float | None = None, payload: Payload | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.payload = payload


class Locked(StatpipeError):
    """
    Another run of the same source holds the lock.
    """

    exit_code: ClassVar[int] = 6


def _content_error(message: str, payload: Payload | None) -> ContentError:
    return ContentError(message, payload=payload)
