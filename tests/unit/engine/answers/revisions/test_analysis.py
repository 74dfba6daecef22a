"""Releases and statistics of the figures that a reader chose."""

from datetime import date
from decimal import Decimal

import pytest
from tests.unit.engine.conftest import Office

from statpipe.api import ConfigError, hookimpl
from statpipe.engine.answers.revisions import releases as module
from statpipe.engine.answers.revisions.analysis import history_of, releases, revision_statistics
from statpipe.engine.answers.revisions.triangle import triangle
from support.tea import family, prices


class Family:
    """A plugin with the standard models of the agency's figures."""

    @hookimpl
    def statpipe_models(self):
        return family()


FINE = {"ref_area": ("CAL",), "category": ("fine",), "dataset": ("black",)}


def office_in(folder):
    made = Office(folder)
    made.watching.append(Family())
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Prices of March, the same in April, and 1 more in May; of green tea there is a release alone."""
    office = office_in(tmp_path_factory.mktemp("office"))
    office.run()
    for day, first in (("2024-04-01", 1), ("2024-05-01", 2)):
        later = prices(first)
        if day == "2024-04-01":
            later["MOM", "dust", "2024-02"] = "77.5"
        office.agency.publish("black", day, later)
        office.run()
    opened = office.site()
    yield opened
    opened.close()


def told(table, *names):
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def test_each_release_has_every_figure_even_if_unchanged(site):
    _, table = releases(site, "tea", FINE)
    assert told(table, "time_period", "release", "vintage", "value") == [
        ("2024-01", 0, "2024-03-01", Decimal("1.25")),
        ("2024-01", 1, "2024-04-01", Decimal("1.25")),
        ("2024-01", 2, "2024-05-01", Decimal("2.25")),
        ("2024-02", 0, "2024-03-01", Decimal("2.25")),
        ("2024-02", 1, "2024-04-01", Decimal("2.25")),
        ("2024-02", 2, "2024-05-01", Decimal("3.25")),
    ]
    first = table.to_pylist()[0]
    assert (first["period_end"], first["days_to_release"]) == (date(2024, 1, 31), 30)
    assert table["growth"].to_pylist() == pytest.approx(
        [None, None, None, 80.0, 80.0, 100 / 2.25], nan_ok=False
    )


def test_releases_are_selected_by_number_and_growth_uses_the_period_before(site):
    _, table = releases(site, "tea", {**FINE, "time_period": ("2024-02",)}, nth=(0, 2))
    assert told(table, "time_period", "release") == [("2024-02", 0), ("2024-02", 2)]
    assert table["growth"].to_pylist() == pytest.approx([80.0, 100 / 2.25])


def test_a_figure_that_is_not_shown_is_no_release(tmp_path):
    office = office_in(tmp_path)
    gone = prices()
    gone["CAL", "fine", "2024-01"] = "-"
    office.agency.publish("black", "2024-03-01", gone)
    office.run()
    office.agency.publish("black", "2024-04-01", prices())
    office.run()
    opened = office.site()
    _, table = releases(opened, "tea", {**FINE, "time_period": ("2024-01",)})
    opened.close()
    assert told(table, "release", "vintage") == [(0, "2024-04-01")]


def test_the_triangle_has_a_row_per_period_and_a_column_per_vintage(site):
    turned = triangle(*releases(site, "tea", FINE))
    assert turned.columns == ("time_period", "2024-03-01", "2024-04-01", "2024-05-01")
    assert [tuple(map(str, row)) for row in turned.rows] == [
        ("2024-01", "1.25", "1.25", "2.25"),
        ("2024-02", "2.25", "2.25", "3.25"),
    ]
    assert turned.table()["2024-05-01"].to_pylist() == [Decimal("2.25"), Decimal("3.25")]
    both = triangle(*releases(site, "tea", {**FINE, "ref_area": ("CAL", "MOM")}))
    assert both.columns[:2] == ("ref_area", "time_period")
    assert len(both.rows) == 4


def test_statistics_compare_each_release_with_the_final_one(site):
    names = ("release", "figures", "first_period", "last_period", "mean_revision")
    _, table = revision_statistics(site, "tea", FINE)
    assert told(table, *names) == [
        (0, 2, "2024-01", "2024-02", 1.0),
        (1, 2, "2024-01", "2024-02", 1.0),
    ]
    assert table["news_p"].null_count == 2  # two figures tell nothing
    _, earlier = revision_statistics(site, "tea", FINE, final=1)
    assert told(earlier, *names) == [(0, 2, "2024-01", "2024-02", 0.0)]
    _, grown = revision_statistics(site, "tea", FINE, growth=True, nth=(0,))
    assert told(grown, *names[:4]) == [(0, 1, "2024-02", "2024-02")]
    assert grown["mean_revision"].to_pylist() == pytest.approx([100 / 2.25 - 80])


def test_figures_released_once_have_no_revisions(site):
    with pytest.raises(ConfigError, match="no figure has been released twice yet"):
        revision_statistics(site, "tea", {"dataset": ("green",)})


def test_any_model_of_a_family_leads_to_its_history(site):
    assert history_of(site, "tea_mom")[0] == "tea"
    assert history_of(site, "tea_first_release")[1].name == "tea_history"


def test_a_selection_too_large_for_memory_is_refused(site, monkeypatch):
    monkeypatch.setattr(module, "MOST", 5)
    with pytest.raises(ConfigError, match="choose fewer by area, category or dataset"):
        releases(site, "tea", FINE)
