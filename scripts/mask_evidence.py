"""Mask account numbers of AWS in the evidence of a run, before others see it.

    OUT=out python scripts/mask_evidence.py

GitHub masks them in its own log and not in artifacts. Each number that an ARN in a file names, and the one
in the variable ACCOUNT, is replaced in all files.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_OF_ARN = re.compile(
    rb"arn(?::|%3A)aws[a-z-]*(?:(?::|%3A)[a-z0-9-]*){2}(?::|%3A)([0-9]{12})(?::|%3A)"
)
_MASK = b"***"


def main() -> None:
    """Rewrite the files that name an account."""
    out = Path(os.environ.get("OUT") or "out")
    texts = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    numbers = {number for text in texts.values() for number in _OF_ARN.findall(text)}
    if re.fullmatch("[0-9]{12}", account := os.environ.get("ACCOUNT", "")):
        numbers.add(account.encode())
    for path, text in texts.items():
        masked = text
        for number in numbers:
            masked = masked.replace(number, _MASK)
        if masked != text:
            path.write_bytes(masked)


if __name__ == "__main__":
    main()
