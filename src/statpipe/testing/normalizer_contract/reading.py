"""Let a normalizer read payloads, and report in plain words what it did wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from statpipe.api import ContentError, Dataset, Normalizer, Payload
from statpipe.domain.seal import seal
from statpipe.domain.wrong_text import wrong_text_refused
from statpipe.testing.cells import Key, cells_of
from statpipe.testing.damage import ACCENT, ACCENTED
from statpipe.testing.wording import broken, foreseen, told

if TYPE_CHECKING:
    import pyarrow as pa

_VINTAGE = "2000-01-01"
_LOST = re.compile(
    rb"\xef\xbf\xbd|\\ufffd|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]",
    re.IGNORECASE,
)
"""U+FFFD, as a character or as JSON's escape, and an escape for half a character."""
_GARBLED = ACCENT.encode().decode("latin-1")


def table_of(normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
    """
    Return the normalizer's table of the example. End the test if it raises.
    """
    __tracebackhide__ = True
    with foreseen(
        "reading the example",
        "make the fixtures `dataset` and `payloads` fit each other, and the normalizer read them",
    ):
        return normalizer.normalize(normalizer.describe(dataset, payloads), payloads)


def silver_of(normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
    """
    Return this table as Silver. End the test if it does not fit.
    """
    __tracebackhide__ = True
    table = table_of(normalizer, dataset, payloads)
    with foreseen(
        "taking the normalizer's table as Silver",
        "return what statpipe.api.Normalizer.normalize describes: ref_area, category, "
        "time_period and obs_value, each key once, with codes of the dataset's lists; "
        "whatever else tells rows apart belongs into the category, or is one of `dataset.dimensions`",
    ):
        return seal(table, normalizer.describe(dataset, payloads), _VINTAGE)


def cells_or_refusal(
    normalizer: Normalizer,
    dataset: Dataset,
    payloads: Sequence[Payload],
    what: str,
) -> dict[Key, tuple[Decimal | None, str]] | None:
    """
    Return the cells, or ``None`` if they are refused properly.
    """
    __tracebackhide__ = True
    result = read(normalizer, dataset, payloads, what)
    return None if isinstance(result, ContentError) else dict(cells_of(result))


def read(
    normalizer: Normalizer,
    dataset: Dataset,
    payloads: Sequence[Payload],
    what: str,
) -> pa.Table | ContentError:
    """
    Return Silver, or the ``ContentError`` that refuses the payloads. Any other error ends the test.
    """
    __tracebackhide__ = True
    try:
        with wrong_text_refused(dataset, payloads):
            described = normalizer.describe(dataset, list(payloads))
            table = normalizer.normalize(described, list(payloads))
            _refuse_replacements(table, payloads, what)
            return seal(table, described, _VINTAGE)
    except ContentError as error:
        text = str(error).strip()
        # The message may quote a line break that the kit put into the payload.
        if not text or ("\n" in text and "\\n" not in what):
            broken(
                f"{what}, and the ContentError says {str(error)!r}",
                "say in one line which payload, which place, and what was expected; quote what "
                "stands in the payload with !r, since it may hold line breaks",
            )
        return error
    except Exception as error:  # noqa: BLE001 - whatever the author's code raises
        broken(
            f"{what}, and the normalizer raises {told(error)}",
            "check what arrives before you use it, and raise ContentError that names payload, "
            "place and what was expected; it says to operators that the agency changed something, "
            "and any other exception says that the plugin has a bug",
        )


def writes_lost_text(payload: Payload) -> bool:
    """
    Return whether a payload itself contains a lost character: then the normalizer did not lose it.
    """
    return _LOST.search(payload.body) is not None


def _refuse_replacements(table: pa.Table, payloads: Sequence[Payload], what: str) -> None:
    __tracebackhide__ = True
    if any(map(writes_lost_text, payloads)):
        return  # The gate removes it from free text, and refuses codes that contain it.
    for name in table.column_names:
        texts = [text for text in table[name].unique().to_pylist() if isinstance(text, str)]
        lost = next((text for text in texts if "\ufffd" in text), None)
        if lost is not None:
            broken(
                f"{what}, and the table says {lost!r} in column {name}: what stood there is lost",
                "decode with payload.body.decode(), without errors='replace': statpipe refuses the "
                "payload then, and names the byte",
            )
        garbled = next((text for text in texts if ACCENTED in what and _GARBLED in text), None)
        if garbled is not None:
            broken(
                f"{what}, and the table says {garbled!r} in column {name}: it is read in another encoding",
                "decode what is UTF-8 as UTF-8: payload.body.decode(); if the agency writes in another encoding, "
                'name it in the class, as in `encoding = "latin-1"`',
            )
