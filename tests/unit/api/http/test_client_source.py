"""A source with a client: its author writes how the agency is asked, and the rest follows."""

from datetime import UTC, datetime

import pytest

from statpipe.api import Area, Category, Dataset, Secret
from statpipe.api.http import Client, ClientSource, Credential
from statpipe.testing import LocalAgency, SourceContract

TEA = Dataset(
    name="tea",
    title="Prices of tea",
    normalizer="unit.api.http.test_client_source:rows",
    areas=(Area(code="CAL", name="Calcutta", level="port"),),
    categories=(Category(code="fine", name="Fine", unit_measure="Pounds"),),
)
LOTS = ("1", "2")


class TeaSource(ClientSource):
    def __init__(self, url, key):
        credential = Credential(name="key", secret=key, variable="TEA_KEY")
        super().__init__([TEA], Client(url, agent="tea", credential=credential, memory=1 << 20))

    def fetch(self, dataset, vintage):
        for lot in LOTS:
            yield self.client.get("prices", {"lot": lot}, name=f"tea-{lot}").payload()


@pytest.fixture
def agency():
    with LocalAgency() as agency:
        publish(agency, "12.5")
        yield agency


def publish(agency, price):
    for lot in LOTS:
        agency.answer("/prices", f'{{"lot": "{lot}", "price": "{price}"}}', query={"lot": lot})


@pytest.fixture
def source(agency):
    source = TeaSource(agency.url, Secret("open-sesame"))
    yield source
    source.close()


def test_it_offers_the_datasets_that_it_was_given(source):
    assert list(source.datasets()) == [TEA]


def test_without_a_probe_of_its_own_it_reads_all_and_is_dated_by_nobody(source, agency):
    found = source.probe(TEA)
    assert found.basis == "observed"
    assert found.released == datetime.now(UTC).date()
    assert [payload.name for payload in source.fetch(TEA, found)] == ["tea-1", "tea-2"]
    assert len(agency.requests) == len(LOTS), "the client remembers what the probe has read"


def test_any_byte_changes_the_token(agency):
    tokens = set()
    for price in ("12.5", "12.6"):
        publish(agency, price)
        source = TeaSource(agency.url, Secret("open-sesame"))
        tokens |= {source.probe(TEA).token for _ in range(2)}
        source.close()
    assert len(tokens) == 2


class TestTeaSource(SourceContract):
    probe_reads_everything = True

    @pytest.fixture
    def agency(self, agency):
        return agency

    @pytest.fixture
    def make_source(self, agency, canary):
        return lambda: TeaSource(agency.url, Secret(canary))

    @pytest.fixture
    def normalizer(self):
        return None

    @pytest.fixture
    def refusals(self):
        return {}

    @pytest.fixture
    def revise(self, agency):
        return lambda: publish(agency, "13.5")

    @pytest.fixture
    def revise_quietly(self, agency):
        prices = iter("123456789")
        return lambda: publish(agency, next(prices))


class NeverClosed(TeaSource):
    def close(self):
        pass


def test_a_client_that_is_never_closed_is_caught(agency):
    with pytest.raises(
        pytest.fail.Exception, match="12 sources were used and closed, and 12 clients"
    ):
        SourceContract().test_a_source_that_is_closed_leaves_nothing_open(
            lambda: NeverClosed(agency.url, Secret("open-sesame"))
        )
