"""What a check says about a vintage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from statpipe.domain.text import recordable

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.dataset import Dataset
    from statpipe.domain.revision import Revision
    from statpipe.domain.vintage import Vintage

Severity = Literal["error", "warning"]
"""An error refuses the vintage; a warning is told and published."""

SHOWN_CELLS = 20
"""How many offending cells a result carries; ``failures`` counts them all."""


@frozen(kw_only=True)
class Snapshot:
    """
    One vintage of a dataset as a check sees it.

    ``table`` is sealed Silver. ``siblings`` are the other datasets of the same release, by name:
    those that this dataset's agreements name, as far as they are at hand. ``revision`` says what the
    vintage did to the figures that were believed before it.
    """

    dataset: Dataset
    vintage: Vintage
    table: pa.Table = field(repr=False)
    siblings: Mapping[str, pa.Table] = field(factory=dict, repr=False)
    revision: Revision | None = field(default=None, repr=False)


@frozen(kw_only=True)
class CheckResult:
    """
    A verdict on one vintage, with the offending cells (at most :data:`SHOWN_CELLS`).

    Each cell is a mapping of column names to values that JSON can hold (figures as text).
    ``about_revision`` says that the figures were read well and moved implausibly: an operator who
    knows that the agency meant it may accept that, and then it is ``accepted``.
    """

    check: str
    dataset: str
    vintage: str
    severity: Severity
    passed: bool
    message: str = field(converter=recordable)
    failures: int = 0
    cells: tuple[Mapping[str, Any], ...] = field(default=(), converter=recordable)
    about_revision: bool = False
    accepted: bool = False

    @property
    def refuses(self) -> bool:
        """
        Whether this result keeps the vintage from being published.
        """
        return not self.passed and self.severity == "error" and not self.accepted
