"""One line of ``statpipe doctor``."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen
class Diagnosis:
    """
    What was checked, its state, and how to fix a problem.
    """

    subject: str
    state: Literal["ok", "warning", "error"]
    finding: str
    remedy: str = ""
