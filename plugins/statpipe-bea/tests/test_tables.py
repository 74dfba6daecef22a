"""The code lists in the data folder fit each other."""

from datetime import date

from statpipe_bea import tables
from statpipe_bea.tables import table_name


def test_each_table_was_renamed_once_before_the_release_of_october_2021():
    assert set(tables.former_names().values()) == set(tables.TITLES)
    assert set(tables.COMPONENTS.values()) == {"SAPCE1", "SAPCE2"}
    assert table_name("SAEXP1") == table_name("SAPCE1") == "SAPCE1"
    assert table_name("SAGDP2") == "SAGDP2"


def test_no_table_has_the_former_name_of_another():
    assert not set(tables.former_names()) & set(tables.TITLES)


def test_the_dates_of_the_renaming_are_dates():
    for row in tables._rows("table_names.csv"):
        assert date.fromisoformat(row["until"]) == date(2021, 10, 8)


def test_all_lines_of_the_summary_are_in_the_table_of_products_under_the_same_title():
    (agreement,) = tables.dataset("SAPCE1").agreements
    assert agreement.dataset == "SAPCE3"
    ours = {c.code: c.name for c in tables.categories("SAPCE1")}
    theirs = {c.code: c.name for c in tables.categories("SAPCE3")}
    assert [one for one, _ in agreement.pairs] == list(ours)
    assert all(other in theirs for _, other in agreement.pairs)


def test_country_and_states_have_iso_3166_codes_and_regions_do_not():
    codes = {area.code: area.iso_3166 for area in tables.areas()}
    assert (codes["US"], codes["CA"], codes["DC"]) == ("US", "US-CA", "US-DC")
    regions = [area for area in tables.areas() if area.level == "region"]
    assert {area.iso_3166 for area in regions} == {None}
