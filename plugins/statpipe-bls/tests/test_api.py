"""The API's limits, and its ways of saying no with status 200."""

from __future__ import annotations

import json

import pytest

from statpipe.api import ConfigError, ContentError, NoData, Rejected, Secret, Unavailable
from statpipe.api.http import Answer
from statpipe_bls.api import judged
from statpipe_bls.asked import series_of
from statpipe_bls.source import BlsSource
from statpipe_bls.survey import survey_named
from support.fake_bls import USED_UP

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def probe(bls, settings_of):
    """Ask BLS once, with its key unless a test says otherwise, and forget what the run before spent."""
    bls.key = KEY

    def probe(**told):
        source = BlsSource(settings_of(**({"key": Secret(KEY)} | told)))
        try:
            return source.probe(source.datasets()[0])
        finally:
            source.close()

    return probe


@pytest.mark.parametrize(
    ("key", "allowed"),
    [(Secret(KEY), (50, 20, 27)), (None, (25, 10, 5))],
)
def test_series_and_years_are_split_into_queries(bls, settings_of, probe, key, allowed):
    most, years, count = allowed
    settings = {"areas": (), "codes": {}, "key": key, "end": 2025}
    source = BlsSource(settings_of(**settings))
    (dataset,) = source.datasets()
    assert source.requests(dataset, None) == count
    probe(**settings)
    assert len(bls.asked) == count
    assert all(len(one["seriesid"]) <= most for one in bls.asked)
    assert all(int(one["endyear"]) - int(one["startyear"]) < years for one in bls.asked)
    each = [(series, one["startyear"]) for one in bls.asked for series in one["seriesid"]]
    firsts = {"1976", "1996", "2016"} if key else {"2016"}
    assert dataset.selection.where["measure"] == ("03", "04", "05", "06")[: 4 if key else 1]
    wanted = {(one, first) for one in series_of(dataset, survey_named("LA")) for first in firsts}
    assert len(each) == len(set(each))
    assert set(each) == wanted


def test_annual_averages_are_only_requested_with_a_key(bls, probe):
    probe()
    probe(key=None)
    assert [one.get("annualaverage") for one in bls.asked] == [True] * 3 + [None]


def test_queries_of_earlier_runs_count_towards_the_daily_limit(probe, tmp_path):
    all_measures = {"areas": (), "codes": {"measure": ("03", "04", "05", "06")}}
    probe(key=None, **all_measures)  # 17 of 25
    with pytest.raises(Unavailable, match=r"allows no more requests for \d+ s"):
        probe(key=None, **all_measures)
    assert (tmp_path / ".statpipe" / "limits" / "127.0.0.1.jsonl").exists()


def test_more_queries_than_a_day_allows_are_refused_before_any_request(bls, probe):
    asked = {"areas": (), "codes": {"measure": ("03", "04", "05", "06")}}
    with pytest.raises(ConfigError) as error:
        probe(key=None, start=1976, end=2024, **asked)
    assert str(error.value) == (
        "sources.bls: 416 series from 1976 to 2024 need 85 queries; BLS allows 25 a day, or 500 with a free key "
        "from https://data.bls.gov/registrationEngine/: name fewer `areas` or `codes`, set a later `start`, or "
        'channel = "bulk"'
    )
    assert not bls.asked


def test_a_used_up_daily_limit_ends_the_run_without_further_requests(bls, probe):
    bls.queries = 0
    with pytest.raises(Unavailable) as error:
        probe()
    assert f"BLS answers REQUEST_NOT_PROCESSED: {USED_UP} Run again tomorrow" in str(error.value)
    assert error.value.retry_after == 86_400
    assert len(bls.asked) == 1


@pytest.mark.parametrize(
    ("status", "message", "error", "says"),
    [
        ("REQUEST_NOT_PROCESSED", "You have used your daily limit of 500 queries.", Unavailable, "Run again tomorrow"),
        ("REQUEST_NOT_PROCESSED", "More than 50 requests in 10 seconds.", Unavailable, "Run again later"),
        ("REQUEST_FAILED", "The server is busy, try again.", Unavailable, "Run again later"),
        ("REQUEST_FAILED_INVALID_PARAMETERS", "Invalid startyear.", Rejected, "Correct the request"),
    ],
)  # fmt: skip
def test_each_refusal_says_when_to_ask_again_or_what_to_correct(status, message, error, says):
    body = json.dumps({"status": status, "message": [message], "Results": {}}).encode()
    refused = judged(Answer(name="LA-1", url="https://bls.example", status=200, body=body))
    assert type(refused) is error
    assert str(refused) == f"LA-1: BLS answers {status}: {message} {says}" + (
        ", or check whether BLS has changed its API" if error is Rejected else ""
    )


def test_the_key_that_a_refusal_names_is_not_shown(bls, probe, monkeypatch):
    bls.queries = 0
    told = USED_UP.replace("the user", f"the user with registration key {KEY}")
    monkeypatch.setattr("support.fake_bls.USED_UP", told)
    with pytest.raises(Unavailable, match="registration key REDACTED has been reached"):
        probe()


def test_a_day_that_is_used_up_in_the_middle_brings_nothing(bls, probe):
    bls.queries = 3
    with pytest.raises(Unavailable, match=r"LA-1976-1995-4: .*Run again tomorrow"):
        probe(areas=(), codes={})
    assert len(bls.asked) == 4


def test_an_unknown_key_is_refused_and_not_shown(probe):
    with pytest.raises(Rejected, match="Correct BLS_API_KEY; get a free key at") as error:
        probe(key=Secret("another-key-than-that"))
    assert "another-key" not in str(error.value)


def test_a_service_over_capacity_is_retried_and_then_left_for_another_run(bls, probe, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    bls.manners = "down"
    with pytest.raises(Unavailable, match=r"REQUEST_FAILED_OVER_CAPACITY.*\(tried 5 times\)"):
        probe()


def test_an_answer_for_fewer_years_than_asked_is_refused(bls, probe):
    honest = bls.answer

    def ten_years(request):
        asked = json.loads(request.body)
        asked.pop("registrationkey")
        return honest(type(request)(**{**_fields(request), "body": json.dumps(asked).encode()}))

    bls.agency.answer_with(ten_years)
    with pytest.raises(ContentError, match="incomplete; check whether BLS still accepts the key"):
        probe(areas=(), codes={})  # the message stands behind those on series that do not exist


def test_a_series_that_is_silently_left_out_is_refused(bls, probe):
    bls.manners = "silent"
    with pytest.raises(ContentError, match=r"the series LAUST\d+ was requested but is missing"):
        probe()


def test_missing_series_are_accepted_unless_all_are_missing(bls, probe):
    bls.figures = {
        key: value for key, value in bls.figures.items() if key[0] != "LAUST010000000000003"
    }
    assert probe().basis == "observed"
    bls.figures = {}
    with pytest.raises(NoData, match="BLS has no figures for any of the series; check `areas`"):
        probe()


def _fields(request):
    return {name: getattr(request, name) for name in ("method", "path", "query", "headers", "body")}
