"""All that a service has published, and what was valid when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import ConfigError, ContentError, Environment, Payload
from statpipe_sdmx.csv_data import OF_THE_MESSAGE
from statpipe_sdmx.data import read_data
from statpipe_sdmx.history import as_of, releases
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.settings import SdmxSettings
from statpipe_sdmx.source import SdmxSource
from support.fake_sdmx import serving
from support.sdmx_messages import (
    TIME,
    VALUE,
    Cube,
    Listed,
    Release,
    csv_history,
    json_history,
    ml_history,
)

GEO = Listed(id="GEO", name="Area", codes={"DE": "Germany", "FR": "France"})
FLOW = Cube(flow="TEA", dimensions=(GEO,), rows=())
KEY = ("GEO", TIME)
FIRST, SECOND, THIRD = (
    "2024-02-20T15:30:00+01:00",
    "2024-05-24T00:30:00+02:00",
    "2024-08-01T09:00:00Z",
)
WRITERS = {"ml": ml_history, "json": json_history, "csv": csv_history}


def row(geo, period, value=None):
    return {"GEO": geo, TIME: period} | ({VALUE: value} if value else {})


RELEASES = (
    Release(
        at=FIRST, rows=(row("DE", "2022", "1"), row("DE", "2023", "2"), row("FR", "2023", "5"))
    ),
    Release(at=THIRD, rows=(row("DE", "2024", "3"),)),
    Release(at=SECOND, rows=(row("DE", "2023", "2.5"),)),
    Release(at=THIRD, rows=(row("FR", "2023"),), deletes=True),
)
STATES = {
    FIRST: {("DE", "2022"): "1", ("DE", "2023"): "2", ("FR", "2023"): "5"},
    SECOND: {("DE", "2022"): "1", ("DE", "2023"): "2.5", ("FR", "2023"): "5"},
    THIRD: {("DE", "2022"): "1", ("DE", "2023"): "2.5", ("DE", "2024"): "3"},
}


def moment(text):
    return datetime.fromisoformat(text)


def figures(table):
    found = {(one["GEO"], one[TIME]): one[VALUE] for one in table.to_pylist()}
    assert len(found) == len(table)
    return found


def read(body):
    table = read_data(Payload(name="history", body=body))
    return table.drop_columns([name for name in OF_THE_MESSAGE if name in table.column_names])


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_each_moment_has_what_was_valid_then(write):
    message = read(write(FLOW, RELEASES))
    assert list(releases(message)) == [moment(at) for at in STATES]
    for at, wanted in STATES.items():
        assert figures(as_of(message, moment(at), KEY, (VALUE,))) == wanted
        later = moment(at) + timedelta(minutes=1)
        assert figures(as_of(message, later, KEY, (VALUE,))) == wanted
    assert figures(as_of(message, moment("2020-01-01T00:00:00Z"), KEY, (VALUE,))) == {}


def test_figures_end_when_their_data_set_does():
    told = (
        Release(at=FIRST, rows=(row("DE", "2022", "1"), row("FR", "2022", "4")), until=SECOND),
        Release(at=SECOND, rows=(row("DE", "2022", "2"),), until="9999-12-31T00:00:00Z"),
    )
    message = read(ml_history(FLOW, told))
    assert figures(as_of(message, moment(FIRST), KEY, (VALUE,))) == {
        ("DE", "2022"): "1",
        ("FR", "2022"): "4",
    }
    assert figures(as_of(message, moment(SECOND), KEY, (VALUE,))) == {("DE", "2022"): "2"}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            (Release(at="", rows=(row("DE", "2022", "1"),)),),
            "does not say from when on it was valid",
        ),
        ((Release(at="soon", rows=(row("DE", "2022", "1"),)),), "Invalid isoformat"),
    ],
)
def test_a_message_without_times_is_no_history(told, says):
    with pytest.raises(ValueError, match=says):
        releases(read(ml_history(FLOW, told)))


steps = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            st.tuples(st.sampled_from(sorted(GEO.codes)), st.sampled_from(["2022", "2023"])),
            min_size=1,
            max_size=4,
            unique=True,
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40)
@given(steps, st.randoms(use_true_random=False))
def test_any_history_is_its_data_sets_one_by_one(made, random):
    told, state, states = [], {}, {}
    for number, (deletes, cells) in enumerate(made):
        at = datetime(2020 + number, 1, 1, tzinfo=UTC).isoformat()
        rows = tuple(row(*cell, None if deletes else f"{number}.5") for cell in cells)
        told.append(Release(at=at, rows=rows, deletes=deletes))
        if deletes:
            state = {cell: value for cell, value in state.items() if cell not in cells}
        else:
            state = state | dict.fromkeys(cells, f"{number}.5")
        states[at] = state
    random.shuffle(told)
    for write in WRITERS.values():
        message = read(write(FLOW, told))
        moments = [moment(at) for at in states]
        first = next((n for n, (deletes, _) in enumerate(made) if not deletes), len(made))
        assert list(releases(message)) == moments[first:]
        for at, wanted in states.items():
            assert figures(as_of(message, moment(at), KEY, (VALUE,))) == wanted


@pytest.fixture
def service():
    with serving(flows={"TEA": attrs.evolve(FLOW, rows=(row("DE", "2022", "1"),))}) as fake:
        fake.history["TEA"] = (*RELEASES, Release(at="2999-01-01T00:00:00Z", rows=RELEASES[0].rows))
        yield fake


@pytest.fixture
def make(service, tmp_path):
    """Make the archive of a service, as a backfill does."""
    home = Environment(name="local", home=Path(tmp_path))
    told = SdmxSettings(environment=home, service="ECB", url=service.url, flow="TEA")
    made = []

    def make():
        made.append(SdmxSource(told).archive(()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_an_archive_has_a_vintage_for_each_moment_dated_as_the_agency_does(make, service):
    source = make()
    (dataset,) = source.datasets()
    found = source.vintages(dataset)
    assert [one.released for one in found] == [
        date(2024, 2, 20),
        date(2024, 5, 24),
        date(2024, 8, 1),
    ]
    assert [one.released_at for one in found] == [moment(at) for at in STATES]
    normalizer = SdmxNormalizer()
    for vintage, wanted in zip(found, STATES.values(), strict=True):
        payloads = list(source.fetch(dataset, vintage))
        described = normalizer.describe(dataset, payloads)
        rows = normalizer.normalize(described, payloads).to_pylist()
        assert {(one["ref_area"], one["time_period"]): one["obs_value"] for one in rows} == wanted
    assert len(service.asked("data")) == 1
    assert (
        len({one.name for v in found for one in source.fetch(dataset, v) if not one.structure}) == 3
    )


def test_a_later_release_leaves_the_marks_of_the_earlier_ones(make, service):
    def marks():
        source = make()
        return [one.token for one in source.vintages(source.datasets()[0])]

    before = marks()
    service.history["TEA"] = RELEASES[:3]
    assert [mine == theirs for mine, theirs in zip(before, marks(), strict=True)] == [
        True,
        True,
        False,
    ]


def test_places_are_refused_with_what_to_do(tmp_path):
    home = Environment(name="local", home=Path(tmp_path))
    source = SdmxSource(SdmxSettings(environment=home, service="ECB", flow="TEA", instance="tea"))
    with pytest.raises(
        ConfigError, match=r"sources\.tea: older vintages are not read from x\.zip; leave"
    ):
        source.archive(["x.zip"])


def test_a_service_that_sends_no_history_is_told(make, service):
    service.history["TEA"] = (Release(at="", rows=RELEASES[0].rows),)
    source = make()
    (dataset,) = source.datasets()
    with pytest.raises(ContentError, match="payload TEA-history: a data set does not say from"):
        source.vintages(dataset)
