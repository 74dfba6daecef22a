"""Every run that finds a new vintage says what it did to the figures."""

import json

import attrs

from statpipe.engine.record.records import latest_manifest, manifest_of
from support.tea import SOURCE, prices

CELL = ("CAL", "fine", "2024-01")


def revisions(manifest):
    return {v.dataset: v.revision for v in manifest.vintages if v.revision is not None}


def test_a_first_vintage_is_reported_and_an_unchanged_one_is_not(office):
    first = revisions(office.run())
    assert (first["black"].since, first["black"].cells, first["black"].added) == ("", 8, 8)
    assert revisions(office.run()) == {}
    assert revisions(office.run(full=True)) == {}


def test_a_release_is_compared_with_the_one_before(office):
    office.run()
    figures = prices() | {CELL: "2.5"}
    del figures["MOM", "dust", "2024-02"]
    office.agency.publish("black", "2024-04-01", figures)
    found = revisions(office.run())
    assert list(found) == ["black"]
    black = found["black"]
    assert (black.since, black.vintage) == ("2024-03-01", "2024-04-01")
    assert (black.cells, black.added, black.revised, black.dropped) == (7, 0, 1, 1)
    (move,) = black.largest
    assert (move["old"], move["new"], move["percent"]) == ("1.25", "2.5", 100.0)
    assert list(black.by_area) == ["CAL"]


def test_the_report_is_read_back_with_the_manifest(office):
    office.run()
    office.agency.publish("black", "2024-04-01", prices(3))
    manifest = office.run()
    assert manifest_of(office.lake, SOURCE, manifest.run_id) == manifest


def test_an_older_manifest_without_reports_is_read(office):
    written = office.run()
    document = json.loads(written.as_json())
    del document["accepted_revision"], document["self_sha256"]
    for record in document["vintages"]:
        del record["revision"]
    for result in document["checks"]:
        del result["about_revision"], result["accepted"]
    office.lake.copies.clear()
    office.lake.runs[SOURCE, written.run_id] = json.dumps(document).encode()
    read = manifest_of(office.lake, SOURCE, written.run_id)
    assert read.vintages == tuple(attrs.evolve(v, revision=None) for v in written.vintages)
    assert (read.checks, read.accepted_revision) == (written.checks, False)
    assert office.run().outcome == "unchanged"


def test_a_cell_is_compared_with_its_latest_requested_figure(
    office,
):
    office.run()
    office.agency.ports = ("MOM",)
    office.agency.publish("black", "2024-04-01", prices(3))
    found = revisions(office.run())["black"]
    assert (found.since, found.overall.compared, found.dropped) == ("2024-03-01", 4, 0)
    office.agency.ports = None
    office.agency.publish("black", "2024-05-01", prices(5))
    found = revisions(office.run())["black"]
    assert (found.since, found.added, found.revised, found.dropped) == ("2024-04-01", 0, 8, 0)
    olds = {(m["ref_area"], m["category"], m["time_period"]): m["old"] for m in found.largest}
    assert olds[CELL] == prices()[CELL]
    assert olds["MOM", "fine", "2024-01"] == prices(3)["MOM", "fine", "2024-01"]


def test_a_late_older_release_is_compared_with_the_one_before_it(office):
    office.agency.archive = True
    office.run()
    office.agency.publish("black", "2024-05-01", prices(5))
    office.run()
    office.agency.publish("black", "2024-04-01", prices(4))
    found = revisions(office.run())["black"]
    assert (found.vintage, found.since, found.revised) == ("2024-04-01", "2024-03-01", 8)


def test_an_extended_selection_of_a_release_adds_and_revises_nothing(office):
    office.agency.ports = ("MOM",)
    office.run()
    office.agency.ports = None
    found = revisions(office.run())["black"]
    assert (found.since, found.added, found.revised, found.dropped) == ("2024-03-01", 4, 0, 0)


def test_an_extended_selection_names_the_compared_releases(office):
    office.run()
    office.agency.ports = ("MOM",)
    office.agency.publish("black", "2024-04-01", prices(3))
    office.run()
    office.agency.ports = ("CAL",)
    office.agency.publish("black", "2024-05-01", prices(5))
    office.run()
    office.agency.ports = None
    found = revisions(office.run())["black"]
    assert (found.vintage, found.since, found.since_also) == ("2024-05-01", "2024-04-01", ())
    assert (found.added, found.revised, found.overall.compared) == (0, 4, 8)
    assert "black 2024-05-01 since 2024-04-01: 0 cells added, 4 of 8 revised" in found.in_words


def test_a_release_after_a_narrow_selection_is_also_compared_with_an_earlier_one(
    office,
):
    office.run()
    office.agency.ports = ("MOM",)
    office.agency.publish("black", "2024-04-01", prices(3))
    office.run()
    office.agency.ports = None
    office.agency.publish("black", "2024-05-01", prices(5))
    found = revisions(office.run())["black"]
    assert (found.since, found.since_also) == ("2024-04-01", ("2024-03-01",))
    assert "since 2024-04-01 and 2024-03-01: " in found.in_words


