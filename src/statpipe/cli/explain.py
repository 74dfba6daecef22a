"""``statpipe explain``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from statpipe.api import ContentError
from statpipe.cli.common_options import DataOptions
from statpipe.cli.session import Session, in_session, tell_error, write_json
from statpipe.cli.show import columns_wanted
from statpipe.engine.as_of import day_of
from statpipe.engine.cell_history import Cell
from statpipe.engine.provenance import explain as explain_cell


def explain(
    model: str,
    *,
    area: str,
    category: str,
    period: str,
    dataset: str | None = None,
    where: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    as_of: str | None = None,
    options: DataOptions | None = None,
) -> int:
    """
    Show where a figure comes from, down to the payload, and verify it on the way.

    Exit code 4 says that something is gone, damaged, or not what was recorded.

    Parameters
    ----------
    model
        Gold model, such as `pce_state`.
    area
        Area by code, such as `CA`.
    category
        Category by code, such as `SAPCE1:1`.
    period
        Period, such as `2021`.
    dataset
        Dataset, where several have the figure.
    where
        Further dimension, where the dataset has one: `sex=F`.
    as_of
        Explain what was believed on this day, such as `2021-01-01`.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        dimensions = {
            name: values[0] for name, values in columns_wanted((), (), (), where, ()).items()
        }
        cell = Cell(
            ref_area=area,
            category=category,
            time_period=period,
            dataset=dataset,
            dimensions=dimensions,
        )
        day = day_of(as_of) if as_of else None
        chosen = session.registry.find("model", model).item
        with session.site() as site:
            provenance = explain_cell(site, chosen, cell, day)
        if options.json:
            from statpipe.cli.provenance_document import provenance_document

            write_json(provenance_document(provenance))
        else:
            from statpipe.cli.provenance_text import print_provenance

            print_provenance(provenance)
        for problem in provenance.problems:
            tell_error(problem, ContentError.exit_code, options)
        return ContentError.exit_code if provenance.problems else 0

    return in_session(options, work)
