"""A run of a source leaves payloads behind, and nothing else: each that leaves more is caught."""

import os
import sys
import types
from datetime import UTC, datetime

import attrs
import pytest

from contract.caught import assert_caught
from contract.rain import RainSource
from statpipe.api import Component, hookimpl


class Prints(RainSource):
    def fetch(self, dataset, vintage):
        print("fetching", dataset.name)
        yield from super().fetch(dataset, vintage)


class WritesTheEnvironment(RainSource):
    def probe(self, dataset):
        os.environ["RAIN_LAST"] = dataset.name
        return super().probe(dataset)


class KeepsAFile(RainSource):
    place = ""

    def payload(self, station, body):
        with open(self.place, "wb") as file:  # noqa: PTH123 - as authors do
            file.write(body)
        return super().payload(station, body)


class ChangesTheDataset(RainSource):
    def fetch(self, dataset, vintage):
        object.__setattr__(dataset, "title", "Rain")
        yield from super().fetch(dataset, vintage)


class TakesLocalTimeForUtc(RainSource):
    def payload(self, station, body):
        now = datetime.now().replace(tzinfo=UTC)
        return attrs.evolve(super().payload(station, body), retrieved=now)


class StaysOpen(RainSource):
    def __init__(self, settings):
        super().__init__(settings)
        self.log = open(os.devnull)  # noqa: PTH123, SIM115 - that is the fault


class MendsOneAnswer(RainSource):
    """The probe is strict, so that an answer that is odd everywhere is refused; the figures are not."""

    def fetch(self, dataset, vintage):
        for payload in list(super().fetch(dataset, vintage)):
            self.probe(dataset)
            yield attrs.evolve(payload, body=payload.body.decode(errors="replace").encode())


RUN = "test_a_run_prints_nothing_and_changes_nothing"
CAUGHT = {
    Prints: (RUN, "the source prints 'fetching rain"),
    WritesTheEnvironment: (RUN, "the source changes RAIN_LAST in the environment"),
    KeepsAFile: (RUN, "the source writes the file"),
    ChangesTheDataset: (RUN, "dataset rain after a run is"),
    TakesLocalTimeForUtc: (
        "test_payloads_say_when_they_were_retrieved",
        "was retrieved just now, and says",
    ),
    StaysOpen: (
        "test_a_source_that_is_closed_leaves_nothing_open",
        "12 sources were used and closed, and ",
    ),
    MendsOneAnswer: ("test_no_byte_is_changed", "the agency's answer ends with"),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_source_that_leaves_traces_is_caught(mutant, said_of, tmp_path, monkeypatch):
    monkeypatch.setattr(KeepsAFile, "place", str(tmp_path / "rain.json"))
    monkeypatch.delenv("RAIN_LAST", raising=False)
    assert_caught(said_of(mutant, CAUGHT[mutant][0]), *CAUGHT[mutant])


def test_the_frequency_that_a_plugin_offers_is_that_of_its_datasets(said_of, monkeypatch):
    package = __name__.partition(".")[0]
    plugin = types.ModuleType(f"{package}.plugin")
    for freq, caught in (("Q", True), ("MQ", False), ("", False)):
        place = f"{__name__}:Prints"
        offer = Component(name="rain", summary="Rain", factory=place, freq=freq)
        plugin.statpipe_sources = hookimpl(lambda offer=offer: [offer])
        monkeypatch.setitem(sys.modules, plugin.__name__, plugin)
        said = said_of(Prints, "test_the_plugin_offers_the_frequencies_of_its_datasets")
        assert bool(said) == caught, said
