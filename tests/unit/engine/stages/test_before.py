"""What the checks compare a release with."""

from datetime import date

import attrs

from statpipe.engine.record.records import held_of
from statpipe.engine.record.state import State
from statpipe.engine.stages.before import Before
from statpipe.engine.stages.reconcile import Reconciled
from statpipe.engine.stages.task import Silver
from support.tea import MONTHS, SOURCE, Release, prices, tea_dataset

TEA = tea_dataset("black")


def run(office, today, released, figures):
    office.agency.today = today
    office.agency.releases = [Release(dataset="black", released=released, figures=figures)]
    office.agency.datasets = ("black",)
    return office.run()


def vintage_before(office, held, **dates):
    before = Before(lake=office.lake, state=State(held_of(office.lake, SOURCE)), source=SOURCE)
    table = before.read(held)
    final = Reconciled(
        vintage=attrs.evolve(held.vintage, **dates),
        silver=Silver(
            table=table,
            vintage=held.vintage.id,
            rows=held.rows,
            figures=held.figures,
            fingerprint=held.fingerprint,
        ),
    )
    return before.previous(TEA, final)


def test_a_withdrawn_release_may_have_more_periods_than_the_current_one(office):
    """So what is shown again is compared with what was shown under its date."""
    longer = prices(30)
    shorter = {cell: price for cell, price in prices(1).items() if cell[2] == MONTHS[0]}
    run(office, "2024-05-02", "2024-05-02", shorter)
    run(office, "2024-05-10", "2024-05-10", longer)
    run(office, "2024-05-15", "2024-05-02", shorter)
    first, second, third = held_of(office.lake, SOURCE)
    before = vintage_before(office, third)
    assert (before.vintage.id, before.table.fingerprint) == (first.vintage.id, first.fingerprint)
    assert vintage_before(office, second).vintage.id == first.vintage.id
    never_seen = vintage_before(office, third, under=date(2024, 5, 6))
    assert never_seen.vintage.id == second.vintage.id
