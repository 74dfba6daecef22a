"""The words of SQL."""

from __future__ import annotations

import re


def without_texts(sql: str) -> str:
    """
    Leave comments, texts and quoted names out.
    """
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", " ", sql, flags=re.DOTALL)
