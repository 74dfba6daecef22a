"""Bronze keeps unreadable payloads too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from statpipe.api import ContentError, Dataset, Lake, StatpipeError, Unavailable
from statpipe.domain.wrong_text import wrong_text_refused


@contextlib.contextmanager
def keeping_what_arrived(lake: Lake, source: str, dataset: Dataset) -> Iterator[None]:
    """
    Keep the payload of an error in Bronze, and add its place to the error's message.
    """
    try:
        with wrong_text_refused(dataset):
            yield
    except (ContentError, Unavailable) as error:
        if error.payload is not None:
            with contextlib.suppress(StatpipeError):
                kept = lake.keep(source, dataset.name, error.payload)
                if kept.key not in str(error):
                    error.args = (f"{error} (kept as {kept.key})",)
        raise
