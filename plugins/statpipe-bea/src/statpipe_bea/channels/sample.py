"""The channel ``sample``: BEA's published figures of some releases, bundled with the plugin."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

import attrs

from statpipe.api import Dataset, Diagnosis, Payload, Selection, Vintage
from statpipe_bea.answers import read_answer
from statpipe_bea.channels.channel import Channel, vintage_of
from statpipe_bea.crosswalk import Layout
from statpipe_bea.family import Family
from statpipe_bea.line_lists import METHOD, listed_lines
from statpipe_bea.lines import ReleaseLines, release_lines


class SampleChannel(Channel):
    """
    Five years of each table, in answers of the same form as the API's.
    """

    name = "sample"

    def __init__(self, family: Family) -> None:
        self._family = family
        self.notice = family.sample_notice

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        return [
            self._vintage(dataset, release)
            for release in sorted(self._family.samples)
            if _file(release, dataset.name).is_file()
        ]

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        body = gzip.decompress(_file(vintage.released.isoformat(), dataset.name).read_bytes())
        payloads = [_payload(line) for line in body.split(b"\n")]
        codes = _lines(dataset, payloads[0], vintage).codes
        yield from (payload for payload in payloads if _wanted(payload, dataset, codes))

    def requests(self, dataset: Dataset, vintage: Vintage) -> int:
        return sum(1 for _ in self.fetch(dataset, vintage))

    def diagnose(self) -> Iterable[Diagnosis]:
        yield Diagnosis(
            self._family.source,
            "warning",
            "reads the bundled sample",
            "set BEA_API_KEY in the environment or in .env; keys are free at "
            "https://apps.bea.gov/API/signup/",
        )

    def _vintage(self, dataset: Dataset, release: str) -> Vintage:
        packed = _file(release, dataset.name).read_bytes()
        # The note is the same in every answer; the second is the first one with figures.
        first, second, *_ = gzip.decompress(packed).split(b"\n", 2)
        years = [str(year) for year in self._family.samples[release]]
        asked = dataset.selection.periods
        brought = attrs.evolve(
            dataset.selection,
            periods=years if asked is None else [year for year in years if year in asked],
        )
        sample = Payload(name=f"{dataset.name}-sample", body=second)
        token = f"sample:{hashlib.sha256(packed).hexdigest()}"
        vintage = vintage_of(read_answer(sample).release, token, brought, sample)
        return _lines(dataset, _payload(first), vintage).vintage(vintage, brought)


def _file(release: str, table: str) -> Traversable:
    return files("statpipe_bea") / "data" / "sample" / release / f"{table}.jsonl.gz"


def _payload(answer: bytes) -> Payload:
    head = answer[: answer.index(b'"Results"')].rstrip(b",") + b"}}"
    echo = {
        p["ParameterName"].lower(): p["ParameterValue"]
        for p in json.loads(head)["BEAAPI"]["Request"]["RequestParam"]
    }
    echo.pop("userid")
    table = echo["tablename"]
    structure = echo["method"] == METHOD.upper()
    if structure:
        name, echo["method"] = f"{table}-lines", METHOD
    elif echo["linecode"] == "ALL":
        name = f"{table}-area-{echo['geofips']}"
    else:
        name = f"{table}-line-{echo['linecode']}"
    return Payload(
        name=name, body=answer, request={"channel": "sample", **echo}, structure=structure
    )


def _lines(dataset: Dataset, line_list: Payload, vintage: Vintage) -> ReleaseLines:
    return release_lines(dataset, listed_lines(line_list), vintage.released)


def _wanted(payload: Payload, dataset: Dataset, codes: Layout) -> bool:
    """Leave out answers without any figure of the selection."""
    selection: Selection = dataset.selection
    line, fips = payload.request.get("linecode"), payload.request.get("geofips")
    if line and line != "ALL" and selection.categories is not None:
        return codes.get(line) in selection.categories
    if fips and fips != "STATE" and selection.areas is not None:
        return fips in {a.geo_fips for a in dataset.areas if a.code in selection.areas}
    return True
