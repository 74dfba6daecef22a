"""Real PCE by state: how releases of PCE and of deflators are paired, and the results."""

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.history import Published
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.domain.selection import Selection
from statpipe.domain.vintage import Vintage
from statpipe.engine.gold.computed import computed
from statpipe.testing.history import history
from statpipe_bea import price_tables, tables
from statpipe_bea.gold.models import (
    pce_state_models,
    pce_state_real_models,
    rpp_state_models,
)

OCTOBER, DECEMBER = date(2022, 10, 6), date(2022, 12, 15)
NEXT_OCTOBER, FEBRUARY = date(2023, 10, 4), date(2024, 2, 1)
CA = ("CA", "2021")
PCE, D2012, D2017 = "SAPCE1:1", "SAIRPD:deflator_2012", "SAIRPD:deflator_2017"
REAL2012, REAL2017 = "SARPI:real_pce_2012", "SARPI:real_pce_2017"


def release(day, figures, sequence=1):
    """One release of one table: figures by category, area and year."""
    table = next(iter(figures))[0].split(":")[0]
    declared = tables if table.startswith("SAPCE") else price_tables
    dataset = declared.dataset(table)
    categories = {category for category, *_ in figures}
    vintage = Vintage(released=day, sequence=sequence, selection=Selection(categories=categories))
    rows = [
        {
            "ref_area": area,
            "category": category,
            "time_period": year,
            "obs_value": None if value is None else Decimal(value),
            "obs_status": "O" if value is None else "A",
            "source_symbol": "(NA)" if value is None else None,
        }
        for (category, area, year), value in figures.items()
    ]
    sealed = seal(observations_from_rows(rows), dataset, vintage.id)
    return table, Published(vintage=vintage, table=sealed)


def one(day, category, value, cell=CA, sequence=1):
    return release(day, {(category, *cell): value}, sequence)


class Gold:
    """The models over some releases, in DuckDB."""

    def __init__(self, *releases, only=("",)):
        import pyarrow as pa

        self.connection = duckdb.connect()
        for source, mine in (("bea_pce_state", True), ("bea_rpp_state", False)):
            by_table = {}
            for table, published in releases:
                if table.startswith("SAPCE") == mine:
                    by_table.setdefault(table, []).append(published)
            joined = pa.concat_tables([history(p) for p in by_table.values()])
            self.connection.register(source, joined.unify_dictionaries())
        self.models = {
            m.name: m for m in [*pce_state_models(), *rpp_state_models(), *pce_state_real_models()]
        }
        for model in [m for m in self.models.values() if m.name.endswith(only)]:
            self.connection.register(model.name, computed(self.connection, model, model.latest_sql))

    def rows(self, name):
        return (
            self.connection.sql(f"SELECT * FROM {name} ORDER BY ALL").to_arrow_table().to_pylist()
        )

    def as_of(self, day):
        sql = self.models["pce_state_real"].sql_as_of(f"DATE '{day}'")
        return computed(self.connection, self.models["pce_state_real"], sql).to_pylist()

    def pairs(self):
        return [
            (r["value"], r["pce_vintage"], r["deflator_vintage"], str(r["realtime_end"]))
            for r in sorted(
                self.rows("pce_state_real_history"), key=lambda row: row["deflator_vintage"]
            )
        ]


# --- The pair ------------------------------------------------------------------------------------


def test_deflators_of_december_are_paired_with_the_pce_of_october():
    gold = Gold(
        one(OCTOBER, PCE, "300"), one(DECEMBER, D2012, "120"), one(DECEMBER, REAL2012, "250")
    )
    (row,) = gold.rows("pce_state_real")
    assert row == {
        "ref_area": "CA",
        "time_period": "2021",
        "area_name": "California",
        "year": 2021,
        "value": 250.0,
        "unit": "Millions of constant 2012 dollars",
        "unit_mult": 6,
        "base_year": 2012,
        "nominal_value": 300,
        "deflator": 120,
        "bea_value": 250,
        "relative_difference": 0.0,
        "pce_vintage": "2022-10-06",
        "deflator_vintage": "2022-12-15",
        "realtime_start": DECEMBER,
    }


