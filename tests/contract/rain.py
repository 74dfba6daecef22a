"""A weather office, its source and its normalizer: small, honest, and what the mutants are made of."""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import attrs

from statpipe.api import (
    Area,
    Category,
    ContentError,
    Dataset,
    Normalizer,
    Payload,
    Rejected,
    Secret,
    Source,
    Unavailable,
    Vintage,
    exact,
    observations_from_rows,
)

log = logging.getLogger("rain")

STATIONS = ("N", "S")
RAIN = Dataset(
    name="rain",
    title="Rainfall by station",
    normalizer="rain_json",
    freq="M",
    areas=tuple(Area(code=s, name=s, level="station", geo_fips=s) for s in STATIONS),
    categories=tuple(
        Category(code=c, name=c, unit_measure="millimetres") for c in ("rain", "snow")
    ),
)
FIGURES = {
    ("N", "rain", "2024-01"): "1,852.25",
    ("N", "snow", "2024-01"): None,
    ("N", "rain", "2024-02"): "-0.5",
    ("S", "rain", "2024-01"): "17.125",
    ("S", "snow", "2024-01"): "0",
}
ANSWERS = {
    "N": {
        "station": "N",
        "records": [
            {"what": "rain", "month": "2024-01", "value": "1,852.25"},
            {"what": "snow", "month": "2024-01", "value": "*"},
            {"what": "rain", "month": "2024-02", "value": "-0.5"},
        ],
    },
    "S": {
        "station": "S",
        "records": [
            {"what": "rain", "month": "2024-01", "value": "17.125"},
            {"what": "snow", "month": "2024-01", "value": "0"},
        ],
    },
}
MISSING = {"*": "O", "(s)": "Q"}


def payload_of(station: str) -> Payload:
    return Payload(name=f"rain-{station}", body=json.dumps(ANSWERS[station]).encode())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Stays with the agency: the key goes nowhere else."""

    def redirect_request(self, *_):
        return None


@attrs.frozen
class Settings:
    url: str
    key: Secret | None = None


class RainSource(Source):
    opener = urllib.request.build_opener(_NoRedirect)
    ok: tuple[int, ...] = (200,)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def datasets(self) -> Sequence[Dataset]:
        return [RAIN]

    def probe(self, dataset: Dataset) -> Vintage:
        document = self._json(self.get("/released"))
        try:
            released = date.fromisoformat(document["date"])
        except (KeyError, TypeError, ValueError):
            raise ContentError("/released names no date; look at the address by hand") from None
        return Vintage(
            released=released,
            note=str(document.get("note", "")),
            token=hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest(),
        )

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        for station in STATIONS:
            yield self.payload(station, self.get(f"/rain/{station}"))

    def payload(self, station: str, body: bytes) -> Payload:
        return Payload(
            name=f"rain-{station}",
            body=body,
            request={"url": f"{self._settings.url}/rain/{station}"},
            retrieved=datetime.now(UTC),
        )

    def get(self, path: str) -> bytes:
        key = self._settings.key.reveal() if self._settings.key else ""
        request = urllib.request.Request(self._settings.url + path, headers={"X-Key": key})
        log.debug("asking for %s", path)
        try:
            with self.opener.open(request, timeout=60) as response:
                body = response.read()
                status = response.status
        except urllib.error.HTTPError as error:
            self.refuse(path, error)
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            raise Unavailable(f"{path} cannot be reached; run again later") from None
        if status not in self.ok:
            raise Rejected(f"{path} answers {status}; look at the address by hand")
        return body.replace(key.encode(), b"REDACTED") if key else body

    def refuse(self, path: str, error: urllib.error.HTTPError) -> None:
        if error.code >= 500 or error.code == 429:
            raise Unavailable(f"{path} answers {error.code}; run again later") from None
        raise Rejected(f"{path} answers {error.code}; correct the key") from None

    @staticmethod
    def _json(body: bytes) -> dict:
        try:
            document = json.loads(body)
        except ValueError:
            raise ContentError("/released is not valid JSON; look at the address by hand") from None
        if not isinstance(document, dict):
            raise ContentError("/released is no object; look at the address by hand")
        return document


class RainNormalizer(Normalizer):
    version = "1"

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]):
        if not payloads:
            raise ContentError(f"dataset {dataset.name}: no payloads; expected one a station")
        rows = [row for payload in payloads for row in self.rows(payload)]
        return dataset.selection.rows_of(observations_from_rows(rows))

    def rows(self, payload: Payload) -> list[dict]:
        try:
            document = json.loads(payload.body)
            station, records = document["station"], document["records"]
            rows = [self.row(station, record) for record in records]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"payload {payload.name}: {error!r}; expected a station and its records"
            raise ContentError(msg) from error
        if not rows:
            raise ContentError(f"payload {payload.name}: no records; expected at least one")
        return rows

    def row(self, station: str, record: dict) -> dict:
        text = record["value"]
        if not isinstance(text, str) or not isinstance(station, str):
            raise TypeError(f"{text!r} of {station!r}")
        status = MISSING.get(text)
        return {
            "ref_area": station,
            "category": record["what"],
            "time_period": record["month"],
            "obs_value": None if status else self.number(text),
            "obs_status": status or "A",
            "source_symbol": text if status else None,
        }

    def number(self, text: str) -> Decimal:
        return exact(text, grouping=",")
