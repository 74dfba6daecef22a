"""Damaged payloads."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from statpipe.domain.payload import Payload


@frozen
class Damage:
    """
    Damaged payloads, with a description of the damage.
    """

    what: str
    payloads: tuple[Payload, ...]


def with_payload(payloads: Sequence[Payload], place: int, new: Payload) -> tuple[Payload, ...]:
    """
    Return the payloads with the one at this position replaced.
    """
    return (*payloads[:place], new, *payloads[place + 1 :])
