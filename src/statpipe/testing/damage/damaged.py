"""Payloads of which something is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from statpipe.domain.payload import Payload


@frozen
class Damage:
    """
    Payloads of which something is wrong, and what it is.
    """

    what: str
    payloads: tuple[Payload, ...]


def with_payload(payloads: Sequence[Payload], place: int, new: Payload) -> tuple[Payload, ...]:
    """
    Return the payloads with another one in this place.
    """
    return (*payloads[:place], new, *payloads[place + 1 :])
