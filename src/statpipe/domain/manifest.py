"""The manifest of a run: what was requested, what arrived, what was checked, what was written.

The newest manifest of a source also lists what the lake holds of it (``holds``), so a run reads
only one manifest. It is written last: data that no manifest lists does not exist yet. It contains a
SHA-256 of itself; manifests of older versions do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Literal

import attrs
from attrs import field, frozen

from statpipe.domain.partition import Receipt
from statpipe.domain.revision import Revision
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.self_hash import hashed_json, is_hashed, json_fault
from statpipe.domain.text import holdable, recordable
from statpipe.domain.verdict import CheckResult
from statpipe.domain.vintage import Basis, Vintage

Outcome = Literal["loaded", "unchanged", "ingested", "refused", "failed", "interrupted"]
"""``refused``: an error-level check failed. ``ingested``: Bronze only, as requested."""


@frozen(kw_only=True)
class BronzeObject:
    """
    One payload in Bronze. ``key`` is its path below the environment's root.

    ``stored_sha256`` is the hash of the object as compressed by the lake. It is empty if the lake
    does not compress, or if an older version stored the payload. ``structure`` is that of the
    payload.
    """

    key: str
    name: str
    sha256: str
    size: int
    media_type: str
    request: Mapping[str, str] = field(converter=recordable)
    retrieved: datetime | None = None
    stored_sha256: str = ""
    structure: bool = False


@frozen(kw_only=True)
class Origin:
    """
    Where to find the Bronze objects of a vintage: the record of this name in this run's manifest.
    """

    run_id: str
    vintage: str


def _sorted(names: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(names.items()))


@frozen(kw_only=True)
class Held:
    """
    One vintage of a dataset that the lake holds.

    ``made_from`` names the Bronze objects it was made from, oldest first. ``figures`` is the hash
    of the agency's figures. ``fingerprint`` is that of the Silver partition, and empty while there
    is only Bronze. ``code`` identifies the normalizer, its version and the dataset's code lists.
    ``accepted`` maps the checks that the operator overruled for this vintage to the number of
    failures that were accepted. ``looked`` is the last day on which these figures were fetched from
    the agency, or known to be unchanged. ``dimensions`` maps the columns of the dataset's
    dimensions to their names. ``structure`` is the hash of the structure with which Silver was
    read; it is empty if an older version did not record it.
    """

    dataset: str
    released: date
    sequence: int
    note: str = field(converter=holdable)
    token: str = field(converter=recordable)
    selection: Selection = EVERYTHING
    figures: str = ""
    fingerprint: str = ""
    rows: int = 0
    code: str = ""
    made_from: tuple[Origin, ...] = ()
    accepted: Mapping[str, int] = field(factory=dict)
    # In the order of the manifest, which sorts its keys, so reading it back gives an equal value.
    dimensions: Mapping[str, str] = field(factory=dict, converter=_sorted)
    structure: str = ""
    basis: Basis = "agency"
    released_at: datetime | None = None
    seen_before: date | None = None
    under: date | None = None
    looked: date | None = None

    @cached_property
    def vintage(self) -> Vintage:
        """
        The vintage itself.
        """
        return Vintage(
            released=self.released,
            note=self.note,
            token=self.token,
            sequence=self.sequence,
            selection=self.selection,
            basis=self.basis,
            released_at=self.released_at,
            seen_before=self.seen_before,
            under=self.under,
        )


@frozen(kw_only=True)
class VintageRecord:
    """
    What a run did with one vintage of a dataset, and the Bronze objects it read for it.

    ``revision`` says how the vintage changed the figures known before it. ``structure`` is the hash
    of the structure with which its Silver was read. ``basis`` says who dates it, and
    ``seen_before`` when an observed vintage did not exist yet.
    """

    dataset: str
    vintage: str
    note: str = field(converter=holdable)
    outcome: Outcome
    reason: str = field(default="", converter=recordable)
    rows: int = 0
    figures: str = ""
    fingerprint: str = ""
    structure: str = ""
    selection: Selection = EVERYTHING
    basis: Basis = "agency"
    seen_before: date | None = None
    revision: Revision | None = field(default=None, repr=False)
    bronze: tuple[BronzeObject, ...] = field(default=(), repr=False)


@frozen(kw_only=True)
class Manifest:
    """
    The record of one run of one source. Times are UTC.

    Every sink can store its texts: characters that no sink can store are escaped.

    ``accepted_revision`` says that checks were overruled by the operator. Each of their results in
    ``checks`` is marked as ``accepted``.

    ``asked`` is the last day on which all datasets were requested successfully; ``asked_for``
    identifies the source's configuration at that time. ``calendar`` is the message of the source's
    release calendar, and ``late`` says whether a release is late.
    """

    run_id: str
    source: str
    environment: str
    command: str = field(converter=recordable)
    started: datetime
    finished: datetime
    outcome: Outcome
    exit_code: int
    message: str = field(default="", converter=recordable)
    notice: str = field(default="", converter=recordable)
    accepted_revision: bool = False
    vintages: tuple[VintageRecord, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    versions: Mapping[str, str] = field(factory=dict, converter=recordable)
    holds: tuple[Held, ...] = field(default=(), repr=False)
    asked: date | None = None
    asked_for: str = ""
    calendar: str = field(default="", converter=recordable)
    late: bool = False

    def as_json(self) -> bytes:
        """
        Return the manifest as JSON with its own hash, with each key and each list item on its own
        line.
        """
        return hashed_json(attrs.asdict(self, recurse=False))


def manifest_fault(body: bytes, source: str, run_id: str) -> str:
    """
    Return why these bytes are not the manifest of a run, or an empty text if they are.
    """
    fault = json_fault(body)
    if fault:
        return fault
    document = json.loads(body)
    run = (document.get("source"), document.get("run_id"))
    if run != (source, run_id):
        return f"it is the manifest of run {run[1]} of {run[0]}"
    known = {field.name for field in attrs.fields(Manifest)}
    if not is_hashed(body) and not known.issuperset(document):
        return "its bytes have changed"
    return ""
