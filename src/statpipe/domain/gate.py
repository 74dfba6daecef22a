"""The gate to Silver: it stops texts that a sink cannot store, from any plugin.

Such characters are removed from free text. A code with one is refused, since without it, it would
be a different code. Everything works on dictionaries, once per text and not once per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.domain.codes import looked_up
from statpipe.domain.errors import ContentError
from statpipe.domain.observation import is_free_text
from statpipe.domain.text import holdable

if TYPE_CHECKING:
    import pyarrow as pa

_NULLABLE = ("source_symbol", "notes")


def admitted(codes: pa.DictionaryArray, column: str, dataset: str) -> pa.DictionaryArray:
    """
    Return a coded column without characters that a sink cannot store.

    :raises ContentError: A code holds such a character, or a text is not UTF-8.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        codes.validate(full=True)
    except pa.ArrowInvalid as error:
        msg = f"dataset {dataset}: column {column} is not valid: {error}; expected text in UTF-8"
        raise ContentError(msg) from error
    # Valid UTF-8 has no lone surrogates.
    odd = pc.match_substring_regex(codes.dictionary, "[\\x00\\x{FFFD}]")
    if not pc.any(odd).as_py():
        return codes
    if is_free_text(column):
        texts = codes.dictionary.to_pylist()
        return looked_up(codes, [_cleaned(text, column) for text in texts])
    for place in pc.indices_nonzero(odd).to_pylist():
        row = pc.index(codes.indices, place).as_py()
        if row >= 0:
            msg = (
                f"dataset {dataset}: column {column}, row {row:,} of the normalizer's table: "
                f"{codes.dictionary[place].as_py()!r} contains a character that no sink can "
                "store; expected a plain-text code"
            )
            raise ContentError(msg)
    return codes


def _cleaned(text: str, column: str) -> str | None:
    """Remove the characters. If nothing is left of an optional text, it becomes null."""
    clean = holdable(text)
    return None if text and not clean and column in _NULLABLE else clean
