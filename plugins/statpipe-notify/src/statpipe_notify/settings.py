"""The settings of each notifier: ``[environments.<name>.notifiers.<notifier>]``."""

from __future__ import annotations

import typing
from typing import Any

import attrs
from attrs import field, frozen

from statpipe.api import Secret, secret
from statpipe.domain.manifest import Outcome

OUTCOMES: tuple[str, ...] = typing.get_args(Outcome)
NEWS = tuple(outcome for outcome in OUTCOMES if outcome != "unchanged")
"""The outcomes that send a message by default. An unchanged source sends none."""


def _outcomes(_settings: Any, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for outcome in value:
        if outcome not in OUTCOMES:
            msg = f"{attribute.name} names {outcome!r}; outcomes are {', '.join(OUTCOMES)}"
            raise ValueError(msg)


@frozen(kw_only=True)
class GithubSettings:
    """
    Output for GitHub Actions; no effect elsewhere.
    """

    summary: bool = True
    annotations: bool = True


@frozen(kw_only=True)
class SnsSettings:
    """
    ``topic`` is the ARN of a topic of Amazon SNS; without one, nothing is sent.
    """

    topic: str = ""
    on: tuple[str, ...] = field(default=NEWS, validator=_outcomes)
    profile: str = ""


@frozen(kw_only=True)
class WebhookSettings:
    """
    ``url`` is the URL from Slack. Everybody who knows it can post there, so it is a secret.
    """

    url: Secret | None = secret()
    on: tuple[str, ...] = field(default=NEWS, validator=_outcomes)


@frozen(kw_only=True)
class CloudwatchSettings:
    """
    ``metric`` sends the metric ``Success``. ``log_group`` is the group that gets the log.
    """

    metric: bool = False
    log_group: str = ""
    region: str = ""
    profile: str = ""