def test_a_release_without_common_cells_is_the_first_of_its_cells(office):
    office.agency.ports = ("MOM",)
    office.run()
    office.agency.ports = ("CAL",)
    office.agency.publish("black", "2024-04-01", prices(3))
    found = revisions(office.run())["black"]
    assert (found.since, found.added, found.overall.compared) == ("", 4, 0)


def test_a_change_under_an_unchanged_date_is_compared_with_the_release_of_that_date(office):
    office.agency.today = "2024-03-02"
    office.run()
    for number, before in ((5, "2024-03-01"), (7, "2024-03-05")):
        office.agency.today = f"2024-03-0{number}"
        office.agency.publish("black", "2024-03-01", prices(number))
        found = revisions(office.run())["black"]
        assert (found.vintage, found.since) == (office.agency.today, before)
        seen = "2024-03-02" if number == 5 else "2024-03-05"
        assert found.in_words.startswith(
            f"black {found.vintage} (first seen that day, and not yet on {seen}) since {before}: "
        )


def test_new_code_is_only_a_revision_if_it_reads_other_figures(
    office,
):
    office.run()
    office.agency.version = "3"
    assert revisions(office.run()) == {}
    office.agency.version = "2"
    found = revisions(office.run())["black"]
    assert (found.since, found.vintage, found.revised) == ("2024-03-01", "2024-03-01", 8)
    assert found.overall.median_percent == 9900.0


def test_an_implausible_revision_is_refused_and_can_be_accepted(office):
    office.run()
    office.agency.check = "implausible"
    office.agency.publish("black", "2024-04-01", prices(30))
    refused = office.run()
    assert (refused.exit_code, refused.outcome, refused.accepted_revision) == (3, "refused", False)
    assert revisions(refused)["black"].revised == 8
    accepted = office.run(accept_revision=True)
    assert (accepted.exit_code, accepted.outcome, accepted.accepted_revision) == (0, "loaded", True)
    (result,) = accepted.checks
    assert (result.passed, result.accepted, result.refuses) == (False, True, False)
    assert office.ledger.manifests[-1] == accepted
    assert office.run().outcome == "unchanged"


def test_vintages_accepted_by_an_older_version_stay_accepted(office):
    """Until then only the check of that run said so, and not what the lake holds."""
    office.agency.check = "implausible"
    office.run(accept_revision=True)
    last = office.run()
    document = json.loads(last.as_json())
    del document["self_sha256"]
    for held in document["holds"]:
        del held["accepted"]
    office.lake.copies.clear()
    office.lake.runs[SOURCE, last.run_id] = json.dumps(document).encode()
    office.agency.version = "3"
    made_anew = office.run()
    assert (made_anew.outcome, made_anew.message) == ("loaded", "")
    assert [held.accepted for held in made_anew.holds] == [held.accepted for held in last.holds]
    assert last.holds[0].accepted == {"tea_check": 1}


def test_accepting_a_revision_accepts_nothing_else(office):
    office.run()
    office.agency.check = "error"
    office.agency.publish("black", "2024-04-01", prices(30))
    assert office.run(accept_revision=True).exit_code == 3


def test_a_refusal_has_a_reason_and_a_remedy(office):
    office.run()
    office.agency.check = "implausible"
    office.agency.publish("black", "2024-04-01", prices(30))
    refused = office.run(tables=("black",))
    assert refused.message == (
        "refused by check tea_check on black 2024-04-01: 1 price tastes of dust; nothing of "
        "this release was published, but Bronze keeps it; if the agency really published "
        "these figures, accept them with: statpipe run tea_prices --tables black "
        "--accept-revision"
    )
    (result,) = refused.checks
    assert result.in_words in refused.message.replace(
        "nothing of this release was published, but Bronze keeps it; ", ""
    )
    assert json.loads(refused.as_json())["checks"][0]["next_step"] == result.next_step


def test_all_checks_that_refuse_are_named_once(office):
    office.agency.check = "implausible"
    refused = office.run()
    assert (
        "on black 2024-03-01: 1 price tastes of dust (also refused by tea_check on green); n"
        in (refused.message)
    )


def test_an_accepted_vintage_stays_accepted_with_new_code(office):
    office.run()
    office.agency.check = "implausible"
    office.agency.publish("black", "2024-04-01", prices(30))
    office.run(accept_revision=True)
    assert [dict(h.accepted) for h in latest_manifest(office.lake, SOURCE).holds] == [
        {},
        {"tea_check": 1},
        {},
    ]
    office.agency.check = "pass"
    office.run()
    office.agency.check, office.agency.version = "implausible", "3"
    manifest = office.run(tables=("black",))
    first = {v.vintage: v.outcome for v in manifest.vintages}
    assert first["2024-03-01"] == "refused"  # this one was never overruled


def test_an_accepted_vintage_is_rebuilt_without_asking(office):
    office.agency.check = "implausible"
    office.run(accept_revision=True)
    office.agency.version = "3"
    manifest = office.run()
    assert (manifest.exit_code, manifest.outcome) == (0, "loaded")
    assert all(result.accepted for result in manifest.checks)
    office.agency.version = "1"
    assert office.run().exit_code == 0
