"""A smoke run leaves nothing, with any outcome."""

import pytest

from statpipe.engine.runs.smoke import smoke
from support.tea import SOURCE, TeaAgency


def smoked(office):
    return smoke(office.configuration, office.registry, "local", SOURCE)


def test_a_minimal_selection_passes_every_stage_and_is_removed(office):
    manifest = smoked(office)
    assert (manifest.outcome, manifest.command) == ("loaded", "smoke")
    assert [(v.dataset, v.rows) for v in manifest.vintages] == [("black", 2)]
    assert {r.sink for r in manifest.receipts} == {"lake", "ledger"}
    assert office.lake.scratch_removed == office.ledger.scratch_removed == 1
    assert office.lake.closed == office.ledger.closed == 1


@pytest.mark.parametrize(
    ("trouble", "code"),
    [({"down_at": 0}, 5), ({"check": "error"}, 3), ({"buggy": True}, 1), ({"garbled": True}, 4)],
)
def test_the_scratch_corner_is_removed_after_a_failure(office, trouble, code):
    office.agency = TeaAgency(releases=office.agency.releases, **trouble)
    assert smoked(office).exit_code == code
    assert office.lake.scratch_removed == office.ledger.scratch_removed == 1


def test_a_sink_that_cannot_clean_up_does_not_stop_the_others(office, monkeypatch):
    def fail():
        raise OSError("stuck")

    monkeypatch.setattr(office.lake, "remove_scratch", fail)
    with pytest.raises(OSError, match="stuck"):
        smoked(office)
    assert office.ledger.scratch_removed == 1
    assert office.lake.closed == office.ledger.closed == 1


def test_each_smoke_run_has_its_own_corner(office, monkeypatch):
    from statpipe.engine.runs import smoke as module

    corners = []
    original = module.open_site

    def opening(*arguments, scratch, **more):
        corners.append(scratch)
        return original(*arguments, scratch=scratch, **more)

    monkeypatch.setattr(module, "open_site", opening)
    smoked(office)
    smoked(office)
    assert len(set(corners)) == 2
