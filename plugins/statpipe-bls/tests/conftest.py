"""A little of BLS's unemployment by state. All figures are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from statpipe.api import Environment
from statpipe.domain.seal import seal
from statpipe_bls.normalizer import BlsNormalizer
from statpipe_bls.settings import BlsSettings
from statpipe_bls.source import BlsSource
from support.fake_bls import serving

AREAS = """area_type_code	area_code	area_text	display_level	selectable	sort_sequence
A	ST0100000000000	Alabama	0	T	1
A	ST0600000000000	California	0	T	5
F	CN0603700000000	Los Angeles County, CA	0	T	9
G	CN0603700000000	Los Angeles County/city, CA	0	T	99
"""
MEASURES = "measure_code\tmeasure_text\n03\tunemployment rate\n04\tunemployment\n"
LISTS = {"la.area": AREAS, "la.measure": MEASURES}
FILES = {
    "la.data.2.AllStatesU": "LAUST",
    "la.data.3.AllStatesS": "LASST",
    "la.data.64.County": "LAUCN",
}

ALABAMA, CALIFORNIA = "LAUST010000000000003", "LAUST060000000000003"
FIGURES = {
    (ALABAMA, "2022", "M12"): "2.41",
    (ALABAMA, "2022", "M13"): "2.52",
    (ALABAMA, "2023", "M01"): "2.93 P",
    (CALIFORNIA, "2022", "M12"): "3.74",
    (CALIFORNIA, "2022", "M13"): "4.25",
    (CALIFORNIA, "2023", "M01"): "- N",
}


@pytest.fixture
def bls():
    with serving(figures=FIGURES, lists=LISTS, members=FILES) as fake:
        yield fake


@pytest.fixture
def settings_of(bls, tmp_path):
    """Make settings that lead to the local BLS."""

    def settings_of(survey="LA", **told):
        usual = {
            "areas": ("AL", "CA") if survey == "LA" else (),
            "codes": {"seasonal": ("U",), "measure": ("03",)} if survey == "LA" else {},
            "api_url": bls.api_url,
            "bulk_url": bls.bulk_url,
            "environment": Environment(name="local", home=Path(tmp_path)),
        }
        return BlsSettings(survey=survey, **(usual | told))

    return settings_of


@pytest.fixture
def read(settings_of):
    """Fetch a survey and read it, as a run does; return the rows of Silver."""

    def read(survey="LA", **told):
        source = BlsSource(settings_of(survey, **told))
        (dataset,) = source.datasets()
        vintage = source.probe(dataset)
        payloads = list(source.fetch(dataset, vintage))
        assert source.requests(dataset, vintage) == len(payloads)
        source.close()
        described = BlsNormalizer().describe(dataset, payloads)
        table = BlsNormalizer().normalize(described, payloads)
        return seal(table, described, vintage.id).to_pylist()

    return read
