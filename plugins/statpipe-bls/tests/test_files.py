"""BLS's flat files: by whom they may be read, which ones are, and how they are dated. Figures are made up."""

from __future__ import annotations

import attrs
import pytest

from statpipe.api import ConfigError, ContentError, Rejected, Secret, Unavailable
from statpipe_bls.source import BlsSource

BULK = {"channel": "bulk", "contact": "data@example.org"}


def asked(bls):
    return [one.path.rpartition("/")[2] for one in bls.agency.requests if one.method == "GET"]


def test_nothing_is_requested_without_a_contact(bls, read):
    with pytest.raises(ConfigError, match=r"sources.bls.contact is not set: BLS only serves files"):
        read(channel="bulk")
    assert not bls.agency.requests


def test_a_contact_that_bls_rejects_is_named(read):
    with pytest.raises(Rejected, match="check whether `contact` is your valid address"):
        read(channel="bulk", contact="https://example.org/who-we-are")


@pytest.mark.parametrize("contact", ["me", "a\n@example.org", "(me@example.org)", "é@example.org"])
def test_an_invalid_contact_is_refused(settings_of, contact):
    with pytest.raises(ValueError, match="must be an e-mail address or the address of a web page"):
        settings_of(contact=contact)


def test_states_are_read_from_two_files_and_their_code_lists(bls, read):
    rows = read(**BULK)
    assert len(rows) == 6
    assert asked(bls) == [
        "la.area",
        "la.measure",
        "la.footnote",
        "la.data.2.AllStatesU",
        "la.data.3.AllStatesS",
    ]
    (row,) = (row for row in rows if row["obs_status"] == "P")
    assert row["notes"] == "Preliminary."


def test_a_county_is_read_from_another_file_and_named_by_the_list(bls, read):
    county = ("LAUCN060370000000003", "2023", "M01")
    bls.figures = {**bls.figures, county: "4.9"}
    (row,) = read(areas=("CN0603700000000",), **BULK)
    assert "la.data.64.County" in asked(bls)
    assert row["geo_name"] == "Los Angeles County, CA"


def test_areas_of_two_kinds_are_read_from_the_files_of_both(bls, read):
    bls.figures = {**bls.figures, ("LAUCN060370000000003", "2023", "M01"): "4.9"}
    rows = read(areas=("CA", "CN0603700000000"), **BULK)
    assert {row["ref_area"] for row in rows} == {"CA", "CN0603700000000"}


def test_indexes_have_their_base_period_in_the_notes(bls, read):
    bls.members = {"cu.data.1.AllItems": "CU"}
    bls.figures = {
        ("CUUR0000SA0", "2023", "M01"): "299.170 P",
        ("CUUR0400SA0", "2023", "M13"): "320.1",
    }
    bls.lists = {
        "cu.area": "area_code\tarea_name\n0000\tU.S. city average\n0400\tWest\n",
        "cu.item": "item_code\titem_name\nSA0\tAll items\n",
        "cu.series": "series_id        \tarea_code\tbase_period\tseries_title\n"
        "CUUR0000SA0      \t0000\t1982-84=100\tAll items in U.S. city average\n",
    }
    notes = {row["ref_area"]: (row["notes"], row["freq"]) for row in read("CU", **BULK)}
    assert notes == {"US": ("Preliminary.; Base period: 1982-84=100", "M"), "0400": (None, "A")}


@pytest.mark.parametrize(
    ("survey", "told", "says"),
    [
        ("EN", {}, "statpipe cannot read files of survey EN with figures"),
        ("CU", {"codes": {"item": ("SA0", "SAH1")}}, (
            "statpipe cannot read files of survey CU with item SA0 and SAH1"
        )),
        ("LA", {"areas": ("RD8010000000000",)}, (
            "statpipe cannot read files of survey LA with area RD8010000000000"
        )),
    ],
)  # fmt: skip
def test_a_series_in_no_file_is_left_to_the_api(read, survey, told, says):
    with pytest.raises(ConfigError) as error:
        read(survey, **BULK, **told)
    assert says in str(error.value)
    assert 'set channel = "api"' in str(error.value)


def test_a_file_without_a_date_is_refused(bls, read):
    honest = bls.answer
    bls.agency.answer_with(lambda request: attrs.evolve(honest(request), headers={"X-None": "1"}))
    with pytest.raises(ContentError, match="BLS does not say when the file changed"):
        read(**BULK)


def test_a_file_that_changes_between_probe_and_fetch_is_fetched_by_the_next_run(bls, settings_of):
    source = BlsSource(settings_of(**BULK))
    (dataset,) = source.datasets()
    vintage = source.probe(dataset)
    assert (vintage.basis, vintage.id) == ("service", "2024-01-19")
    bls.modified = "Fri, 15 Mar 2024 14:00:00 GMT"
    with pytest.raises(Unavailable, match="LA was updated while it was fetched; run again"):
        list(source.fetch(dataset, vintage))
    source.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("area_code\tdisplay_level\nST06\t0\n", (
            "payload la.area: a column of names such as area_text is missing"
        )),
        ("code\tarea_text\nST06\tCalifornia\n", (
            "payload la.area: area_code is missing from the columns code, area_text"
        )),
        ("area_code\tarea_text\nST06\n", "payload la.area, line 2: 'ST06'; expected 2 tab-separated columns"),
        ("area_code\tarea_text\n", "payload la.area has no codes; expected a line for each"),
        ("nothing", "payload la.area begins 'nothing'; expected tab-separated column names"),
    ],
)  # fmt: skip
def test_a_malformed_list_is_refused_with_its_place(bls, read, text, says):
    bls.lists = {**bls.lists, "la.area": text}
    with pytest.raises(ContentError) as error:
        read(**BULK)
    assert says in str(error.value)


def test_a_name_in_latin_1_is_read(bls, read):
    honest = bls.answer

    def old(request):
        answer = honest(request)
        if not request.path.endswith("la.area"):
            return answer
        body = bls.lists["la.area"].replace("Alabama", "A\xf1asco").encode("latin-1")
        return attrs.evolve(answer, body=body, headers={})

    bls.agency.answer_with(old)
    assert len(read(**BULK)) == 6


def test_unselected_codes_in_a_file_need_no_list(bls, read):
    bls.figures = {**bls.figures, ("LAUST060000000000077", "2023", "M01"): "1.0"}
    assert {row["measure"] for row in read(**BULK)} == {"03"}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"codes": {"seasonal": ("U",), "measure": ("03", "3")}}, "measure: '3' is not among the 2 codes of la.measure; did you mean '03'?"),
        ({"areas": ("CA", "ST0600000000001")}, "areas: 'ST0600000000001' is not a known area of survey LA"),
    ],
)  # fmt: skip
def test_a_code_that_is_in_no_list_is_refused_before_a_file_of_figures_is_asked_for(
    bls, read, told, says
):
    with pytest.raises(ConfigError) as error:
        read(**BULK, **told)
    assert says in str(error.value)
    assert not [one for one in bls.agency.requests if one.method == "GET" and "la.data" in one.path]


def test_both_channels_give_the_same_figures(bls, read):
    bls.key = "12345678"
    by_file = read(**BULK)
    by_api = read(key=Secret("12345678"), contact=BULK["contact"])
    assert [row | {"vintage": ""} for row in by_api] == [row | {"vintage": ""} for row in by_file]
