"""The keywords of SQL."""

from __future__ import annotations

import re


def without_texts(sql: str) -> str:
    """
    Remove comments, texts and quoted names.
    """
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", " ", sql, flags=re.DOTALL)
