"""A survey of BLS in three lines of configuration. All figures are made up."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from statpipe.testing import CANARY, shows
from support.fake_bls import serving

RATE = "LAUST060000000000003"
FIRST = {
    (RATE, "2022", "M12"): "3.7",
    (RATE, "2022", "M13"): "4.2",
    (RATE, "2023", "M01"): "4.9 P",
    (RATE, "2023", "M02"): "- N",
    ("LASST060000000000003", "2023", "M01"): "4.2",
    ("LAUST010000000000003", "2022", "M13"): "2.5",
    ("LAUST010000000000004", "2022", "M13"): "57123",
}
SECOND = {**FIRST, (RATE, "2023", "M01"): "4.8", (RATE, "2023", "M02"): "4.6 P"}
LAKE = """
[environments.local]
embedded = true
[environments.local.sinks.lake]
"""
"""No database: this is about what comes from BLS."""


@pytest.fixture
def bls():
    with serving(figures=FIRST, key=CANARY) as fake:
        yield fake


PAGE = (Path(__file__).parents[2] / "docs" / "bls.md").read_text()


def test_the_three_lines_of_the_page_run_and_show_its_output(home, bls):
    home.environment["BLS_API_KEY"] = CANARY
    lines = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
    assert len(lines.splitlines()) == 3
    home.configure(f'{lines}api_url = "{bls.api_url}"\n{LAKE}')
    commands = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
    said = [home.run(*command.split()[1:]).stdout for command in commands]
    assert "California" in said[-1]
    assert "2022-12" in said[-1]
    assert f"{len(bls.asked)} for the three lines above with a key" in PAGE


def test_a_revised_survey_is_loaded_from_the_api(home, bls):
    home.environment["BLS_API_KEY"] = CANARY
    home.configure(bls.configuration("LA", "start = 2020", 'codes.measure = ["03", "04"]') + LAKE)
    told = home.run("run", "jobs")
    assert "loaded" in told.stderr
    assert len(bls.asked) == 5  # 208 series, 50 a query
    assert "unchanged" in home.run("run", "jobs").stderr
    bls.figures = SECOND
    told = home.run("run", "jobs")
    assert "2 of 7 revised" in told.stderr + told.stdout
    shown = home.run("show", "jobs_figures", "--json", "--area", "CA").stdout
    rows = {(row["category"], row["time_period"]): row for row in json.loads(shown)}
    assert set(rows) == {
        ("U.03", "2022-12"),
        ("U.03", "2022"),
        ("U.03", "2023-01"),
        ("U.03", "2023-02"),
        ("S.03", "2023-01"),
    }
    row = rows["U.03", "2023-02"]
    assert (row["value"], row["obs_status"], row["notes"]) == ("4.6", "P", "Preliminary.")
    assert (row["area_name"], row["freq"], row["unit"]) == ("California", "M", "Percent")
    assert (row["measure_name"], row["basis"]) == ("unemployment rate", "observed")
    assert not any(shows(body, CANARY) for _, body in home.every_byte())


def test_states_are_compared_across_bls_files_and_samples_of_bea(home, bls):
    bls.members = {"la.data.2.AllStatesU": "LAUST", "la.data.3.AllStatesS": "LASST"}
    bls.lists = {
        "la.area": "area_type_code\tarea_code\tarea_text\nA\tST0600000000000\tCalifornia\n",
        "la.measure": "measure_code\tmeasure_text\n03\tunemployment rate\n04\tunemployment\n"
        "05\temployment\n06\tlabor force\n",
    }
    bls.figures = {(RATE, "2021", "M13"): "7.3", (RATE, "2021", "M12"): "5.0 P"}
    lines = ('channel = "bulk"', 'contact = "data@example.org"')
    home.configure(
        bls.configuration("LA", *lines, name="jobless")
        + '[sources.bea_pce_state]\ntables = ["SAPCE2"]\n[sources.bea_rpp_state]\ntables = ["SARPP"]\n'
    )
    home.run("db", "start")  # once, and not for each question
    home.run("run", "jobless", "bea_pce_state", "bea_rpp_state")
    asked = (
        "SELECT unemployment_rate::text AS rate, pce_per_capita::text AS pce, price_level::text, "
        "round(pce_per_capita_at_us_prices) AS at_us_prices, unemployment_vintage "
        "FROM gold.jobless_figures_and_pce{} WHERE ref_area = 'CA' AND year = 2021"
    )
    found = {"rate": "7.3", "pce": "53082", "price_level": "111.797", "at_us_prices": 47481}
    dated = {"unemployment_vintage": "2024-01-19"}
    assert home.query(asked.format("")) == [found | dated]
    (before,) = home.query(asked.format("_as_of('2023-01-01')"))
    assert before == found | {"rate": None, "unemployment_vintage": None}
    shown = home.run("show", "jobless_figures_and_pce", "--area", "CA", "--json").stdout
    assert {row["year"]: row["unemployment_rate"] for row in json.loads(shown)}[2021] == "7.3"
