"""Agency text that a plugin could not decode or encode: the payload is at fault, not the plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from statpipe.domain.dataset import Dataset
from statpipe.domain.errors import ContentError
from statpipe.domain.payload import Payload


@contextmanager
def wrong_text_refused(dataset: Dataset, payloads: Sequence[Payload] = ()) -> Iterator[None]:
    """
    Turn ``UnicodeError`` into an error about the payload.

    :raises ContentError: Bytes are not text in the encoding that was expected, or a text holds half
        a character, as JSON's escapes may; the message names the payload, if it is known, and the place.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        payload = next((one for one in payloads if one.body == error.object), None)
        what = (
            f"payload {payload.name}" if payload else f"dataset {dataset.name}: a text of a payload"
        )
        msg = (
            f"{what}, byte {error.start:,}: 0x{error.object[error.start]:02x} is not valid "
            f"{error.encoding}; expected text in that encoding"
        )
        raise ContentError(msg, payload=payload) from error
    except UnicodeEncodeError as error:
        excerpt = error.object[max(error.start - 20, 0) : error.end + 20]
        msg = (
            f"dataset {dataset.name}: a payload contains half a character, which no sink can "
            f"store: {excerpt!r}; expected text"
        )
        raise ContentError(msg) from error
