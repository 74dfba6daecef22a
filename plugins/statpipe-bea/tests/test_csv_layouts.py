"""A CSV file is read by its content, in every layout of BEA and as saved by spreadsheets."""

import csv
import io
import re
from decimal import Decimal

import pytest

from statpipe.api import ContentError, Payload
from statpipe.domain.seal import seal
from statpipe_bea import tables
from statpipe_bea.normalizer import RegionalNormalizer
from support.bea_layouts import (
    FOOTER_2017,
    KEPT,
    file_of_2020,
    last_years,
    layout_of_2017,
    layout_of_2019,
    resaved,
)

DATASET = tables.dataset("SAPCE1")


def silver_of(body):
    payload = Payload(name="a.csv", body=body, media_type="text/csv")
    return seal(RegionalNormalizer().normalize(DATASET, [payload]), DATASET, "v")


@pytest.fixture(scope="module")
def as_published():
    """BEA's file of 8 October 2020, with its last two years."""
    return last_years(file_of_2020(), 2)


@pytest.fixture(scope="module")
def silver(as_published):
    return silver_of(as_published)


def test_the_layout_of_2019_gives_every_figure_that_it_prints():
    body = layout_of_2019("2017", "2018")
    printed = {
        (row["GeoFIPS"].strip(' "'), row["Line"], year): Decimal(row[year])
        for row in csv.DictReader(io.StringIO(body.decode(), newline=""))
        if row["Line"]
        for year in ("2017", "2018")
    }
    read = {
        (row["geo_fips"], row["category"].split(":")[1], row["time_period"]): row["obs_value"]
        for row in silver_of(body).to_pylist()
    }
    assert read == printed
    assert len(read) == 60 * 24 * 2


def test_the_layout_of_2017_gives_the_same_figures_as_that_of_2019():
    """Its component is the title of the table and implies the unit; neither is printed elsewhere."""
    assert silver_of(layout_of_2017("2015", "2016")).equals(
        silver_of(layout_of_2019("2015", "2016"))
    )


def test_an_unknown_component_is_refused():
    body = layout_of_2017("2016", component="Percent change in PCE")
    with pytest.raises(ContentError, match="table 'Percent change in PCE'; expected SAPCE1"):
        silver_of(body)


def test_a_file_of_2017_without_a_date_in_its_footer_is_refused():
    body = layout_of_2017("2016").replace(FOOTER_2017[2].encode(), b"")
    with pytest.raises(ContentError, match='no "Last updated: <date>" in its footer'):
        silver_of(body)


def test_a_footer_that_names_two_releases_is_refused(as_published):
    more = as_published + b'"Last updated: October 6, 2022-- new statistics for 2021."\r\n'
    with pytest.raises(
        ContentError, match="its footer names two releases, 'Last updated: October 8, "
    ):
        silver_of(more)
    again = as_published + b'"last updated: Oct. 8, 2020"\r\n'
    assert len(silver_of(again)) == 60 * 24 * 2


def test_the_unit_may_only_be_missing_if_the_component_names_the_table():
    body = layout_of_2019("2017", "2018").replace(b",Unit,", b",ComponentId,", 1)
    with pytest.raises(ContentError, match="no column for Unit"):
        silver_of(body)


def test_the_layout_of_2019_is_that_of_a_file_from_bea():
    """Three lines of BEA's file, whose figures are other ones: header, first row, footer."""
    lines = layout_of_2019("2017", "2018").decode().split("\r\n")
    assert lines[0] == (
        "GeoFIPS,GeoName,Region,TableName,ComponentName,Unit,Line,IndustryClassification,"
        "Description,2017,2018"
    )
    assert re.sub(r"[\d.]+,[\d.]+$", "X,Y", lines[3]) == (
        ' "00000","United States", ,SAEXP1,"Total personal consumption expenditures (PCE) by state",'
        '"Millions of current dollars",3,"...","  Durable goods",X,Y'
    )
    assert lines[-3].startswith('"Last updated: October 3, 2019-- new PCE by state statistics')


@pytest.mark.parametrize("way", KEPT)
def test_a_file_saved_by_a_spreadsheet_gives_the_same_silver(way, as_published, silver):
    assert silver_of(KEPT[way](as_published)).equals(silver)


def test_a_byte_order_mark_and_blank_lines_do_not_shift_the_line_of_a_message(as_published):
    body = as_published.replace(b"13982899.0", b"13982899.0x")
    assert 'payload a.csv, line 2, column 2018: figure "13982899.0x"'.replace('"', "'") in refused(
        body
    )
    kept = KEPT["with blank lines everywhere"](body)
    (line,) = [n for n, text in enumerate(kept.split(b"\r\n"), 1) if b"13982899.0x" in text]
    assert f"line {line}, column 2018" in refused(kept)
    assert line > 2


def test_a_line_within_quotes_does_not_shift_the_line_of_a_message(as_published):
    body = as_published.replace(b'"United States"', b'"United\r\nStates"', 1)
    body = body.replace(b"4361471.7", b"4361471.7x", 1)
    assert "line 4, column 2018: figure '4361471.7x'" in refused(body)


def test_a_comma_in_a_figure_is_refused_if_semicolons_separate_cells(as_published):
    """In a German spreadsheet 112,195 is no hundred thousand."""
    body = resaved(as_published, ";").replace(";13982899.0;", ";13982899,0;", 1)
    message = refused(body.encode())
    assert "line 2, column 2018: figure '13982899,0' in a file that does not separate" in message


def test_thousands_separators_are_read_in_quoted_cells(as_published, silver):
    body = as_published.replace(b",13982899.0,", b',"13,982,899.0",', 1)
    assert silver_of(body).equals(silver)


def test_a_file_with_too_many_rows_is_refused(as_published, monkeypatch):
    from statpipe_bea import csv_tables

    monkeypatch.setattr(csv_tables, "_MOST_ROWS", 100)
    assert "more than 100 rows" in refused(as_published)


def test_a_footnote_page_in_another_encoding_is_decoded():
    from statpipe_bea.csv_tables import footnotes

    page = "<LI>1/&nbsp;Caf\u00e9 \u2013 a note.</LI>"
    for encoding in ("utf-8", "cp1252", "utf-16"):
        payload = Payload(name="f.html", body=page.encode(encoding), media_type="text/html")
        assert footnotes(payload) == {"1/": "Caf\u00e9 \u2013 a note."}


def refused(body):
    with pytest.raises(ContentError) as caught:
        silver_of(body)
    return str(caught.value)
