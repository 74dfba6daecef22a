"""Payloads as columns of text: in any order, or refused with their place. Figures are made up."""

from __future__ import annotations

import json

import pytest

from statpipe.api import ContentError, Dataset, Payload
from statpipe.domain.seal import seal
from statpipe_bls.normalizer import BlsNormalizer

HEAD = "series_id                     \tyear\tperiod\t       value\tfootnote_codes\r\n"
CALIFORNIA, ALABAMA = "LAUST060000000000003", "LAUST010000000000003"


def line(series, period, value, note=""):
    return f"{series:30}\t2023\t{period}\t{value:>12}\t{note}\r\n"


def flat(*lines, head=HEAD):
    return Payload(name="la.data.2.AllStatesU", body=(head + "".join(lines)).encode())


def entry(period, value, **more):
    notes = {"footnotes": [{}]}
    return {"year": "2023", "period": period, "periodName": "x", "value": value} | notes | more


def answer(*series, status="REQUEST_SUCCEEDED", asked=None):
    listed = [{"seriesID": name, "data": list(data)} for name, *data in series]
    document = {"status": status, "message": [], "Results": {"series": listed}}
    request = {} if asked is None else {"document": json.dumps({"seriesid": asked})}
    return Payload(name="LA-2023-2023-1", body=json.dumps(document).encode(), request=request)


def silver(*payloads, survey="LA"):
    normalizer = BlsNormalizer()
    bare = Dataset(name=survey, title=survey, normalizer="bls")
    dataset = normalizer.describe(bare, payloads)
    return seal(normalizer.normalize(dataset, payloads), dataset, "2024-01-19")


def test_the_order_of_rows_in_a_file_does_not_matter():
    lines = [
        line(CALIFORNIA, "M01", "4.9"),
        line(ALABAMA, "M01", "2.9"),
        line(CALIFORNIA, "M13", "4.7"),
    ]
    assert silver(flat(*lines)).equals(silver(flat(*reversed(lines))))


def test_the_order_of_an_answer_does_not_matter():
    california = (CALIFORNIA, entry("M01", "4.9"), entry("M13", "4.7"))
    alabama = (ALABAMA, entry("M01", "2.9"))
    turned = (CALIFORNIA, *reversed(california[1:]))
    assert silver(answer(california, alabama)).equals(silver(answer(alabama, turned)))


def test_several_footnotes_are_joined():
    notes = [{"code": "P", "text": "Preliminary."}, {"code": "D", "text": "Remodelled."}]
    (row,) = silver(answer((CALIFORNIA, entry("M01", "4.9", footnotes=notes)))).to_pylist()
    assert (row["obs_status"], row["source_symbol"]) == ("P", "P,D")
    assert row["notes"] == "Preliminary.; Remodelled."


def test_an_unlisted_footnote_is_its_own_text():
    (row,) = silver(flat(line(CALIFORNIA, "M01", "4.9", "Z"))).to_pylist()
    assert (row["obs_status"], row["source_symbol"], row["notes"]) == ("A", "Z", "Z")


@pytest.mark.parametrize(
    "footnotes",
    [[], [{}], [None], [{"code": None, "text": None}], [{"code": "", "text": ""}], None],
)
def test_an_answer_may_say_in_many_ways_that_there_is_no_footnote(footnotes):
    (row,) = silver(answer((CALIFORNIA, entry("M01", "4.9", footnotes=footnotes)))).to_pylist()
    assert (row["obs_status"], row["source_symbol"], row["notes"]) == ("A", None, None)


def test_blanks_around_what_an_answer_says_mean_nothing():
    (row,) = silver(answer((CALIFORNIA, entry(" M01", " - ")))).to_pylist()
    assert (row["time_period"], row["obs_value"], row["source_symbol"]) == ("2023-01", None, "-")


@pytest.mark.parametrize(
    "head", ["\ufeff" + HEAD, HEAD.upper(), HEAD.replace("\r\n", "\taspect\r\n")]
)
def test_a_file_is_read_whatever_its_head_looks_like(head):
    more = "\tx\r\n" if "aspect" in head else "\r\n"
    text = line(CALIFORNIA, "M01", "4.9", "P").replace("\r\n", more)
    (row,) = silver(flat(text, head=head)).to_pylist()
    assert (str(row["obs_value"])[:3], row["obs_status"]) == ("4.9", "P")