def test_newer_pce_is_never_divided_by_older_deflators():
    gold = Gold(
        one(OCTOBER, PCE, "300"),
        one(DECEMBER, D2012, "120"),
        one(NEXT_OCTOBER, PCE, "600"),
    )
    assert gold.pairs() == [(250.0, "2022-10-06", "2022-12-15", "9999-12-31")]


def test_the_next_deflators_are_paired_with_the_next_pce():
    gold = Gold(
        one(OCTOBER, PCE, "300"),
        one(DECEMBER, D2012, "120"),
        one(NEXT_OCTOBER, PCE, "600"),
        one(FEBRUARY, D2017, "100"),
    )
    assert gold.pairs() == [
        (250.0, "2022-10-06", "2022-12-15", "2024-01-31"),
        (600.0, "2023-10-04", "2024-02-01", "9999-12-31"),
    ]
    units = sorted(row["unit"] for row in gold.rows("pce_state_real_history"))
    assert units == ["Millions of constant 2012 dollars", "Millions of constant 2017 dollars"]


def test_the_figures_as_of_a_day_are_a_pair_from_one_season():
    gold = Gold(
        one(OCTOBER, PCE, "300"),
        one(DECEMBER, D2012, "120"),
        one(NEXT_OCTOBER, PCE, "600"),
        one(FEBRUARY, D2017, "100"),
    )
    found = {
        day: [(r["value"], r["base_year"]) for r in gold.as_of(day)]
        for day in ("2022-12-14", "2022-12-15", "2023-10-04", "2024-01-31", "2024-02-01")
    }
    assert found == {
        "2022-12-14": [],
        "2022-12-15": [(250.0, 2012)],
        "2023-10-04": [(250.0, 2012)],
        "2024-01-31": [(250.0, 2012)],
        "2024-02-01": [(600.0, 2017)],
    }


@pytest.mark.parametrize("day", [date(2021, 10, 8), date(2022, 8, 31), NEXT_OCTOBER])
def test_deflators_without_pce_of_their_season_give_no_rows(day):
    """PCE of the year before stands on that day; it is not what these deflators belong to."""
    assert Gold(one(day, PCE, "300"), one(DECEMBER, D2012, "120")).pairs() == []


def test_a_season_begins_on_the_first_of_september():
    gold = Gold(one(date(2022, 9, 1), PCE, "300"), one(date(2023, 8, 31), D2012, "120"))
    assert gold.pairs() == [(250.0, "2022-09-01", "2023-08-31", "9999-12-31")]


def test_pce_revised_within_the_season_counts_if_it_is_older_than_the_deflators():
    early, late = date(2022, 11, 30), date(2023, 1, 20)
    gold = Gold(
        one(OCTOBER, PCE, "300"),
        one(early, PCE, "360"),
        one(DECEMBER, D2012, "120"),
        one(late, PCE, "480"),
    )
    assert gold.pairs() == [(300.0, "2022-11-30", "2022-12-15", "9999-12-31")]


def test_deflators_revised_within_the_season_make_a_new_pair():
    gold = Gold(
        one(OCTOBER, PCE, "300"),
        one(DECEMBER, D2012, "120"),
        one(date(2023, 2, 1), D2012, "150"),
    )
    assert gold.pairs() == [
        (250.0, "2022-10-06", "2022-12-15", "2023-01-31"),
        (200.0, "2022-10-06", "2023-02-01", "9999-12-31"),
    ]


def test_figures_changed_under_their_own_date_are_used_as_they_are_now():
    gold = Gold(
        one(OCTOBER, PCE, "100"),
        one(OCTOBER, PCE, "300", sequence=2),
        one(DECEMBER, D2012, "100"),
        one(DECEMBER, D2012, "120", sequence=2),
    )
    assert gold.pairs() == [(250.0, "2022-10-06.02", "2022-12-15.02", "9999-12-31")]


