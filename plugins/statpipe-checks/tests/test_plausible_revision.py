"""A release does not move figures farther than releases do."""

from datetime import date

import attrs
import pytest

from statpipe.domain.revision import Movement, revision_of

EARLIER = date(2021, 10, 8)
YEARS = range(1700, 2020)


def lines(*values):
    return "\n".join(f"US 1 {year} {value}" for year, value in zip(YEARS, values, strict=False))


@pytest.fixture
def revised(observe):
    """A snapshot with its report, out of figures before and now."""

    def make(before, now):
        old, new = observe(lines(*before), released=EARLIER), observe(lines(*now))
        report = revision_of(old.table, new.table, new.dataset, new.vintage, old.vintage.id)
        return attrs.evolve(new, revision=report)

    return make


def test_a_first_vintage_revises_nothing(judge, observe):
    current = observe("US 1 2019 1")
    assert judge("plausible_revision", current).message == "no figure was revised"
    first = revision_of(None, current.table, current.dataset, current.vintage, "")
    result = judge("plausible_revision", attrs.evolve(current, revision=first))
    assert result.outcome == "not judged"
    assert result.message == "there is no earlier vintage to compare with"


def test_a_usual_revision_passes_with_its_numbers(judge, revised):
    result = judge("plausible_revision", revised([100] * 30, [101] * 30))
    assert result.passed
    assert result.message == (
        "T 2022-10-06 since 2021-10-08: 0 cells added, 30 of 30 revised (median 1.00 %, 95th "
        "percentile 1.00 %, largest 1.00 %), 0 dropped"
    )


def test_figures_in_another_unit_are_refused_with_a_remedy(judge, revised):
    result = judge("plausible_revision", revised([100] * 30, [100_000] * 30))
    assert (result.refuses, result.about_revision, result.failures) == (True, True, 30)
    assert result.message.endswith(
        "the median is 99,900.00 %, above the limit of 10 % and the 95th percentile is 99,900.00 %, "
        "above the limit of 50 %; check in the report whether the agency really made these revisions"
    )
    assert result.cells[0]["old"] == "100"
    assert result.cells[0]["new"] == "100000"


def test_few_revised_figures_of_a_large_table_are_not_judged(judge, revised):
    result = judge("plausible_revision", revised([100] * 300, [900] * 19 + [100] * 281))
    assert (result.outcome, result.refuses) == ("not judged", False)
    assert result.message == (
        "19 revised figures of 300 are too few to judge the size of revisions"
    )
    assert judge("plausible_revision", revised([100] * 300, [900] * 20 + [100] * 280)).refuses


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [
        ([100, 200, 400], [525, 1050, 2100], "error"),
        ([100, 200, 400], [110, 290, 440], "passed"),
        ([100] * 10, [525] + [100] * 9, "error"),
        ([100] * 11, [525] + [100] * 10, "not judged"),
        ([0, 0, 0], [1, 2, 3], "passed"),
        ([100, 200, 400], [100, 200, 400], "passed"),
    ],
)
def test_a_small_table_is_judged_by_its_median_revision(judge, revised, before, now, outcome):
    """No figure of a small table may be one of twenty: half of them may move as far as that one."""
    result = judge("plausible_revision", revised(before, now))
    assert result.outcome == outcome
    if outcome == "error":
        assert (
            "the median is 425.00 %, above the limit of 50 %; check in the report" in result.message
        )


def test_dropped_figures_are_judged_even_if_few_were_revised(judge, revised):
    result = judge("plausible_revision", revised([100] * 300, [900] + [100] * 279))
    assert result.refuses
    assert "6.67 % were dropped, above the limit of 1 %" in result.message


def test_a_large_revision_of_a_twentieth_is_found_by_the_percentile(judge, revised):
    now = [200] * 3 + [101] * 27
    result = judge("plausible_revision", revised([100] * 30, now))
    assert "the 95th percentile is 100.00 %, above the limit of 50 %" in result.message
    assert "the median" not in result.message.partition("dropped")[2]


def test_dropped_figures_above_the_limit_are_refused(judge, revised):
    result = judge("plausible_revision", revised([100] * 30, [100] * 29))
    assert "3.33 % were dropped, above the limit of 1 %" in result.message
    assert judge("plausible_revision", revised([1] * 30, [1] * 29), dropped_percent=5).passed


def test_the_limits_can_be_configured(judge, revised):
    current = revised([100] * 30, [103] * 30)
    assert judge("plausible_revision", current).passed
    assert not judge("plausible_revision", current, median_percent=2).passed
    assert not judge("plausible_revision", current, p95_percent=2.9).passed


def test_a_warning_reports_and_publishes(judge, revised):
    result = judge("plausible_revision", revised([100] * 30, [900] * 30), severity="warning")
    assert (result.passed, result.refuses, result.about_revision) == (False, False, True)


@pytest.mark.parametrize("limits", [{}, {"median_percent": 5.0}])
def test_bea_s_comprehensive_revision_of_2022_passes(judge, observe, limits):
    """The numbers are those that the report on BEA's own files gives: see its test."""
    current = observe("US 1 2019 1")
    first = revision_of(None, current.table, current.dataset, current.vintage, "")
    moved = Movement(
        compared=33_120,
        revised=29_746,
        median_percent=2.67,
        p95_percent=23.31,
        largest_percent=74.06,
    )
    report = attrs.evolve(first, since="2020-10-08", added=2_880, overall=moved)
    assert judge("plausible_revision", attrs.evolve(current, revision=report), **limits).passed
