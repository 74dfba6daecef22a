"""A flow and its key are found without leaving the terminal."""

from __future__ import annotations

import json
import tomllib

import pytest

from statpipe.api import ConfigError, NoData
from statpipe_sdmx import commands
from support.fake_sdmx import serving
from support.sdmx_messages import TIME, VALUE, Cube, Listed

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual", "M": "Monthly"})
GEO = Listed(id="GEO", name="Area", codes={f"A{number:02}": f"Area {number}" for number in range(60)})  # fmt: skip
TEA = Listed(id="TEA", name="Kind of tea", codes={"G": "Green tea", "B": "Black tea"})
ROW = {"FREQ": "A", "GEO": "A01", "TEA": "G", TIME: "2024", VALUE: "1.5"}
CUBE = Cube(flow="TEA", title="Trade in tea", dimensions=(FREQ, GEO, TEA), rows=(ROW,))


@pytest.fixture
def service(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with serving(flows={"TEA": CUBE}) as fake:
        yield fake


@pytest.fixture
def tell(capsys):
    """Run a command; return what it prints."""

    def tell(command, *words, **options):
        assert command(*words, **options) == 0
        return capsys.readouterr().out

    return tell


def listed(text):
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_known_services_are_found_by_words(tell):
    assert len(listed(tell(commands.services))) > 30
    assert listed(tell(commands.services, "eurostat", "3.0")) == ["ESTAT3"]
    with pytest.raises(NoData, match="no known service has nowhere; for any other, give its URL"):
        commands.services("nowhere")


def test_flows_are_found_by_words_in_their_titles(service, tell):
    assert listed(tell(commands.flows, service.url, "TRADE")) == ["TEA"]
    (found,) = json.loads(tell(commands.flows, service.url, json_=True))
    assert found["title"] == "Trade in tea"


def test_a_structure_shows_the_dimensions_in_order_with_their_first_codes(service, tell):
    text = tell(commands.structure, service.url, "TEA")
    assert listed(text) == ["FREQ", "GEO", "TEA"]
    assert "A07 Area 7, and 52 more" in text


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["GEO"], [f"A{number:02}" for number in range(60)]),
        (["geo", "area", "59"], ["A59"]),
        (["black"], ["B"]),
        (["annual"], ["A"]),
    ],
)
def test_codes_are_found_by_words_in_their_names(service, tell, words, codes):
    found = json.loads(tell(commands.structure, service.url, "TEA", *words, json_=True))
    assert [row["code"] for row in found] == codes
    text = tell(commands.structure, service.url, "TEA", *words)
    assert [line.split()[1] for line in text.splitlines()[1:]] == codes


def test_words_that_no_code_has_are_told(service):
    with pytest.raises(NoData, match="flow TEA has no code with coffee; try fewer or other words"):
        commands.structure(service.url, "TEA", "coffee")


def test_a_key_is_printed_as_lines_to_paste(service, tell):
    text = tell(commands.key, service.url, "TEA", "geo=A01+A02", "FREQ=A")
    told = tomllib.loads(text)["sources"]["tea"]
    lines = {"use": "sdmx", "url": service.url, "flow": "TEA", "key": "A.A01+A02.", "freq": "A"}
    assert told == lines
    assert json.loads(tell(commands.key, service.url, "TEA", "GEO=A01+A02", "FREQ=A", json_=True)) == {
        "name": "tea",
        "dimensions": ["FREQ", "GEO", "TEA"],
    } | lines  # fmt: skip


def test_a_service_of_the_newer_version_is_asked_in_it(service, tell):
    text = tell(commands.key, service.url, "TEA", rest="3.0")
    assert tomllib.loads(text)["sources"]["tea"]["rest"] == "3.0"
    assert listed(tell(commands.flows, service.url, rest="3.0")) == ["TEA"]
    assert {one.path.split("/")[1] for one in service.agency.requests} == {"structure"}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("GOE=A01", "flow TEA has no dimension 'GOE'; did you mean 'GEO'?"),
        ("GEO=A99", "GEO has no code 'A99' among its 60"),
        ("GEO=", "GEO has no codes; write them as GEO=CODE, or GEO=ONE+OTHER"),
    ],
)
def test_what_is_wrong_in_a_key_is_named_with_the_nearest(service, wanted, says):
    with pytest.raises(ConfigError) as error:
        commands.key(service.url, "TEA", wanted)
    assert says in str(error.value)


def test_an_answer_is_kept_for_a_day(service, tell):
    for _ in range(2):
        tell(commands.structure, service.url, "TEA")
    assert len(service.agency.requests) == 1
    tell(commands.structure, service.url, "TEA", fresh=True)
    assert len(service.agency.requests) == 2