def test_a_cell_that_neither_release_changed_is_paired_as_well():
    """The figure of 2016 is of an older release, and stands."""
    old = ("CA", "2016")
    gold = Gold(
        release(date(2021, 10, 8), {(PCE, *old): "90", (PCE, *CA): "1"}),
        release(OCTOBER, {(PCE, *old): "90", (PCE, *CA): "300"}),
        release(date(2021, 12, 14), {(D2012, *old): "90", (D2012, *CA): "1"}),
        release(DECEMBER, {(D2012, *old): "90", (D2012, *CA): "120"}),
    )
    latest = {r["time_period"]: r for r in gold.rows("pce_state_real")}
    assert {year: row["value"] for year, row in latest.items()} == {"2016": 100.0, "2021": 250.0}
    assert {row["pce_vintage"] for row in latest.values()} == {"2022-10-06"}
    assert {row["deflator_vintage"] for row in latest.values()} == {"2022-12-15"}


def test_deflators_in_sarpp_count_unless_they_have_their_own_table():
    day = date(2023, 12, 14)
    gold = Gold(one(NEXT_OCTOBER, PCE, "600"), one(day, "SARPP:deflator_2017", "100"))
    assert [pair[0] for pair in gold.pairs()] == [600.0]
    gold = Gold(
        one(NEXT_OCTOBER, PCE, "600"),
        one(day, "SARPP:deflator_2017", "100"),
        one(day, D2017, "200"),
    )
    assert [pair[0] for pair in gold.pairs()] == [300.0]


def test_the_later_of_two_base_years_in_a_release_counts():
    gold = Gold(
        one(OCTOBER, PCE, "300"),
        release(DECEMBER, {(D2012, *CA): "120", (D2017, *CA): "100"}),
    )
    (row,) = gold.rows("pce_state_real")
    assert (row["value"], row["base_year"]) == (300.0, 2017)


def test_real_pce_of_another_release_or_base_year_is_not_compared():
    earlier = one(date(2022, 11, 1), REAL2012, "1")
    other_base = one(DECEMBER, REAL2017, "2")
    gold = Gold(one(OCTOBER, PCE, "300"), one(DECEMBER, D2012, "120"), earlier, other_base)
    (row,) = gold.rows("pce_state_real")
    assert (row["bea_value"], row["relative_difference"]) == (None, None)


# --- Any releases, against an oracle -------------------------------------------------------------

# Few dates around the turn of a season and of a year, so that releases meet.
_days = st.sampled_from(
    [
        date(2022, 1, 15),
        date(2022, 8, 31),
        date(2022, 9, 1),
        OCTOBER,
        DECEMBER,
        date(2023, 2, 20),
        date(2023, 8, 31),
        NEXT_OCTOBER,
        date(2023, 12, 14),
    ]
)


def oracle(pce, deflators):
    """The pairs, by the words of decision 21, day by day."""

    def season(day):
        return day.year if day.month >= 9 else day.year - 1

    found = []
    for day in sorted(deflators):
        before = [one for one in pce if one <= day and season(one) == season(day)]
        if before:
            value = 100 * float(pce[max(before)]) / float(deflators[day])
            found.append((value, str(max(before)), str(day)))
    ends = [str(date.fromisoformat(day) - timedelta(days=1)) for _, _, day in found[1:]]
    return [(*pair, end) for pair, end in zip(found, [*ends, "9999-12-31"], strict=False)]


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(
    pce=st.dictionaries(_days, st.integers(1, 10**6), min_size=1, max_size=5),
    deflators=st.dictionaries(_days, st.integers(50, 200), min_size=1, max_size=5),
)
def test_each_release_of_deflators_is_paired_with_the_last_pce_of_its_season(pce, deflators):
    # A release is seen by the figures that it sets: no two in a row say the same.
    pce = {day: str(value * 10 + n) for n, (day, value) in enumerate(sorted(pce.items()))}
    deflators = {day: f"{value}.{n}" for n, (day, value) in enumerate(sorted(deflators.items()))}
    releases = [one(day, PCE, text) for day, text in pce.items()]
    releases += [one(day, D2012, text) for day, text in deflators.items()]
    gold = Gold(*releases, only=("_area", "_history"))
    assert gold.pairs() == oracle(pce, deflators)


