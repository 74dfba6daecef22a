"""What a run says of a dataset, of itself, and what it writes agree."""

import pytest

from statpipe.engine.record.records import latest_manifest
from support.tea import SOURCE, prices

FOOTNOTE = "Read by hand, at the port."


@pytest.fixture
def footnotes(office, monkeypatch):
    """The agency's footnote, which a test may change; every figure stays."""
    from support import tea

    def rows(self, payload, original=tea.TeaNormalizer._rows):
        for row in original(self, payload):
            yield {**row, "notes": noted[0]}

    noted = [FOOTNOTE]
    monkeypatch.setattr(tea.TeaNormalizer, "_rows", rows)
    office.agency.archive = False
    return noted


def written(office):
    """All that the lake holds but manifests and Bronze."""
    return {str(key): partition for key, partition in office.lake.held.items()}


def outcomes(manifest):
    return manifest.outcome, {v.outcome for v in manifest.vintages}


@pytest.mark.parametrize(
    "wrapped",
    [FOOTNOTE, "Read by hand,\n at the port.", "  Read\tby hand,\u00a0at the  port. \r\n"],
)
def test_a_rewrapped_footnote_changes_nothing(office, footnotes, wrapped):
    office.run()
    before = written(office)
    footnotes[:] = [wrapped]
    manifest = office.run(full=True)
    assert outcomes(manifest) == ("unchanged", {"unchanged"})
    assert not any(receipt.changed for receipt in manifest.receipts)
    assert written(office) == before
    assert manifest.checks == ()
    assert outcomes(office.run()) == ("unchanged", {"unchanged"})


def test_a_changed_footnote_is_published_and_judged(office, footnotes):
    office.run()
    footnotes[:] = ["Read by machine."]
    manifest = office.run(full=True)
    assert outcomes(manifest) == ("loaded", {"loaded"})
    assert {v.reason for v in manifest.vintages} == {
        "everything was requested: texts changed, but no figure"
    }
    assert {v.revision for v in manifest.vintages} == {None}
    assert {result.dataset for result in manifest.checks} == {"black", "green"}
    assert outcomes(office.run(full=True)) == ("unchanged", {"unchanged"})


def test_the_new_text_is_in_bronze_for_rebuilding_silver(office, footnotes):
    first = office.run()
    footnotes[:] = ["Read by machine."]
    second = office.run(full=True)
    origins = {
        origin.run_id
        for held in latest_manifest(office.lake, SOURCE).holds
        for origin in held.made_from
    }
    assert origins == {second.run_id} != {first.run_id}


def test_a_change_of_figures_is_reported_even_if_texts_change(office, footnotes):
    office.run()
    footnotes[:] = ["Read by machine."]
    office.agency.publish("black", "2024-04-01", prices(2))
    manifest = office.run()
    (loaded,) = (v for v in manifest.vintages if v.outcome == "loaded")
    assert (loaded.vintage, loaded.reason) == ("2024-04-01", "new vintage")
    assert loaded.revision.revised == 8
