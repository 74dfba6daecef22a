"""JSON that is safe to print on a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

from statpipe.cli.terminal import speaks
from statpipe.domain.visible import visible
from statpipe.engine.answers.exact_value import exact

_TO_LOOK_AT = re.compile(r"[^ -~\n]|#(?=#\[)")
"""All characters except plain ASCII, and texts that GitHub's runner reads as the beginning of a
command."""


def json_text(document: Any, *, indent: int | None = None) -> str:
    r"""
    Return JSON with escapes for characters that would control a terminal or be invisible.

    Reading it gives the same document. Decimals and dates are text.
    """
    text = json.dumps(document, indent=indent, ensure_ascii=False, default=_as_json)
    return _TO_LOOK_AT.sub(_escaped, text)


def _as_json(value: object) -> object:
    text = exact(value)
    return text if text is not value else str(value)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character != "#" and visible(character) == character and speaks(character):
        return character
    pairs = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))
