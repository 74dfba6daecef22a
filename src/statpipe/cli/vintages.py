"""``statpipe vintages``."""

from __future__ import annotations

from statpipe.cli.common_options import DataOptions
from statpipe.cli.option_types import Conditions, Name, Names
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.show import columns_wanted
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.engine.answers.exact_value import exact
from statpipe.engine.answers.vintages import vintages_of

_COLUMNS = ("source", "dataset", "vintage", "released", "basis", "note")


def vintages(
    model: Name,
    *,
    area: Names = (),
    category: Names = (),
    dataset: Names = (),
    where: Conditions = (),
    period: Names = (),
    options: DataOptions | None = None,
) -> int:
    """
    Show the vintages behind a model, oldest first.

    Options that choose figures limit the list to vintages that set one of those figures.

    Parameters
    ----------
    model
        Its name, such as `pce_state`.
    area
        Areas by code, such as `CA`.
    category
        Categories by code, such as `SAPCE1:1`.
    dataset
        Datasets, such as `SAPCE1`.
    where
        Any other column of the model's history, such as `freq=Q`.
    period
        Periods, such as `2021`, or a range such as `2019:2021`.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        wanted = columns_wanted(area, category, dataset, where, period)
        with session.lake() as site:
            rows = vintages_of(site, model, wanted)
        if options.json:
            write_json([{name: exact(value) for name, value in row.items()} for row in rows])
        elif rows:
            cells = [[exact(row[name]) for name in _COLUMNS] for row in rows]
            print_table(f"Vintages of {model}", _COLUMNS, cells, less=("source", "basis", "note"))
        else:
            say(f"the lake holds no vintage of {model} yet; see `statpipe runs list`")
        return 0

    return in_session(options, work)
