"""Sources run in parallel: a failure of one does not affect the others."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.interruption import remembering_interrupts
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import Options
from support import rates
from support.fakes import MemoryLake, MemorySink, SinksPlugin
from support.patience import PATIENCE
from support.rates import RatesAgency, RatesPlugin, RatesSource
from support.tea import SOURCE, TeaAgency, TeaPlugin, TeaSource, prices

NAMES = [SOURCE, rates.SOURCE]


class Street:
    """Two agencies, and a lake for both."""

    def __init__(self, home):
        self.home, self.lake = home, MemoryLake()
        self.tea, self.rates = TeaAgency(), RatesAgency()
        self.tea.publish("black", "2024-03-01", prices())
        self.tea.publish("green", "2024-03-01", prices())
        self.rates.publish("2024-01-09")

    def run(self, jobs=2):
        registry = Registry(
            [
                ("tea", "statpipe-tea", "1.0", TeaPlugin(lambda: self.tea)),
                ("rates", "statpipe-rates", "1.0", RatesPlugin(lambda: self.rates)),
                ("sinks", "a-test", "2.0", SinksPlugin(lake=self.lake, ledger=MemorySink("l"))),
            ]
        )
        configuration = Configuration(path=None, home=self.home, document={}, variables={})
        site = open_site(configuration, registry, "local")
        try:
            return run_sources(site, NAMES, Options(), jobs=jobs)
        finally:
            site.close()


@pytest.fixture
def street(tmp_path):
    return Street(tmp_path)


def before_fetching(monkeypatch, call):
    """Call something whenever a source is about to fetch, with the source's class."""
    for kind in (TeaSource, RatesSource):

        def fetch(self, dataset, vintage, kind=kind, fetch=kind.fetch):
            call(kind)
            yield from fetch(self, dataset, vintage)

        monkeypatch.setattr(kind, "fetch", fetch)


def test_two_agencies_are_asked_at_the_same_time(street, monkeypatch):
    both, met = threading.Barrier(2), []

    def meet(kind):
        if kind not in met:
            both.wait(PATIENCE)
            met.append(kind)

    before_fetching(monkeypatch, meet)
    manifests = street.run()
    assert [(run.source, run.message) for run in manifests] == [(n, "") for n in NAMES]
    assert len(met) == 2
    assert len({run.run_id for run in manifests}) == 2


def test_sources_of_one_agency_take_turns(street, monkeypatch):
    asking, most = [], []

    def count(kind):
        asking.append(kind)
        most.append(len(asking))
        time.sleep(0.05)
        asking.remove(kind)

    before_fetching(monkeypatch, count)
    for kind in (TeaSource, RatesSource):
        monkeypatch.setattr(kind, "agency", "the only one")
    assert [run.outcome for run in street.run()] == ["loaded", "loaded"]
    assert max(most) == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_source_does_not_stop_the_other(street, jobs):
    street.tea.garbled = True
    assert [run.exit_code for run in street.run(jobs)] == [4, 0]


def test_ctrl_c_interrupts_all_runs_and_each_reports_it(street, monkeypatch):
    both = threading.Barrier(2)

    def interrupt(kind):
        both.wait(PATIENCE)
        if kind is TeaSource:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

    before_fetching(monkeypatch, interrupt)
    with remembering_interrupts():
        manifests = street.run()
    assert [(run.outcome, run.exit_code) for run in manifests] == [("interrupted", 130)] * 2
    assert not street.lake.holders


def test_ctrl_c_before_all_runs_are_known_leaves_none_waiting(street, monkeypatch):
    submit, begun = ThreadPoolExecutor.submit, []

    def interrupted(pool, *work):
        if pool._thread_name_prefix == "statpipe-run":
            if begun:
                raise KeyboardInterrupt
            begun.append(work)
        return submit(pool, *work)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        street.run()
    assert begun
    assert not street.lake.holders
