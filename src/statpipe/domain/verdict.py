"""The result of a check on a vintage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from attrs import field, frozen

from statpipe.domain.text import recordable

if TYPE_CHECKING:
    import pyarrow as pa

    from statpipe.domain.dataset import Dataset
    from statpipe.domain.revision import Revision
    from statpipe.domain.vintage import Vintage

Severity = Literal["error", "warning"]
"""An error refuses the vintage. A warning is only reported."""

SHOWN_CELLS = 20
"""How many offending cells a result carries; ``failures`` counts them all."""


def _known_severity(result: Any, _attribute: Any, severity: object) -> None:
    if severity not in get_args(Severity):
        msg = (
            f"the verdict of check {result.check!r} has the severity {severity!r}; expected "
            "'error' or 'warning', from the settings of the check"
        )
        raise ValueError(msg)


@frozen(kw_only=True)
class Snapshot:
    """
    One vintage of a dataset as a check sees it.

    ``table`` is sealed Silver. ``siblings`` are the available datasets of the same release that
    this dataset's agreements name. ``revision`` says how the vintage changed the figures known
    before it. ``new_codes`` are codes in the payloads that were not in the code lists, so it is
    unknown for which areas they are published.
    """

    dataset: Dataset
    vintage: Vintage
    table: pa.Table = field(repr=False)
    siblings: Mapping[str, pa.Table] = field(factory=dict, repr=False)
    revision: Revision | None = field(default=None, repr=False)
    new_codes: frozenset[str] = frozenset()


@frozen(kw_only=True)
class CheckResult:
    """
    A verdict on one vintage, with the offending cells (at most :data:`SHOWN_CELLS`).

    Each cell is a mapping from column names to JSON values (figures as text). ``message`` says what
    was found, how many times, and where. It does not depend on the severity, because a check does
    not know what happens to the vintage.

    ``about_revision`` says that the verdict is about the agency's figures and not about how they
    were read. An operator who knows that the figures are right may overrule it; then it is
    ``accepted``. The engine sets this, and ``next_step``: what the operator can do now.

    If a check cannot judge, for example without an earlier vintage, it returns ``judged=False`` and
    the reason as message. Then it refuses nothing, and is reported as not judged and never as
    passed.
    """

    check: str
    dataset: str
    vintage: str
    severity: Severity = field(validator=_known_severity)
    passed: bool
    message: str = field(converter=recordable)
    failures: int = 0
    cells: tuple[Mapping[str, Any], ...] = field(default=(), converter=recordable)
    about_revision: bool = False
    accepted: bool = False
    next_step: str = ""
    judged: bool = True

    def __attrs_post_init__(self) -> None:
        if not self.judged and not self.passed:
            msg = f"check {self.check!r} failed, so it did judge; leave `judged` out"
            raise ValueError(msg)

    @property
    def outcome(self) -> str:
        """
        ``passed``, ``not judged``, ``accepted``, ``warning`` or ``error``.
        """
        if not self.judged:
            return "not judged"
        if self.passed:
            return "passed"
        return "accepted" if self.accepted else self.severity

    @property
    def headline(self) -> str:
        """
        The check's verdict on the vintage, with the same wording in every output of a run.
        """
        about = f"{self.dataset} {self.vintage}"
        if not self.judged:
            return f"check {self.check} did not judge {about}"
        if self.passed:
            return f"check {self.check} passes {about}"
        if self.accepted:
            return f"check {self.check} would refuse {about}, and --accept-revision overrules it"
        return f"check {self.check} {'refuses' if self.refuses else 'warns about'} {about}"

    @property
    def in_words(self) -> str:
        """
        What the check found, and what the operator can do now.
        """
        said = self.message if self.judged else f"not judged: {self.message}"
        return f"{said}; {self.next_step}" if self.next_step else said

    @property
    def refuses(self) -> bool:
        """
        Whether this result prevents the publication of the vintage.
        """
        return not self.passed and self.severity == "error" and not self.accepted
