"""What Python hands over becomes what the engine takes, or is refused."""

from datetime import UTC, date, datetime

import pytest

from statpipe.api import ConfigError
from statpipe.engine.answers.asked import day_asked, rows_asked


def test_values_are_texts_each_once_and_none_means_all():
    asked = {"ref_area": ["CA", "US", "CA"], "period": 2018, "dataset": None}
    assert rows_asked(asked) == {"ref_area": ("CA", "US"), "time_period": ("2018",)}


def test_dates_and_any_iterable_of_values_will_do():
    asked = {"period_start": date(2018, 1, 1), "year": range(2018, 2020)}
    assert rows_asked(asked) == {"period_start": ("2018-01-01",), "year": ("2018", "2019")}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            {"ref_area": []},
            "ref_area=[] matches nothing; give values, or leave ref_area out to get all",
        ),
        ({"ref_area": " "}, "ref_area=' ' is not a code, period, number or date"),
        ({"year": 2018.5}, "year=2018.5 is not a code, period, number or date"),
        ({"ref_area": ["CA", True]}, "ref_area=True is not a code"),
        ({"period": 2018, "time_period": 2019}, "period and time_period are the same"),
    ],
)
def test_what_chooses_nothing_is_refused_by_name(asked, says):
    with pytest.raises(ConfigError) as raised:
        rows_asked(asked)
    assert says in str(raised.value)


def test_a_day_is_a_text_a_date_or_the_date_of_a_time():
    day = date(2021, 1, 1)
    assert day_asked("2021-01-01") == day_asked(day) == day_asked(datetime(2021, 1, 1, tzinfo=UTC))
    assert type(day_asked(datetime(2021, 1, 1, tzinfo=UTC))) is date
    assert day_asked(None) is None
    with pytest.raises(ConfigError, match="as_of='never' is not a date"):
        day_asked("never")
