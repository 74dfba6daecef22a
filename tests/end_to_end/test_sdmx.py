"""A data flow in five lines of configuration: figures, vintages, and where they come from."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import attrs
import pytest

from support.fake_sdmx import serving
from support.sdmx_messages import TIME, VALUE, Cube, Listed, Release

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual", "M": "Monthly"})
GEO = Listed(id="GEO", name="Geopolitical entity", codes={"DE": "Germany", "FR": "France"})
ITEM = Listed(id="NA_ITEM", name="National accounts item", codes={"B1GQ": "GDP", "P3": "Spending"})
UNIT = Listed(id="UNIT", name="Unit", codes={"CP_MEUR": "Current prices, million euro"})
STATUS = Listed(id="OBS_STATUS", name="Status", series=False)


def accounts(figures, updated=""):
    """A flow of national accounts: figures by area, item and year."""
    rows = [
        {
            "FREQ": "A",
            "GEO": geo,
            "NA_ITEM": item,
            "UNIT": "CP_MEUR",
            TIME: year,
            VALUE: value,
            "OBS_STATUS": "A",
        }
        for (geo, item, year), value in figures.items()
    ]
    return Cube(
        agency="ESTAT",
        flow="NAMA_10_GDP",
        title="GDP and main components",
        dimensions=(FREQ, GEO, ITEM, UNIT),
        attributes=(STATUS,),
        rows=tuple(rows),
        updated=updated,
    )


FIRST = {
    ("DE", "B1GQ", "2022"): "3953850.0",
    ("DE", "B1GQ", "2023"): "4185550.0",
    ("FR", "B1GQ", "2022"): "2655435.0",
    ("FR", "B1GQ", "2023"): "2822455.0",
}
SECOND = FIRST | {("DE", "B1GQ", "2023"): "4219310.0", ("DE", "B1GQ", "2024"): "4305260.0"}


@pytest.fixture
def service():
    with serving() as fake:
        yield fake


LAKE = """
[environments.local]
embedded = true
[environments.local.sinks.lake]
"""
"""No database: most of these are about what comes from the service."""


@pytest.fixture
def gdp(home, service):
    """Configure the flow of a service; return what publishes in it."""
    home.configure(
        f"""
