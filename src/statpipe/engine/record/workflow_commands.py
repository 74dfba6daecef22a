"""Commands for GitHub's runner that an agency's text would put into our output.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import re

_AT_THE_START = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
_ANYWHERE = re.compile(r"#(?=#\[)")
"""The older form, which the runner still finds in the middle of a line."""


def defused(text: str) -> str:
    r"""
    Return output without commands for the runner; outside GitHub Actions, return it unchanged.

    The escapes are those of JSON, so a line of JSON keeps its meaning.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return _ANYWHERE.sub(r"\\u0023", _AT_THE_START.sub(r"\1\\u003a", text))
