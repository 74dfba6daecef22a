"""What a configuration asks for, and what is refused with the nearest that there is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from statpipe.api import ConfigError
from statpipe_bls.source import BlsSource


@pytest.mark.parametrize(
    ("survey", "told", "says"),
    [
        ("LA", {"codes": {"mesure": ("03",)}}, "sources.bls.codes.mesure: survey LA has seasonal, measure; did you mean 'measure'?"),
        ("LA", {"codes": {"measure": ("3",)}}, "sources.bls.codes.measure: '3' is not among the 7 codes of la.measure; did you mean '03'?"),
        ("LA", {"areas": ("CAL",)}, (
            "sources.bls.areas: 'CAL' is not a known area of survey LA; did "
            "you mean 'CA'? (BLS has more: set `contact`"
        )),
        ("LA", {"areas": ("CN0603700000000",)}, (
            "BLS has more: set `contact` to your e-mail address, so that statpipe can read "
            "BLS's own list"
        )),
        ("CE", {"codes": {"industry": ("10113300",)}}, "BLS has more: set `contact`"),
        ("LA", {"areas": ("ca",)}, (
            "'ca' is not a known area of survey LA; did you mean 'CA'?"
        )),
        ("LA", {"start": 2020, "end": 2010}, (
            "sources.bls.start: 2020 is after the last year, 2010; correct `start` or "
            "`end`"
        )),
        ("LA", {"areas": ("CN9999900000000",), "contact": "data@example.org"}, (
            "'CN9999900000000' is not a known area of survey LA"
        )),
    ],
)  # fmt: skip
def test_unknown_dimensions_and_codes_of_a_survey_are_refused(read, survey, told, says):
    with pytest.raises(ConfigError) as error:
        read(survey, **told)
    assert says in str(error.value)


def test_the_message_has_no_hint_if_bls_own_lists_are_loaded(read):
    with pytest.raises(ConfigError) as error:
        read(areas=("CN9999900000000",), contact="data@example.org")
    assert "BLS has more" not in str(error.value)


def test_a_later_start_deletes_nothing(settings_of):
    (whole,) = BlsSource(settings_of(channel="bulk")).datasets()
    (some,) = BlsSource(settings_of(channel="bulk", start=2020, end=2021)).datasets()
    assert whole.selection.periods is None
    assert {period[:4] for period in some.selection.periods} == {"2020", "2021"}
    assert {"2020", "2020-01", "2020-Q1", "2020-S1"} <= set(some.selection.periods)
    assert whole.selection.covers(some.selection)


def test_future_years_are_not_requested(settings_of):
    (dataset,) = BlsSource(settings_of(start=2020, end=2999)).datasets()
    assert max(dataset.selection.periods)[:4] == str(datetime.now(UTC).year)


def test_areas_may_be_given_in_the_codes_of_the_survey(settings_of):
    (ours,) = BlsSource(settings_of(areas=("CA",))).datasets()
    (theirs,) = BlsSource(settings_of(areas=("ST0600000000000",))).datasets()
    assert ours.selection == theirs.selection


def test_the_smallest_selection_is_one_series(settings_of):
    source = BlsSource(settings_of(areas=(), codes={}))
    small = source.smallest(source.datasets()[0])
    assert small.selection.areas == ("AK",)
    assert small.selection.where == {"seasonal": ("S",), "measure": ("03",)}