class TestTwoAnnualFiguresOfOneYear:
    """Prices have the average of months, M13, and that of halves, S03: the first one counts."""

    PRICES = "CUUR0000SA0"

    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize(
        ("halves", "notes"), [("304.702", None), ("304.701", "S03: 304.701"), ("-", "S03: -")]
    )
    def test_another_one_is_noted(self, halves, notes, turned):
        lines = [
            line(self.PRICES, "M13", "304.702"),
            line(self.PRICES, "S01", "302.408"),
            line(self.PRICES, "S03", halves),
        ]
        rows = silver(flat(*(lines[::-1] if turned else lines)), survey="CU").to_pylist()
        assert [(row["time_period"], row["notes"]) for row in rows] == [
            ("2023", notes),
            ("2023-S1", None),
        ]
        assert str(rows[0]["obs_value"]).startswith("304.702")

    def test_a_year_that_has_one_keeps_it(self):
        lines = [line(self.PRICES, "S03", "304.7"), line("CUUR0100SA0", "M13", "290.1")]
        rows = silver(flat(*lines), survey="CU").to_pylist()
        assert {row["ref_area"]: row["notes"] for row in rows} == {"0100": None, "US": None}


@pytest.mark.parametrize("cut", [2, 3, 4, 12])
def test_a_file_that_ends_in_the_middle_of_a_line_is_refused(cut):
    whole = flat(line(CALIFORNIA, "M01", "4.9"), line(CALIFORNIA, "M02", "14.95", "P"))
    with pytest.raises(ContentError, match="ends in the middle of a line; it is incomplete"):
        silver(Payload(name=whole.name, body=whole.body[:-cut]))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (flat(line("CUUR0000SA0", "M01", "299.1")), (
            "payload la.data.2.AllStatesU: the series 'CUUR0000SA0' does not belong to survey "
            "LA, whose identifiers are LA and seasonal, area, measure"
        )),
        (flat(line(CALIFORNIA, "M14", "4.9")), "payload la.data.2.AllStatesU: 'M14' is not a period; expected one of M01, "),
        (flat(line(CALIFORNIA, "M01", "4.9"), head="series\tyear\n"), (
            "payload la.data.2.AllStatesU begins 'series\\tyear'; expected the tab-separated "
            "columns series_id, year, period, value, footnote_codes"
        )),
        (flat(line(CALIFORNIA, "M01", "4.9"), "cut\t2023\n"), "payload la.data.2.AllStatesU: CSV parse error"),
        (answer((CALIFORNIA, entry("M01", "4.9")), status="REQUEST_FAILED"), "payload LA-2023-2023-1 has the status 'REQUEST_FAILED'; expected 'REQUEST_SUCCEEDED'"),
        (answer((CALIFORNIA, entry("M01", 4.9))), "payload LA-2023-2023-1, Results.series[0].data[0].value: 4.9; expected text"),
        (answer((CALIFORNIA, entry("M01", "4.9", footnotes="P"))), "payload LA-2023-2023-1, Results.series[0].data[0].footnotes: 'P'; expected a list"),
        (answer((CALIFORNIA, entry("M01", "4.9")), (CALIFORNIA, entry("M02", "4.9"))), (
            f"payload LA-2023-2023-1: the series {CALIFORNIA} is there twice"
        )),
        (Payload(name="x", body=flat(line(CALIFORNIA, "M01", "4.9")).body[:-2]), "payload x ends in the middle of a line; it is incomplete: run again"),
        (answer((CALIFORNIA, entry("M01", "4.9")), asked=[]), (
            f"the series {CALIFORNIA} was not requested; look at the payload in Bronze"
        )),
        (Payload(name="LA-1", body=b"{"), "payload LA-1 is not valid JSON"),
    ],
)  # fmt: skip
def test_unreadable_payloads_are_refused_with_their_place(payload, says):
    with pytest.raises(ContentError) as error:
        silver(payload)
    assert says in str(error.value)
