"""Real worker processes, of the standard library and of Dask: one dies, and the lake is the same."""

import os

import pytest

from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.executors import executor_for
from support.installed import TESTS, install_tea
from support.mortal import VARIABLE, MortalPlugin
from support.shared_office import SharedOffice
from support.tea import DATASETS, Release, TeaAgency, prices

DAYS = ("2024-01-01", "2024-02-01", "2024-03-01")
LAYERS = ("bronze", "silver", "changes", "gold")


class Office:
    """The agency, and the plugin that reads it."""

    def __init__(self):
        self.agency = TeaAgency(today="2024-03-02")
        for number, day in enumerate(DAYS, 1):
            for name in DATASETS:
                figures = prices(10 * number)
                self.agency.releases.append(Release(dataset=name, released=day, figures=figures))

    def plugin(self):
        return MortalPlugin(lambda: self.agency)


@pytest.fixture
def office(tmp_path, monkeypatch):
    made = Office()
    made.agency.save(tmp_path / "agency.json")
    plugin = install_tea(tmp_path / "plugin")
    monkeypatch.setenv("TEA_AGENCY", str(tmp_path / "agency.json"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (plugin, TESTS))))
    monkeypatch.syspath_prepend(str(plugin))  # where spawned processes look
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mortal"))
    return made


@pytest.fixture
def alone(office, tmp_path):
    place = SharedOffice(office, tmp_path / "alone")
    place.backfill()
    return place


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_worker_that_is_killed_in_the_middle_changes_nothing(office, alone, tmp_path, kind):
    mortal = tmp_path / "mortal"
    mortal.touch()
    engine = {"executor": kind, "workers": 2}
    configuration = Configuration(
        path=None, home=tmp_path, document={"engine": engine}, variables={}
    )
    place = SharedOffice(office, tmp_path / "shared")
    with executor_for(configuration, None) as pool:
        manifests = place.backfill(pool)
    assert [run.outcome for run in manifests] == ["loaded"] * 4
    assert not mortal.exists()
    assert place.files(*LAYERS) == alone.files(*LAYERS)
