"""A payload: one answer of the agency, byte for byte, without credentials."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import attrs
from attrs import field

from statpipe.domain.text import recordable

MEDIA_SUFFIXES = {
    "application/json": ".json",
    "text/csv": ".csv",
    "text/html": ".html",
    "application/zip": ".zip",
    "application/xml": ".xml",
}
"""File suffix of each media type that is kept; ``.bin`` for any other."""


_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def _file_name(asked: str) -> str:
    """
    Return a valid file name: agencies' identifiers contain ``$``, ``@``, blanks and slashes, which
    not every store allows.
    """
    return _NOT_IN_NAMES.sub("_", asked).lstrip("._-") or "payload"


@attrs.define(kw_only=True, frozen=True, slots=False)
class Payload:
    """
    One answer of the agency, and the request.

    ``name`` says in a few characters what was requested (``SAPCE1-line-9``). Characters that are
    not valid in file names become underscores. ``request`` contains the URL and the parameters
    *without credentials*. ``body`` is the answer, byte for byte. ``structure`` marks an answer that
    describes codes, such as a code list, and has no figures.
    """

    name: str = field(converter=_file_name)
    body: bytes = field(repr=lambda body: f"<{len(body):,} bytes>")
    media_type: str = "application/json"
    request: Mapping[str, str] = field(factory=dict, converter=recordable)
    retrieved: datetime | None = None
    structure: bool = False

    @cached_property
    def sha256(self) -> str:
        """
        SHA-256 of the body, in hexadecimal.
        """
        return hashlib.sha256(self.body).hexdigest()

    @property
    def suffix(self) -> str:
        """
        The file suffix that goes with the media type.
        """
        return MEDIA_SUFFIXES.get(self.media_type, ".bin")
