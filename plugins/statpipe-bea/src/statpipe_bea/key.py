"""BEA's key."""

from __future__ import annotations

import re

from statpipe.api import ConfigError, Secret
from statpipe_bea.settings import SIGN_UP_URL

_KEY = re.compile(r"[A-Za-z0-9-]{8,}")


def checked_key(key: Secret) -> Secret:
    """
    Return the key if it is well-formed. BEA's keys have 36 characters: digits, letters and hyphens.

    :raises ConfigError: The key is empty or too short, or contains other characters, such as
        quotes.
    """
    if not _KEY.fullmatch(key.reveal()):
        raise ConfigError(
            "BEA_API_KEY is not valid: expected the 36-character key from BEA's e-mail, without "
            f"quotes or white space; get a free key at {SIGN_UP_URL}"
        )
    return key
