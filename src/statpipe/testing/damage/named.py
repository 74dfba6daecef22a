"""Finds the names in payloads: of their table, and of units."""

from __future__ import annotations

import re
from collections.abc import Sequence

from statpipe.domain.payload import Payload
from statpipe.testing.damage.damaged import Damage
from statpipe.testing.documents import documents


def says(payload: Payload, word: str) -> bool:
    """
    Return whether a payload contains a word on its own.
    """
    return any(_whole(word).search(document.text) for document in documents(payload))


def in_another_unit(payloads: Sequence[Payload], unit: str) -> Damage | None:
    """
    Replace each unit in the payloads by another one.
    """
    changed = []
    for payload in payloads:
        new = payload
        for member in [d.member for d in documents(payload)]:
            document = next(d for d in documents(new) if d.member == member)
            text = _whole(unit).sub("Bushels", document.text)
            new = document.with_text(text) if text != document.text else new
        changed.append(new)
    if all(new is old for new, old in zip(changed, payloads, strict=True)):
        return None
    return Damage(f"the payloads say Bushels instead of {unit}", tuple(changed))


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