[sources.gdp]
use = "sdmx"
url = "{service.url}"
flow = "NAMA_10_GDP"
key = "A..B1GQ.CP_MEUR"
"""
        + LAKE
    )

    def publish(figures, updated=""):
        service.flows["NAMA_10_GDP"] = accounts(figures, updated)

    return publish


def shown(home, *more):
    rows = json.loads(home.run("show", "gdp_figures", "--json", *more).stdout)
    return {(row["ref_area"], row["time_period"]): row["value"] for row in rows}


def bases(home):
    rows = json.loads(home.run("show", "gdp_figures_history", "--json").stdout)
    return {row["basis"] for row in rows}


def test_two_releases_of_a_flow_without_history_are_two_vintages(home, gdp, service):
    home.configure((home.folder / "statpipe.toml").read_text().replace(LAKE, ""))
    service.modified = "Tue, 20 Feb 2024 10:00:00 GMT"
    gdp(FIRST)
    assert "loaded" in home.run("run", "gdp").stderr
    assert shown(home)["DE", "2023"] == "4185550.0"

    service.modified = "Fri, 24 May 2024 10:00:00 GMT"
    gdp(SECOND)
    told = home.run("run", "gdp")
    assert "1 of 4 revised" in told.stderr + told.stdout
    assert shown(home)["DE", "2023"] == "4219310.0"
    assert shown(home, "--as-of", "2024-05-23")["DE", "2023"] == "4185550.0"
    assert ("DE", "2024") not in shown(home, "--as-of", "2024-05-23")

    as_of = home.query(
        "SELECT value FROM gold.gdp_figures_as_of(DATE '2024-03-01') "
        "WHERE ref_area = 'DE' AND time_period = '2023'"
    )
    assert [str(row["value"]) for row in as_of] == ["4185550.0"]

    cell = ("--area", "DE", "--category", "B1GQ.CP_MEUR", "--period", "2023")
    explained = home.run("explain", "gdp_figures", *cell).stdout
    assert "bronze/gdp/" in explained
    assert "2024-05-24" in explained
    (row,) = home.query(
        "SELECT DISTINCT na_item, na_item_name, unit, area_name FROM gold.gdp_figures "
        "WHERE ref_area = 'DE'"
    )
    assert row == {
        "na_item": "B1GQ",
        "na_item_name": "GDP",
        "unit": "Current prices, million euro",
        "area_name": "Germany",
    }


def test_an_unchanged_flow_that_says_when_it_was_updated_costs_one_request(home, gdp, service):
    text = (home.folder / "statpipe.toml").read_text()
    home.configure(text.replace("flow =", 'service = "ESTAT"\nflow ='))
    gdp(FIRST, updated="2024-02-20T11:00:00+0100")
    home.run("run", "gdp")
    assert bases(home) == {"service"}
    before = len(service.agency.requests)
    assert "unchanged" in home.run("run", "gdp").stderr
    assert len(service.agency.requests) == before + 1


LATE, EARLY, EARLIER = "2024-05-24T10:00:00", "2024-02-20T10:00:00", "2023-11-20T10:00:00"
AHEAD = "2999-05-24T10:00:00"


@pytest.mark.parametrize("house", ["", "ESTAT"])
@pytest.mark.parametrize("dates", [(LATE, EARLY, EARLIER), (LATE, AHEAD, LATE), (AHEAD,) * 3])
def test_a_service_that_lies_about_its_updates_loses_no_vintage(home, gdp, service, house, dates):
    """No figure is shown for a day before which it was seen, whatever the service says later."""
    if house:
        text = (home.folder / "statpipe.toml").read_text()
        home.configure(text.replace("flow =", f'service = "{house}"\nflow ='))
    figures = ["4185550.0", "4185551.0", "4185552.0"]
    for value, date in zip(figures, dates, strict=True):
        at = datetime.fromisoformat(date).replace(tzinfo=UTC)
        service.modified = "" if house else format_datetime(at, usegmt=True)
        gdp(FIRST | {("DE", "B1GQ", "2023"): value}, updated=at.isoformat() if house else "")
        home.run("run", "gdp")
    rows = json.loads(home.run("show", "gdp_figures_history", "--json", "--area", "DE").stdout)
    rows = [row for row in rows if row["time_period"] == "2023"]
    assert [row["value"] for row in rows] == figures
    is_dated = dates[0] != AHEAD
    if is_dated:
        assert shown(home, "--as-of", "2024-06-30")["DE", "2023"] == figures[0]
    assert [row["basis"] for row in rows] == [
        "service" if is_dated else "observed",
        "observed",
        "observed",
    ]


def test_a_flow_without_a_date_is_dated_by_the_day_first_seen(home, gdp):
    gdp(FIRST)
    home.run("run", "gdp")
    assert "unchanged" in home.run("run", "gdp").stderr
    assert bases(home) == {"observed"}


@pytest.mark.parametrize("formats", [("ml 2.1, series",), ("csv 1.0",)])
def test_the_best_format_of_the_service_is_used(home, gdp, service, formats):
    service.formats = formats
    gdp(FIRST)
    home.run("run", "gdp")
    assert shown(home)["FR", "2022"] == "2655435.0"


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ('key = "A.DE.B1GQ"', 2, "the key 'A.DE.B1GQ' has 3 parts, and DSD has 4 dimensions: write FREQ.GEO.NA_ITEM.UNIT"),
        ('key = "A.DE.B1G.CP_MEUR"', 2, "NA_ITEM has no code 'B1G' among its 2; did you mean 'B1GQ'?"),
        ('key = "A.DE.P3.CP_MEUR"', 1, "check `flow` and `key`"),
        ('flow = "NAMA_10"', 2, "the service has no flow 'NAMA_10' among its 1; did you mean 'NAMA_10_GDP'?"),
        ('service = "ESTA"', 2, "sources.gdp.service: no service is named 'ESTA'; did you mean 'ESTAT'?"),
        ('key = "A DE"', 2, "codes joined by points"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_a_remedy(home, gdp, change, code, says):
    gdp(FIRST)
    file = home.folder / "statpipe.toml"
    name = change.partition(" ")[0]
    kept = [line for line in file.read_text().splitlines() if not line.startswith(name)]
    home.configure("\n".join(kept).replace("[sources.gdp]", f"[sources.gdp]\n{change}"))
    assert says in home.run("run", "gdp", code=code).stderr


def test_one_of_three_services_that_is_down_does_not_stop_the_others(home):
    with serving() as first, serving() as second, serving() as third:
        text = ""
        for name, fake in (("one", first), ("two", second), ("three", third)):
            fake.flows["NAMA_10_GDP"] = accounts(FIRST)
            text += f'[sources.{name}]\nuse = "sdmx"\nurl = "{fake.url}"\nflow = "NAMA_10_GDP"\n'
        home.configure(text + LAKE)
        second.manners = "down"
        told = home.run("run", "one", "two", "three", code=5).stderr
        assert "two: " in told
        assert "503" in told
        for name in ("one", "three"):
            rows = json.loads(home.run("show", f"{name}_figures", "--json").stdout)
            assert len(rows) == 4


PAGE = (Path(__file__).parents[2] / "docs" / "sdmx.md").read_text()


def rates(**figures):
    """The flow of the documentation: euro rates of two currencies."""
    codes = {"FREQ": ["D"], "CURRENCY": ["USD", "GBP", "JPY"], "CURRENCY_DENOM": ["EUR"]}
    codes |= {"EXR_TYPE": ["SP00"], "EXR_SUFFIX": ["A"]}
    dimensions = [
        Listed(id=name, name=name, codes={c: c for c in some}) for name, some in codes.items()
    ]
    fixed = {name: some[0] for name, some in codes.items()}
    rows = [
        fixed | {"CURRENCY": currency, TIME: day.replace("_", "-")[1:], VALUE: value}
        for day, values in figures.items()
        for currency, value in values.items()
    ]
    return Cube(
        agency="ECB", flow="EXR", title="Rates", dimensions=tuple(dimensions), rows=tuple(rows)
    )


def test_the_commands_of_the_page_run_as_written(home, service):
    """The lines of its first block, and all commands of the blocks that can be run."""
    (lines, *_) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    commands = [
        line
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
    ]
    home.configure(lines + f'url = "{service.url}"\n' + LAKE)
    today = rates(_2024_05_23={"USD": "1.0854", "JPY": "170.1"}, _2024_05_24={"USD": "1.0840"})
    first = rates(_2024_05_23={"USD": "1.0853"}).rows
    service.flows["EXR"] = today
    service.history["EXR"] = (
        Release(at="2024-05-23T16:00:00+02:00", rows=first),
        Release(at="2024-05-24T16:00:00+02:00", rows=(today.rows[0], today.rows[2])),
    )
    told = {command: home.run(*command.split()[1:]).stdout for command in commands}
    assert list(told) == [
        "statpipe run ecb_rates",
        "statpipe show ecb_rates_figures",
        "statpipe backfill ecb_rates",
    ]
    assert "1.0854" in told["statpipe show ecb_rates_figures"]
    assert "170.1" not in told["statpipe show ecb_rates_figures"]  # the key asks for two currencies
    told = home.run("show", "ecb_rates_figures", "--json", "--as-of", "2024-05-23").stdout
    assert [row["value"] for row in json.loads(told)] == ["1.0853"]
    assert {row["basis"] for row in json.loads(told)} == {"service"}


def test_the_component_itself_is_not_a_source(home):
    told = home.run("run", "sdmx", code=2).stderr
    assert '[sources.my_flow] use = "sdmx"' in told
    listed = json.loads(home.run("plugins", "list", "--json").stdout)
    assert ("source", "sdmx") in {(row["role"], row["name"]) for row in listed}
    seen = json.loads(home.run("doctor", "--json", code=None).stdout)
    assert "sdmx" not in {row["subject"] for row in seen}


def test_several_flows_can_be_datasets_of_one_source(home, service):
    service.flows = {
        "NAMA_10_GDP": accounts(FIRST),
        "NAMA_10_P": attrs.evolve(accounts(SECOND), flow="NAMA_10_P"),
    }
    home.configure(
        f'[sources.gdp]\nuse = "sdmx"\nurl = "{service.url}"\nflows = ["NAMA_10_GDP", "NAMA_10_P"]\n'
        + LAKE
    )
    service.tags = True
    home.run("run", "gdp")
    rows = json.loads(home.run("show", "gdp_figures", "--json").stdout)
    assert Counter(row["dataset"] for row in rows) == {"NAMA_10_GDP": 4, "NAMA_10_P": 5}
    service.agency.requests.clear()
    assert "unchanged" in home.run("run", "gdp").stderr
    assert sorted(one.path for one in service.agency.requests) == [
        "/data/NAMA_10_GDP/all",
        "/data/NAMA_10_P/all",
    ]


def test_a_withdrawn_code_is_reported_and_its_figures_end(home, gdp, service):
    service.modified = "Tue, 20 Feb 2024 10:00:00 GMT"
    gdp(FIRST)
    home.run("run", "gdp")
    service.modified = "Fri, 24 May 2024 10:00:00 GMT"
    germany = attrs.evolve(GEO, codes={"DE": "Germany"})
    left = {cell: value for cell, value in FIRST.items() if cell[0] == "DE"}
    service.flows["NAMA_10_GDP"] = attrs.evolve(
        accounts(left), dimensions=(FREQ, germany, ITEM, UNIT)
    )
    told = home.run("run", "gdp")
    assert "1 withdrawn (FR France)" in told.stderr + told.stdout
    assert {area for area, _ in shown(home)} == {"DE"}
    assert {area for area, _ in shown(home, "--as-of", "2024-05-23")} == {"DE", "FR"}


def test_series_of_different_length_pass_the_standard_checks(home, gdp):
    ragged = {
        ("DE", "B1GQ", "1991"): "1585800.0",
        ("DE", "B1GQ", "1992"): "1702060.0",
        ("FR", "B1GQ", "1992"): "1103400.0",
        ("FR", "B1GQ", "1995"): "1196182.0",
    }
    gdp(ragged)
    home.run("run", "gdp")
    assert len(shown(home)) == 4


@pytest.mark.parametrize("key", ["A.DE+FR.B1GQ.CP_MEUR", ""])
def test_a_request_that_is_too_large_is_split_into_parts(home, gdp, service, key):
    file = home.folder / "statpipe.toml"
    kept = [line for line in file.read_text().splitlines() if not line.startswith("key")]
    home.configure("\n".join(kept).replace("[sources.gdp]", f'[sources.gdp]\nkey = "{key}"'))
    gdp(FIRST)
    home.run("run", "gdp")
    whole = shown(home)
    service.most = 2
    home.run("run", "gdp", "--full")
    assert "unchanged" in home.run("run", "gdp").stderr
    assert shown(home) == whole
    assert len(service.asked("data")) > 4
    service.most = 1
    service.modified = "Fri, 24 May 2024 10:00:00 GMT"
    gdp(SECOND)
    told = home.run("run", "gdp", code=1).stderr
    assert "too large (HTTP 413); narrow `key`, or set `start`" in told


def test_a_flow_of_a_department_is_requested_under_its_name(home, service):
    flow = "DSD_NAAG@DF_NAAG_I"
    service.flows[flow] = attrs.evolve(accounts(FIRST), agency="OECD.SDD.NAD", flow=flow)
    home.configure(
        f'[sources.naag]\nuse = "sdmx"\nservice = "OECD"\nurl = "{service.url}"\nflow = "{flow}"\n'
        + LAKE
    )
    home.run("run", "naag")
    assert [one.path for one in service.asked("dataflow")] == [f"/dataflow/all/{flow}/latest"]
    assert [one.path for one in service.asked("data")] == [f"/data/OECD.SDD.NAD,{flow},latest/all"]
    rows = json.loads(home.run("show", "naag_figures", "--json").stdout)
    assert {row["dataset"] for row in rows} == {"DSD_NAAG_DF_NAAG_I"}


class TestFindingAFlow:
    """``statpipe sdmx``, from the services to the lines to paste."""

    @pytest.fixture(autouse=True)
    def _flows(self, service):
        service.flows["NAMA_10_GDP"] = accounts(FIRST)
        service.flows["EI_BPM"] = attrs.evolve(
            accounts(FIRST), flow="EI_BPM", title="Balance of payments"
        )

    def test_services_are_listed(self, home):
        listed = json.loads(home.run("sdmx", "services", "--json").stdout)
        assert {"ECB", "ESTAT", "OECD", "IMF_DATA"} <= {one["service"] for one in listed}
        assert "European Central Bank" in home.run("sdmx", "services").stdout

    def test_flows_are_found_by_words_in_their_titles(self, home, service):
        found = home.run("sdmx", "flows", service.url, "main", "GDP").stdout
        assert "NAMA_10_GDP" in found
        assert "EI_BPM" not in found
        told = home.run("sdmx", "flows", service.url, "weather", code=1).stderr
        assert "has no flow with weather; try fewer or other words" in told

    def test_a_structure_shows_dimensions_in_the_order_of_the_key(self, home, service):
        rows = json.loads(
            home.run("sdmx", "structure", service.url, "NAMA_10_GDP", "--json").stdout
        )
        assert [row["dimension"] for row in rows] == ["FREQ", "GEO", "NA_ITEM", "UNIT"]
        assert rows[1]["codes"] == {"DE": "Germany", "FR": "France"}
        assert (
            "DE Germany, FR France"
            in home.run("sdmx", "structure", service.url, "NAMA_10_GDP").stdout
        )

    def test_the_printed_lines_can_be_pasted_and_run(self, home, service):
        asked = ("sdmx", "key", service.url, "NAMA_10_GDP", "GEO=DE+FR", "NA_ITEM=B1GQ")
        lines = home.run(*asked).stdout
        assert 'key = ".DE+FR.B1GQ."' in lines
        home.configure(lines + LAKE)
        home.run("run", "nama_10_gdp")
        rows = json.loads(home.run("show", "nama_10_gdp_figures", "--json").stdout)
        assert len(rows) == 4

    @pytest.mark.parametrize(
        ("asked", "code", "says"),
        [
            (("flows", "ECBB"), 2, "no service is named 'ECBB'; did you mean 'ECB'?"),
            (("structure", "URL", "NAMA"), 2, "the service has no flow 'NAMA' among its 2"),
            (("key", "URL", "NAMA_10_GDP", "GEO=DEE"), 2, "GEO has no code 'DEE' among its 2; did you mean 'DE'?"),
            (("key", "URL", "NAMA_10_GDP", "GEO"), 2, "write them as GEO=CODE"),
            (("key", "URL", "NAMA_10_GDP", "GEOO=DE"), 2, "has no dimension 'GEOO'; did you mean 'GEO'?"),
            (("flow",), 2, "see `statpipe sdmx --help`"),
        ],
    )  # fmt: skip
    def test_an_unknown_name_is_reported_with_the_nearest_one(
        self, home, service, asked, code, says
    ):
        asked = [service.url if one == "URL" else one for one in asked]
        assert says in home.run("sdmx", *asked, code=code).stderr


@pytest.mark.parametrize("updated", ["", "2024-02-20T11:00:00+0100"])
def test_a_later_start_deletes_nothing(home, gdp, service, updated):
    text = (home.folder / "statpipe.toml").read_text()
    if updated:
        text = text.replace("flow =", 'service = "ESTAT"\nflow =')
    home.configure(text)
    gdp(FIRST, updated)
    home.run("run", "gdp")
    home.configure(text.replace("flow =", 'start = "2023"\nflow ='))
    gdp(SECOND, updated.replace("02-20", "05-24"))
    told = home.run("run", "gdp")
    assert "0 dropped" in told.stderr
    assert shown(home)["DE", "2022"] == "3953850.0"
    assert shown(home)["DE", "2024"] == "4305260.0"
