"""The fake answers as recorded answers of BEA do, with the figures of BEA's own files."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import httpx
import pytest

from support import bea_faults as faults
from support.fake_bea import shuffle

RECORDED_RESULTS = (
    "Statistic UnitOfMeasure PublicTable UTCProductionTime NoteRef Dimensions Data Notes"
)
RECORDED_ROW = "Code GeoFips GeoName TimePeriod CL_UNIT UNIT_MULT DataValue"
DATA = {"method": "GetData", "datasetname": "Regional", "resultformat": "JSON"}


@pytest.fixture
def get(fake):
    def get(**parameters):
        asked = {"UserID": fake.key, **DATA, **parameters}
        return httpx.get(fake.url, params=asked, trust_env=False).json()["BEAAPI"]

    return get


def test_an_answer_has_the_keys_of_a_recorded_one(get):
    results = get(TableName="SAPCE1", LineCode="9", GeoFips="18000")["Results"]
    assert list(results) == RECORDED_RESULTS.split()
    assert list(results["Data"][0]) == RECORDED_ROW.split()
    assert results["Data"][0] == {
        "Code": "SAPCE1-9",
        "GeoFips": "18000",
        "GeoName": "Indiana",
        "TimePeriod": "2017",
        "CL_UNIT": "Millions of current dollars",
        "UNIT_MULT": "6",
        "DataValue": "19554.2",
    }
    assert results["Notes"][-1] == {
        "NoteRef": " ",
        "NoteText": "Last updated: October 6, 2022-- new statistics for 2021; revised statistics "
        "for 2017-2020.",
    }
    assert results["Statistic"].endswith(
        ": Food and beverages purchased for off-premises consumption"
    )


def test_the_answer_repeats_the_request_in_upper_case_with_the_key(get, fake):
    echo = get(tablename="sapce1", LINECODE="9", GeoFips="18000")["Request"]["RequestParam"]
    assert echo[0] == {"ParameterName": "USERID", "ParameterValue": fake.key}
    assert {"ParameterName": "TABLENAME", "ParameterValue": "SAPCE1"} in echo
    assert {"ParameterName": "METHOD", "ParameterValue": "GETDATA"} in echo


def test_state_means_sixty_areas_in_code_order(get):
    rows = get(TableName="SAPCE2", LineCode="1", GeoFips="STATE", Year="2020,2021")["Results"][
        "Data"
    ]
    keys = [(row["GeoFips"], row["TimePeriod"]) for row in rows]
    assert len({fips for fips, _ in keys}) == 60
    assert keys == sorted(keys)
    assert {row["UNIT_MULT"] for row in rows} == {"0"}


@pytest.mark.parametrize(
    ("year", "count"),
    [({}, 5), ({"Year": "LAST10"}, 10), ({"Year": "ALL"}, 25), ({"Year": "2021,2022,2030"}, 1)],
)
def test_years_may_be_five_all_or_a_list(get, year, count):
    results = get(TableName="SAPCE1", LineCode="1", GeoFips="06000", **year)["Results"]
    assert len(results["Data"]) == count


def test_a_suppressed_figure_is_zero_with_a_note(get):
    results = get(TableName="SAPCE3", LineCode="75", GeoFips="20000", Year="2013,2014")["Results"]
    shown = [(row["DataValue"], row.get("NoteRef")) for row in results["Data"]]
    assert shown == [("0.1", None), ("0", "(L)")]
    assert results["Notes"][0] == {"NoteRef": "(L)", "NoteText": "Less than $50,000."}


def test_a_us_only_line_only_has_the_us(get):
    rows = get(TableName="SAPCE3", LineCode="46", GeoFips="STATE", Year="2021")["Results"]["Data"]
    assert [row["GeoFips"] for row in rows] == ["00000"]


def test_all_lines_are_only_served_for_one_area(get):
    rows = get(TableName="SAPCE1", LineCode="ALL", GeoFips="06000", Year="2021")["Results"]["Data"]
    assert len(rows) == 24
    error = get(TableName="SAPCE1", LineCode="ALL", GeoFips="STATE")["Error"]
    assert error == {
        "APIErrorCode": "41",
        "APIErrorDescription": "Multiple parameter values were supplied for a parameter that only "
        "allows single values.",
        "ErrorDetail": {
            "Description": "Only one geography can be submitted when LineCode value= ALL"
        },
    }


def test_a_wrong_key_gets_beas_error(get):
    assert get(UserID="BADKEY")["Results"] == {
        "Error": {
            "APIErrorCode": "1",
            "APIErrorDescription": "Invalid Request - Invalid API UserId.",
        }
    }


def test_every_figure_equals_the_text_in_beas_file(get, bulk):
    with zipfile.ZipFile(bulk) as archive:
        text = archive.read("SAPCE1__ALL_AREAS_1997_2021.csv").decode()
    printed = {
        (row["GeoFIPS"].strip(' "'), row["LineCode"], year): row[year]
        for row in csv.DictReader(io.StringIO(text))
        if row["LineCode"]
        for year in ("1997", "2021")
    }
    served = {
        (row["GeoFips"], line, row["TimePeriod"]): row["DataValue"]
        for line in map(str, range(1, 25))
        for row in get(TableName="SAPCE1", LineCode=line, GeoFips="STATE", Year="1997,2021")[
            "Results"
        ]["Data"]
    }
    assert served == printed


def test_a_figure_can_change_under_an_unchanged_date(get, fake):
    one = {"TableName": "SAPCE1", "LineCode": "9", "GeoFips": "06000", "Year": "2021"}
    before = get(**one)["Results"]
    fake.change("SAPCE1", "9", "06000", "2021", "1.0")
    after = get(**one)["Results"]
    assert (before["Data"][0]["DataValue"], after["Data"][0]["DataValue"]) == ("151641.2", "1.0")
    assert before["Notes"] == after["Notes"]
    assert before["UTCProductionTime"] != after["UTCProductionTime"]


def test_a_date_can_change_under_unchanged_figures(get, fake):
    one = {"TableName": "SAPCE1", "LineCode": "9", "GeoFips": "06000", "Year": "2021"}
    before = get(**one)["Results"]
    fake.date("SAPCE1", "Last updated: October 4, 2023.")
    after = get(**one)["Results"]
    assert after["Data"] == before["Data"]
    assert after["Notes"][-1]["NoteText"] == "Last updated: October 4, 2023."


def test_an_older_vintage_can_be_published_under_the_newer_name(get, fake, bulk):
    fake.publish(bulk.with_name("SAEXP1.zip"), rename={"SAEXP1": "SAPCE1"})
    results = get(TableName="SAPCE1", LineCode="1", GeoFips="00000", Year="ALL")["Results"]
    assert results["Data"][-1]["TimePeriod"] == "2019"
    assert results["Data"][0]["Code"] == "SAPCE1-1"
    assert results["Notes"][-1]["NoteText"].startswith("Last updated: October 8, 2020")


def test_a_reset_undoes_everything(get, fake):
    fake.change("SAPCE1", "9", "06000", "2021", "1.0")
    fake.faults.append(faults.empty())
    fake.reset()
    one = {"TableName": "SAPCE1", "LineCode": "9", "GeoFips": "06000", "Year": "2021"}
    assert get(**one)["Results"]["Data"][0]["DataValue"] == "151641.2"
    assert len(fake.requests) == 1


def test_the_bulk_file_is_served_unchanged(fake, bulk):
    answer = httpx.get(fake.zip_url, trust_env=False)
    assert answer.content == bulk.read_bytes()
    assert fake.paths == ["/regional/zip/SAPCE.zip"]


def test_a_shuffled_answer_has_the_same_rows_in_another_order(fake):
    asked = f"userid={fake.key}&method=GetData&datasetname=Regional"
    answer = fake.reply(f"{asked}&tablename=SAPCE1&linecode=1&geofips=STATE")
    rows = json.loads(answer.body)["BEAAPI"]["Results"]["Data"]
    moved = json.loads(shuffle(answer.body))["BEAAPI"]["Results"]["Data"]
    assert moved != rows
    assert sorted(map(str, moved)) == sorted(map(str, rows))
