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
from statpipe_sdmx.history import AS_OF, Replay, releases
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
def test_each_time_has_the_figures_that_were_valid_then(write):
    message = read(write(FLOW, RELEASES))
    assert list(releases(message)) == [moment(at) for at in STATES]
    for at, wanted in STATES.items():
        assert figures(Replay(message, KEY, (VALUE,)).as_of(moment(at))) == wanted
        later = moment(at) + timedelta(minutes=1)
        assert figures(Replay(message, KEY, (VALUE,)).as_of(later)) == wanted
    assert figures(Replay(message, KEY, (VALUE,)).as_of(moment("2020-01-01T00:00:00Z"))) == {}


def test_figures_end_when_their_data_set_does():
    told = (
        Release(at=FIRST, rows=(row("DE", "2022", "1"), row("FR", "2022", "4")), until=SECOND),
        Release(at=SECOND, rows=(row("DE", "2022", "2"),), until="9999-12-31T00:00:00Z"),
    )
    message = read(ml_history(FLOW, told))
    assert figures(Replay(message, KEY, (VALUE,)).as_of(moment(FIRST))) == {
        ("DE", "2022"): "1",
        ("FR", "2022"): "4",
    }
    assert figures(Replay(message, KEY, (VALUE,)).as_of(moment(SECOND))) == {("DE", "2022"): "2"}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            (Release(at="", rows=(row("DE", "2022", "1"),)),),
            "does not say since when it was valid",
        ),
        ((Release(at="soon", rows=(row("DE", "2022", "1"),)),), "Invalid isoformat"),
    ],
)
def test_a_message_without_times_is_not_a_history(told, says):
    with pytest.raises(ValueError, match=says):
        releases(read(ml_history(FLOW, told)))


NOTE = Listed(id="OBS_COM", name="Comment", series=False)
NOTED = attrs.evolve(FLOW, attributes=(NOTE,))
MOMENTS = [datetime(year, 1, 1, tzinfo=UTC) for year in range(2020, 2026)]
cells = st.fixed_dictionaries(
    {
        "GEO": st.sampled_from(sorted(GEO.codes)),
        TIME: st.sampled_from(["2022", "2023"]),
        VALUE: st.sampled_from(["1.50", "2"]),
    },
    optional={"OBS_COM": st.sampled_from(["x", "y"])},
)
data_sets = st.builds(
    lambda at, action, rows, until: Release(
        at=MOMENTS[at].isoformat(),
        rows=tuple({"GEO": r["GEO"], TIME: r[TIME]} if action == "Delete" else r for r in rows),
        action=action,
        deletes=action == "Delete",
        until=MOMENTS[at + until].isoformat() if until else "",
    ),
    st.integers(0, 3),
    st.sampled_from(["Replace", "Append", "Merge", "Information", "Delete"]),
    st.lists(cells, min_size=1, max_size=4, unique_by=lambda r: (r["GEO"], r[TIME])),
    st.integers(0, 2),
)


def one_by_one(told, at):
    """The figures and comments at a moment, by a dictionary, a row at a time."""
    state = {}
    for now in (one for one in MOMENTS if one <= at):
        state = {cell: said for cell, said in state.items() if said.get("end", "9") > str(now)}
        for release in (one for one in told if moment(one.at) == now):
            for row in release.rows:
                cell = row["GEO"], row[TIME]
                said = {name: row[name] for name in (VALUE, "OBS_COM") if name in row}
                said |= {"end": str(moment(release.until))} if release.until else {}
                before = {} if release.action == "Replace" else state.get(cell, {})
                state[cell] = before | said
                if release.deletes:
                    del state[cell]
    return {cell: (said[VALUE], said.get("OBS_COM")) for cell, said in state.items()}


@settings(max_examples=60)
@given(st.lists(data_sets, min_size=1, max_size=6), st.permutations(MOMENTS))
def test_any_history_equals_its_data_sets_applied_in_order(told, order):
    # Rows of a CSV stand in no data set.
    once = len({one.at for one in told}) == len(told)
    for write in (ml_history, csv_history) if once else (ml_history,):
        replay = Replay(read(write(NOTED, told)), KEY, (VALUE,))
        for at in order:
            rows = replay.as_of(at).to_pylist()
            found = {(r["GEO"], r[TIME]): (r[VALUE], r.get("OBS_COM") or None) for r in rows}
            assert len(found) == len(rows)
            assert found == one_by_one(told, at)


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


def test_an_archive_has_a_vintage_for_each_time_with_the_date_of_the_agency(make, service):
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


def test_the_message_is_in_bronze_once_and_each_vintage_has_its_time(make):
    source = make()
    (dataset,) = source.datasets()
    brought = [one for v in source.vintages(dataset) for one in source.fetch(dataset, v)]
    assert len({(one.name, one.sha256) for one in brought if not one.structure}) == 1
    assert [one.request[AS_OF] for one in brought if one.structure] == [
        moment(at).astimezone(UTC).isoformat() for at in STATES
    ]


def test_a_vintage_of_an_older_lake_has_its_time_in_its_copy_of_the_message(make):
    source = make()
    (dataset,) = source.datasets()
    newest = source.vintages(dataset)[-1]
    structure, message = source.fetch(dataset, newest)
    request = {name: text for name, text in structure.request.items() if name != AS_OF}
    structure = attrs.evolve(structure, request=request)
    message = attrs.evolve(message, request={**message.request, AS_OF: SECOND})
    rows = SdmxNormalizer().normalize(dataset, [structure, message]).to_pylist()
    assert {(one["ref_area"], one["time_period"]): one["obs_value"] for one in rows} == STATES[
        SECOND
    ]


def test_figures_that_end_beyond_the_calendar_never_end():
    told = (Release(at=FIRST, rows=(row("DE", "2022", "1"),), until="9999-12-31T23:59:59-05:00"),)
    message = read(ml_history(FLOW, told))
    assert figures(Replay(message, KEY, (VALUE,)).as_of(moment(THIRD))) == {("DE", "2022"): "1"}


def test_a_later_release_keeps_the_tokens_of_earlier_ones(make, service):
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


def test_archive_places_are_refused_with_a_remedy(tmp_path):
    home = Environment(name="local", home=Path(tmp_path))
    source = SdmxSource(SdmxSettings(environment=home, service="ECB", flow="TEA", instance="tea"))
    with pytest.raises(
        ConfigError, match=r"sources\.tea: cannot read older vintages from x\.zip; leave"
    ):
        source.archive(["x.zip"])


def test_a_service_without_history_is_reported(make, service):
    service.history["TEA"] = (Release(at="", rows=RELEASES[0].rows),)
    source = make()
    (dataset,) = source.datasets()
    with pytest.raises(ContentError, match="payload TEA-history: a data set does not say since"):
        source.vintages(dataset)
