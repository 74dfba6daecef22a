"""Replaces a payload by nothing, a web page, another document, or a part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from statpipe.domain.payload import Payload
from statpipe.testing.damage.bounds import MOST_PAYLOADS
from statpipe.testing.damage.damaged import Damage, with_payload
from statpipe.testing.documents import documents, header, unquoted, with_body

PAGE = b"<!DOCTYPE html><html><head><title>503</title></head><body>Try again later</body></html>"


def not_payloads(payloads: Sequence[Payload]) -> Iterator[Damage]:
    """
    Replace each payload in turn by nothing, a web page, another document, or a part of it.
    """
    for place, payload in enumerate(payloads[:MOST_PAYLOADS]):
        forms = {document.form for document in documents(payload)}
        bodies = {
            "is empty": b"",
            "is blank": b" \r\n",
            "is a web page": PAGE,
            "is the JSON {}": b"{}",
            "is the JSON []": b"[]",
            "is the JSON null": b"null",
            "is binary": b"\x00\xff\xfe\x80" * 8,
        }
        if forms <= {"json", "xml"}:  # zips and other binary formats
            bodies["is cut off in the middle"] = payload.body[: len(payload.body) // 2]
            bodies["lacks its last bytes"] = payload.body.rstrip()[:-2]
        if "delimited" in forms:
            cut = _cut_in_a_row(payload)
            if cut:
                bodies["is cut off in the middle of a row"] = cut
        for what, body in bodies.items():
            yield Damage(
                f"payload {payload.name} {what}",
                with_payload(payloads, place, with_body(payload, body)),
            )


def _cut_in_a_row(payload: Payload) -> bytes | None:
    """Cut after the first delimiter of the last complete row."""
    document = documents(payload)[0]
    found = header(document.text)
    if found is None or document.member is not None:
        return None
    delimiter, _, cells = found
    rows = document.text.splitlines(keepends=True)
    full = [n for n, row in enumerate(rows) if unquoted(row).count(delimiter) == len(cells) - 1]
    last = rows[full[-1]]
    kept = "".join(rows[: full[-1]]) + last[: last.index(delimiter) + 1]
    return kept.encode("utf-8", "surrogateescape")