# --- What is missing -----------------------------------------------------------------------------


def test_the_us_has_no_real_pce_even_with_its_own_deflator():
    nation = ("US", "2021")
    gold = Gold(
        release(NEXT_OCTOBER, {(PCE, *CA): "300", (PCE, *nation): "3000"}),
        release(
            date(2023, 12, 14),
            {("SARPP:deflator_2017", *CA): "120", ("SARPP:deflator_2017", *nation): "120"},
        ),
    )
    assert [r["ref_area"] for r in gold.rows("pce_state_real")] == ["CA"]


def test_a_missing_deflator_leaves_the_value_empty():
    gold = Gold(one(OCTOBER, PCE, "300"), one(DECEMBER, D2012, None))
    (row,) = gold.rows("pce_state_real")
    assert (row["value"], row["nominal_value"], row["deflator"]) == (None, 300, None)


def test_a_deflator_of_zero_leaves_the_value_empty():
    gold = Gold(one(OCTOBER, PCE, "300"), one(DECEMBER, D2012, "0"), one(DECEMBER, REAL2012, "0"))
    (row,) = gold.rows("pce_state_real")
    assert (row["value"], row["relative_difference"]) == (None, None)


# --- Against BEA's own ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bea", "listed"),
    [
        ("250000.0", False),
        ("250002.4", False),  # 9.6e-6
        ("250002.6", True),  # 1.04e-5
        ("249997.4", True),
        ("275000.0", True),
    ],
)
def test_cells_that_differ_from_bea_by_more_than_a_hundred_thousandth_are_listed(bea, listed):
    gold = Gold(
        one(OCTOBER, PCE, "300000.0"), one(DECEMBER, D2012, "120"), one(DECEMBER, REAL2012, bea)
    )
    found = gold.rows("pce_state_real_check")
    assert [r["ref_area"] for r in found] == (["CA"] if listed else [])
    assert gold.models["pce_state_real_check"].check == "real_pce"


def test_differences_due_to_rounding_are_not_listed():
    """Printed 1000.0, 100.000 and 1000.1: each may be off by half of its last digit."""
    small = [one(OCTOBER, PCE, "1000.0"), one(DECEMBER, D2012, "100")]
    assert not Gold(*small, one(DECEMBER, REAL2012, "1000.1")).rows("pce_state_real_check")
    assert Gold(*small, one(DECEMBER, REAL2012, "1000.2")).rows("pce_state_real_check")


def test_the_verdict_names_the_cells():
    from statpipe.api import Partition
    from statpipe.engine.gold.maker import gold_key
    from statpipe.engine.stages.judge import verdict_on

    gold = Gold(
        one(OCTOBER, PCE, "300"), one(DECEMBER, D2012, "120"), one(DECEMBER, REAL2012, "500")
    )
    model = gold.models["pce_state_real_check"]
    table = computed(gold.connection, model, model.latest_sql)
    verdict = verdict_on(Partition(key=gold_key(model), table=table, fingerprint="f", model=model))
    assert (verdict.check, verdict.dataset, verdict.severity) == (
        "real_pce",
        "pce_state_real_check",
        "warning",
    )
    assert (verdict.passed, verdict.failures, verdict.refuses) == (False, 1, False)
    assert verdict.message.startswith(
        "Real personal consumption expenditures by state: differences from BEA's own figures: 1 "
        "row, first: ref_area CA, time_period 2021, area_name California, year 2021, value "
        "250.0, bea_value 500, relative_difference -0.5"
    )
    (cell,) = verdict.cells
    assert (cell["ref_area"], cell["bea_value"], cell["deflator_vintage"]) == (
        "CA",
        "500",
        "2022-12-15",
    )
    empty = Partition(key=gold_key(model), table=table.slice(0, 0), fingerprint="f", model=model)
    assert verdict_on(empty).passed
