"""A backfill with other processes, which start the next releases early."""

import pytest

from statpipe.api import Check, CheckResult, Component, hookimpl
from support.posted import Posted
from support.tea import DATASETS, Release, prices

DAYS = ("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01")
LAYERS = ("bronze", "silver", "changes", "gold")


@pytest.fixture(autouse=True)
def releases(office):
    office.agency.releases = [
        Release(dataset=name, released=day, figures=prices(10 * number))
        for number, day in enumerate(DAYS, 1)
        for name in DATASETS
    ]


def unnamed(manifests):
    """What runs say, less their names and times."""
    return [(m.outcome, m.exit_code, m.message, m.vintages, m.checks) for m in manifests]


def test_working_ahead_gives_the_same_lake_without_repetition(shared, alone):
    posted = Posted()
    assert unnamed(shared.backfill(posted)) == unnamed(alone.backfill())
    assert shared.files(*LAYERS) == alone.files(*LAYERS)
    assert len(shared.files("silver")) == 8
    assert shared.files("staged") == {}
    # Each vintage is sealed once and judged once.
    assert len(posted.sent) == 16


def test_the_next_releases_start_before_the_first_is_published(shared):
    published = []

    class Watching(Posted):
        def submit(self, fn, /, *args, **kwargs):
            published.append(len(shared.files("silver")))
            return super().submit(fn, *args, **kwargs)

    shared.backfill(Watching())
    assert published == [0] * 16


class RefusesOne(Check):
    """Refuses one release."""

    def check(self, current, previous):
        return CheckResult(
            check="refuses_one",
            dataset=current.dataset.name,
            vintage=current.vintage.id,
            severity="error",
            passed=current.vintage.id != DAYS[1],
            message=f"after {previous.vintage.id if previous else 'nothing'}",
        )

    @hookimpl
    def statpipe_checks(self):
        return [Component(name="refuses_one", summary="Refuses", factory=lambda _: self)]


def test_a_wrong_guess_changes_nothing(shared, alone):
    """The third release is compared with the first, since the second is refused."""
    for place in (shared, alone):
        place.plugins = [("odd", "a-test", "1.0", RefusesOne())]
    posted = Posted()
    manifests = shared.backfill(posted)
    assert unnamed(manifests) == unnamed(alone.backfill())
    assert [run.outcome for run in manifests[:4]] == ["loaded", "refused", "loaded", "loaded"]
    third = manifests[2].checks
    assert [r.message for r in third if r.check == "refuses_one"] == [f"after {DAYS[0]}"] * 2
    assert shared.files(*LAYERS) == alone.files(*LAYERS)


def test_a_release_that_cannot_be_read_fails_in_its_own_run(shared, alone):
    (cell, *_) = prices()
    shared.office.agency.releases[3].figures[cell] = "poetry"
    manifests = shared.backfill(Posted())
    assert unnamed(manifests) == unnamed(alone.backfill())
    assert [run.exit_code for run in manifests] == [0, 4, 0, 0, 0]
    assert shared.files(*LAYERS) == alone.files(*LAYERS)


@pytest.mark.parametrize("lost", [{2}, {9, 10, 11}, set(range(1, 40))])
def test_workers_that_die_change_nothing(shared, alone, lost):
    assert unnamed(shared.backfill(Posted(lost))) == unnamed(alone.backfill())
    assert shared.files("silver", "changes", "gold") == alone.files("silver", "changes", "gold")


def test_an_interrupted_backfill_is_resumed(shared, alone):
    releases = shared.office.agency.releases
    shared.office.agency.releases = releases[:4]
    shared.backfill(Posted())
    shared.office.agency.releases = releases
    posted = Posted()
    assert [run.outcome for run in shared.backfill(posted)][:2] == ["unchanged", "unchanged"]
    assert len(posted.sent) == 8
    alone.backfill()
    assert shared.files("silver", "changes", "gold") == alone.files("silver", "changes", "gold")
