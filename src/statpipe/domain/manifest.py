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

    ``stored_sha256`` is the hash of the object as the lake packed it. It is empty where the lake does
    not pack, or an older version kept the payload. ``structure`` is that of the payload.
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

    ``made_from`` names the Bronze that makes it, oldest first. ``figures`` is the hash of what the
    agency published; ``fingerprint`` that of the Silver partition, empty while there is only Bronze.
    ``code`` identifies the normalizer, its version and the dataset's code lists. ``accepted`` maps the
    checks that the operator overruled for this vintage to the number of failures that were accepted.
    ``looked`` is the last day on which these figures were fetched from the agency, or known to stand.
    ``dimensions`` maps the columns of the dataset's dimensions to what they are called. ``structure`` is
    the hash of the structure that Silver was read with; empty where an older version recorded none.
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
    # In the order of the manifest, which sorts its keys: what is read back must be what was there.
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

    ``revision`` says how the vintage changed the figures known before it, ``structure`` the hash of
    the structure that its Silver was read with. ``basis`` says who dates it, and ``seen_before``
    when an observed one was not there yet.
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

    ``asked`` is the last day on which the agency was asked for all datasets, and all went well;
    ``asked_for`` identifies how the source was configured then. ``calendar`` is
    what the source's release calendar has to say, and ``late`` whether that is that a release is late.
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
        Return the manifest as JSON, a line for each key and each item of a list, with its own hash.
        """
        return hashed_json(attrs.asdict(self, recurse=False))


def manifest_fault(body: bytes, source: str, run_id: str) -> str:
    """
    Say why these bytes are not the manifest of a run; an empty text if they are.
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
