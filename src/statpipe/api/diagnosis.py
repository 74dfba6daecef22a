"""One line of ``statpipe doctor``."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen
class Diagnosis:
    """
    What was looked at, how it is, and what to do where it is not well.
    """

    subject: str
    state: Literal["ok", "warning", "error"]
    finding: str
    remedy: str = ""
