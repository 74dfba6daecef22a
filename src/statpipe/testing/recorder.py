"""
Records an agency's answers once, for tests that then need neither agency nor key.

::

    from statpipe.testing import record_payloads, recorded_payloads

    record_payloads(source, source.datasets()[0], HERE / "recorded", secrets=[key])   # by hand
    ...
    @pytest.fixture
    def payloads(self):
        return recorded_payloads(HERE / "recorded")
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from statpipe.api import ConfigError, Dataset, Payload, Source
from statpipe.testing.canary import redacted, shows

_INDEX = "payloads.json"


def record_payloads(
    source: Source,
    dataset: Dataset,
    folder: Path,
    *,
    secrets: Iterable[str],
    at_most: int | None = None,
) -> Sequence[Path]:
    """
    Fetch the payloads of a dataset and write them into a folder; return the files.

    *secrets* (the keys themselves) in a body, a name or a request are replaced by ``REDACTED``, in
    any form and case. *at_most* limits the number of payloads. Narrow the dataset first
    (``source.smallest(dataset)``), because examples in tests should be small.

    :raises ConfigError: A secret would still be visible, for example in a compressed body. Then
        nothing is written.
    """
    hidden = list(secrets)
    payloads: list[Payload] = []
    for payload in source.fetch(dataset, source.probe(dataset)):
        payloads.append(without(payload, hidden))
        if at_most is not None and len(payloads) >= at_most:
            break
    folder.mkdir(parents=True, exist_ok=True)
    files, index = [], []
    for number, payload in enumerate(payloads, start=1):
        file = folder / f"{number:03d}-{payload.name}{payload.suffix}"
        file.write_bytes(payload.body)
        files.append(file)
        index.append(
            {
                "file": file.name,
                "name": payload.name,
                "media_type": payload.media_type,
                "request": dict(payload.request),
                **({"structure": True} if payload.structure else {}),
            }
        )
    place = folder / _INDEX
    place.write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*files, place]


def recorded_payloads(folder: Path) -> list[Payload]:
    """
    Read what :func:`record_payloads` wrote, in the original order.

    :raises ConfigError: The folder contains no recordings.
    """
    place = folder / _INDEX
    if not place.exists():
        msg = f"{place} does not exist; record payloads with statpipe.testing.record_payloads"
        raise ConfigError(msg)
    return [
        Payload(
            name=one["name"],
            body=(folder / one["file"]).read_bytes(),
            media_type=one["media_type"],
            request=one["request"],
            structure=one.get("structure", False),
        )
        for one in json.loads(place.read_text(encoding="utf-8"))
    ]


def without(payload: Payload, secrets: Sequence[str]) -> Payload:
    """
    Return the payload with each secret replaced by ``REDACTED``, and without the time of retrieval.

    :raises ConfigError: A secret would still be visible.
    """
    clean = attrs.evolve(
        payload,
        name=redacted(payload.name.encode(), secrets).decode(),
        body=redacted(payload.body, secrets),
        request={
            redacted(name.encode(), secrets).decode(): redacted(value.encode(), secrets).decode()
            for name, value in payload.request.items()
        },
        retrieved=None,
    )
    for secret in secrets:
        for text in _unpacked(clean.body):
            if shows(text, secret):
                msg = (
                    f"payload {payload.name} holds the key in compressed form; record it uncompressed, "
                    "or take the key out by hand"
                )
                raise ConfigError(msg)
    return clean


def _unpacked(body: bytes) -> Iterable[bytes]:
    import gzip
    import io
    import zipfile
    import zlib

    yield body
    try:
        if body[:2] == b"\x1f\x8b":
            yield gzip.decompress(body)
        elif body[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(body)) as members:
                for name in members.namelist():
                    yield members.read(name)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile):
        return  # it is something else, or broken: then nobody can read a key in it
