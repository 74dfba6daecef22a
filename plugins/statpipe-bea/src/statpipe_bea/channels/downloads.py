"""Downloads files, each once."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import attrs
from attrs import field, frozen

from statpipe.api import Payload
from statpipe_bea.channels.download import downloaded, file_at, is_address


@frozen
class Downloads:
    """
    Reads files from paths and URLs. Until :meth:`close`, downloads are kept in unnamed temporary
    files, because a long archive does not fit into memory, and a process that dies leaves nothing
    behind. *seconds* is the time limit of one download.
    """

    home: Path
    seconds: float = 300.0
    _kept: dict[str, tuple[Payload, IO[bytes]]] = field(factory=dict, init=False, repr=False)
    _open: ExitStack = field(factory=ExitStack, init=False, repr=False)

    def read(self, place: str) -> Payload:
        """
        Return the file at a path or URL; a relative path starts at ``home``. Raises the errors of
        :func:`file_at` and :func:`downloaded`.
        """
        if not is_address(place):
            return file_at(self.home / Path(place).expanduser())
        if place in self._kept:
            head, file = self._kept[place]
            file.seek(0)
            return attrs.evolve(head, body=file.read())
        payload = downloaded(place, self.seconds)
        file = self._open.enter_context(TemporaryFile())  # noqa: SIM115 - closed by close()
        file.write(payload.body)
        self._kept[place] = (attrs.evolve(payload, body=b""), file)
        return payload

    def close(self) -> None:
        """
        Delete the downloads.
        """
        self._kept.clear()
        self._open.close()
