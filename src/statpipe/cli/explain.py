"""``statpipe explain``."""

from __future__ import annotations

from collections.abc import Sequence

from statpipe.api import ConfigError, ContentError
from statpipe.cli.common_options import DataOptions
from statpipe.cli.option_types import Conditions, Name
from statpipe.cli.session import Session, in_session, tell_error, write_json
from statpipe.cli.show import columns_wanted
from statpipe.engine.answers.as_of import day_of
from statpipe.engine.answers.cell_history import Cell
from statpipe.engine.answers.provenance import explain as explain_cell

_OPTIONS = {
    "ref_area": "--area",
    "category": "--category",
    "time_period": "--period",
    "dataset": "--dataset",
}


def explain(
    model: Name,
    *,
    area: Name,
    category: Name,
    period: Name,
    dataset: str | None = None,
    where: Conditions = (),
    as_of: str | None = None,
    options: DataOptions | None = None,
) -> int:
    """
    Show where a figure comes from, down to the payload, and verify each step.

    Exit code 4 means that something is missing, damaged, or differs from its record.

    Parameters
    ----------
    model
        Gold model, such as `pce_state`.
    area
        Area by code, such as `CA`; exactly one.
    category
        Category by code, such as `SAPCE1:1`; exactly one.
    period
        Period, such as `2021`, `2023Q1` or `2023M01`; exactly one.
    dataset
        Dataset, if several have the figure.
    where
        Any other column that identifies the figure, such as its frequency: `freq=B`.
    as_of
        Explain the figure that was current on this date, such as `2021-01-01`.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        cell = Cell(
            ref_area=area,
            category=category,
            time_period=period,
            dataset=dataset,
            where=_alone(where),
        )
        day = day_of(as_of) if as_of else None
        chosen = session.registry.find("model", model).item
        with session.lake() as site:
            provenance = explain_cell(site, chosen, cell, day)
        if options.json:
            from statpipe.engine.answers.provenance_document import provenance_document

            write_json(provenance_document(provenance))
        else:
            from statpipe.cli.provenance_text import print_provenance

            print_provenance(provenance)
        for problem in provenance.problems:
            tell_error(problem, ContentError.exit_code, options)
        return ContentError.exit_code if provenance.problems else 0

    return in_session(options, work)


def _alone(where: Sequence[str]) -> dict[str, str]:
    """Return the other columns that identify the cell, with one value each."""
    found = columns_wanted((), (), (), where, ())
    for name, values in found.items():
        option = _OPTIONS.get(name)
        if option:
            raise ConfigError(f"--where {name}={values[0]}: say {option} {values[0]}")
        if len(values) > 1:
            msg = (
                f"--where {name} has {len(values)} values, {' and '.join(values)}; a figure has one"
            )
            raise ConfigError(msg)
    return {name: values[0] for name, values in found.items()}
