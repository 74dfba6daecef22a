"""Four ways to the same figures: the same Silver, cell by cell."""

import io
import zipfile
from pathlib import Path

import attrs
import pytest

from statpipe.api import ConfigError, ContentError, Environment, Rejected, Secret, Unavailable
from statpipe.domain.canonical import content_hash, figures_hash
from statpipe.domain.new_codes import with_new_codes
from statpipe.domain.seal import seal
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_bea.settings import BeaSettings
from statpipe_bea.source import BeaSource
from support.bea_layouts import with_new_codes as with_new_codes_of_bea

YEARS = (2017, 2018, 2019, 2020, 2021)
TABLES = ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")
LOCAL = Environment(name="local", home=Path("/nowhere"), embedded=True)
STAGING = Environment(name="staging", home=Path("/nowhere"))


def source_of(**settings):
    return BeaSource(BeaSettings(**{"environment": LOCAL, **settings}))


def silver_of(source, table, release="2022-10-06"):
    (dataset,) = [d for d in source.datasets() if d.name == table]
    (vintage,) = [v for v in source.vintages(dataset) if v.id == release]
    payloads = list(source.fetch(dataset, vintage))
    return seal(RegionalNormalizer().normalize(dataset, payloads), dataset, vintage.id)


@pytest.fixture
def quick(monkeypatch):
    """No waiting for the minute's budget: what is asked here stays on this machine."""
    from statpipe_bea.api import client

    monkeypatch.setattr(client, "limits", lambda *_: [])


@pytest.fixture
def api(fake, quick):
    source = source_of(years=YEARS, key=Secret(fake.key), api_url=fake.url, channel="api")
    yield source
    source.close()


@pytest.mark.parametrize(("asked", "seconds"), [(0, 0), (90, 0), (91, 60), (172, 60), (181, 120)])
def test_the_waiting_time_for_the_budget_is_known_beforehand(fake, asked, seconds):
    source = source_of(key=Secret(fake.key), api_url=fake.url, channel="api")
    assert source.waiting(asked) == seconds
    assert source_of(channel="sample").waiting(asked) == 0


def test_sources_share_one_budget(fake, monkeypatch, tmp_path):
    class Waits(Exception):
        """It would have waited."""

    def sleep(_):
        raise Waits

    environment = Environment(name="local", home=tmp_path, embedded=True)
    told = {"key": Secret(fake.key), "api_url": fake.url, "channel": "api"}
    first, second = (
        source_of(**told, environment=environment, requests_per_minute=1) for _ in range(2)
    )
    first.vintages(first.datasets()[0])
    monkeypatch.setattr("time.sleep", sleep)
    with pytest.raises(Waits):
        second.vintages(second.datasets()[0])


def test_the_budget_is_a_setting(fake, monkeypatch, tmp_path):
    from statpipe_bea.api import client

    kept, limits = [], client.limits
    monkeypatch.setattr(client, "limits", lambda *most: kept.append(limits(*most)) or kept[-1])
    environment = Environment(name="local", home=tmp_path, embedded=True)
    told = {"key": Secret(fake.key), "api_url": fake.url, "channel": "api"}
    source = source_of(**told, environment=environment, requests_per_minute=2)
    source.vintages(source.datasets()[0])
    assert kept[0][0].requests == 2
    assert source.waiting(5) == 120


def test_a_budget_of_zero_is_refused():
    with pytest.raises(ValueError, match="'requests_per_minute' must be 1 or more: 0"):
        source_of(requests_per_minute=0)


@pytest.mark.parametrize("table", TABLES)
def test_all_channels_give_the_same_silver(table, fake, api, bulk):
    by_api = silver_of(api, table)
    by_sample = silver_of(source_of(channel="sample"), table)
    by_bulk = silver_of(source_of(channel="bulk", bulk=fake.zip_url, years=YEARS), table)
    by_file = silver_of(source_of(channel="bulk", bulk=str(bulk), years=YEARS), table)
    by_archive = silver_of(source_of(channel="archive", archive=(str(bulk),), years=YEARS), table)

    assert len(by_sample) in {7_200, 33_605, 39_905}
    for other in (by_api, by_bulk, by_file, by_archive):
        assert other.equals(by_sample)
        assert content_hash(other) == content_hash(by_sample)


def test_every_channel_reads_a_new_line_and_area(fake, api, bulk):
    with zipfile.ZipFile(bulk) as opened:
        (name,) = (n for n in opened.namelist() if n.startswith("SAPCE1__ALL"))
        body = with_new_codes_of_bea(opened.read(name))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(name, body)
    before = silver_of(source_of(channel="sample"), "SAPCE1")
    fake.publish(out.getvalue())
    by_bulk = source_of(channel="bulk", bulk=fake.zip_url, years=YEARS, tables=("SAPCE1",))
    figures = []
    for source in (api, by_bulk):
        dataset = source.datasets()[0]
        (vintage,) = source.vintages(dataset)
        payloads = list(source.fetch(dataset, vintage))
        table = RegionalNormalizer().normalize(dataset, payloads)
        described, new = with_new_codes(table, dataset)
        assert [(one.code, one.name.rpartition(": ")[2]) for one in new] == [
            ("SAPCE1:25", "Cannabis"),
            ("72000", "Puerto Rico"),
        ]
        silver = seal(table, described, vintage.id)
        figures.append(figures_hash(silver))
        rows = silver.to_pylist()
        kept = [r for r in rows if r["category"] != "SAPCE1:25" and r["ref_area"] != "72000"]
        assert kept == before.to_pylist()
        assert len(rows) == len(kept) + (60 + 24 + 1) * len(YEARS)
    assert figures[0] == figures[1]
    assert any(asked.get("linecode") == "25" for asked in fake.requests)


def test_only_lists_of_lines_are_marked_as_structure(api, bulk):
    """So a lake knows what describes codes, and what holds figures. Zips have no such list."""
    by_sample = source_of(channel="sample")
    by_bulk = source_of(channel="bulk", bulk=str(bulk))
    for source, lists in ((api, ["SAPCE1-lines"]), (by_sample, ["SAPCE1-lines"]), (by_bulk, [])):
        dataset = source.datasets()[0]
        payloads = source.fetch(dataset, source.vintages(dataset)[-1])
        assert [payload.name for payload in payloads if payload.structure] == lists


def test_an_archive_holds_a_vintage_for_each_zip(bulk, older, tmp_path):
    for zipped in (bulk, older):
        (tmp_path / zipped.name).write_bytes(zipped.read_bytes())
    source = source_of(channel="archive", archive=(str(tmp_path),))
    first, *_ = source.datasets()
    assert [v.id for v in source.vintages(first)] == ["2020-10-08", "2022-10-06"]

    narrowed = attrs.evolve(
        first, selection=attrs.evolve(first.selection, periods=range_of(2015, 2020))
    )
    old = source.vintages(narrowed)[0]
    by_archive = seal(
        RegionalNormalizer().normalize(narrowed, list(source.fetch(narrowed, old))),
        narrowed,
        old.id,
    )
    assert by_archive.equals(silver_of(source_of(channel="sample"), "SAPCE1", "2020-10-08"))


def range_of(first, last):
    return tuple(str(year) for year in range(first, last))


def test_a_bare_csv_file_is_an_archive_too(older, tmp_path):
    with zipfile.ZipFile(older) as opened:
        opened.extractall(tmp_path)
    source = source_of(channel="archive", archive=(str(tmp_path),), tables=("SAPCE1",))
    (dataset,) = source.datasets()
    assert [v.id for v in source.vintages(dataset)] == ["2020-10-08"]


def test_unreadable_files_of_an_archive_are_skipped_by_name(bulk, older, tmp_path):
    for zipped in (bulk, older):
        (tmp_path / zipped.name).write_bytes(zipped.read_bytes())
    (tmp_path / "SAPCE-1.zip").write_bytes(b"PK no more")
    (tmp_path / "SAPCE-2.csv").write_bytes(b"GeoFIPS")
    source = source_of(environment=STAGING).archive([str(tmp_path)])
    found = {d.name: [v.id for v in source.vintages(d)] for d in source.datasets()}
    later = ["2022-10-06"]
    assert found == dict.fromkeys(TABLES, later) | {"SAPCE1": ["2020-10-08", *later]}
    assert [error.payload.name for error in source.unreadable()] == ["SAPCE-1.zip", "SAPCE-2.csv"]
    assert [str(error).split(";")[0] for error in source.unreadable()] == [
        "payload SAPCE-1.zip: not a valid zip file (File is not a zip file)",
        "payload SAPCE-2.csv: contains none of SAPCE1, SAPCE2, SAPCE3, SAPCE4",
    ]
    source.close()


def test_a_configured_archive_is_read_completely_or_not_at_all(older, tmp_path):
    (tmp_path / "SAPCE.zip").write_bytes(b"PK no more")
    source = source_of(channel="archive", archive=(str(tmp_path), str(older)))
    with pytest.raises(ContentError, match=r"payload SAPCE\.zip: not a valid zip file"):
        source.vintages(source.datasets()[0])


def test_a_url_is_only_downloaded_once(fake, older):
    source = source_of().archive([fake.zip_url, str(older)])
    for dataset in source.datasets():
        for vintage in source.vintages(dataset):
            payloads = list(source.fetch(dataset, vintage))
            assert len(payloads) == source.requests(dataset, vintage)
    assert len(fake.paths) == 1
    source.close()


def test_a_table_in_no_zip_is_rejected_by_name(older):
    source = source_of(channel="archive", archive=(str(older),), tables=("SAPCE3",))
    with pytest.raises(Rejected, match="SAPCE3 is not in"):
        source.vintages(source.datasets()[0])


def test_the_fewest_requests_are_sent(api, fake):
    """SAPCE1 by line: 24. SAPCE3 has more lines than there are areas: 60. One list of lines each."""
    silver_of(api, "SAPCE1")
    assert len(fake.requests) == 24 + 1
    fake.requests.clear()
    silver_of(api, "SAPCE3")
    assert len(fake.requests) == 60 + 1


def test_an_unchanged_table_costs_one_request(api, fake):
    dataset = api.datasets()[0]
    assert api.probe(dataset).id == "2022-10-06"
    assert len(fake.requests) == 1
    assert fake.requests[0]["linecode"] == "1"


def token_of(fake):
    source = source_of(years=YEARS, key=Secret(fake.key), api_url=fake.url, channel="api")
    try:
        return source.probe(source.datasets()[0]).token
    finally:
        source.close()


def test_the_time_and_row_order_of_an_answer_do_not_matter(fake, quick):
    from support.bea_faults import shuffled

    before = token_of(fake)
    fake.always = shuffled()
    assert token_of(fake) == before


def test_a_new_headline_figure_or_note_is_a_change(fake, quick):
    before = token_of(fake)
    fake.change("SAPCE1", "1", "06000", "2021", "1.0")
    changed = token_of(fake)
    assert changed != before
    fake.date("SAPCE1", "Last updated: October 7, 2022-- revised statistics for 2021.")
    assert token_of(fake) not in {before, changed}


def test_the_same_number_in_another_precision_is_not_a_change(fake, quick):
    before = token_of(fake)
    value = fake_value(fake, "SAPCE1", "1", "06000", "2021")
    fake.change("SAPCE1", "1", "06000", "2021", f"{value}00")
    assert token_of(fake) == before


def fake_value(fake, table, line, fips, year):
    import csv

    with zipfile.ZipFile(io.BytesIO(fake.bulk)) as opened:
        name = next(n for n in opened.namelist() if n.startswith(f"{table}__ALL"))
        for row in csv.DictReader(io.StringIO(opened.read(name).decode())):
            if fips in row["GeoFIPS"] and row["LineCode"] == line:
                return row[year]
    raise AssertionError(fips)


def test_a_release_during_a_fetch_is_reported_and_not_mixed(api, fake):
    dataset = api.datasets()[0]
    vintage = api.probe(dataset)
    fetching = api.fetch(dataset, vintage)
    for _ in range(3):
        next(fetching)
    fake.date("SAPCE1", "Last updated: October 4, 2023-- comprehensive update.")
    with pytest.raises(Unavailable, match="released new figures during the download"):
        list(fetching)


class TestChoice:
    def test_auto_chooses_the_api_if_there_is_a_key(self):
        assert source_of(key=Secret("k" * 36), bulk="x.zip")._channel.name == "api"

    def test_without_a_key_auto_chooses_a_bulk_file_and_then_an_archive(self):
        assert source_of(bulk="x.zip", archive=("y",))._channel.name == "bulk"
        assert source_of(archive=("y",))._channel.name == "archive"

    def test_auto_chooses_the_sample_last_and_says_so(self):
        source = source_of()
        assert source._channel.name == "sample"
        assert source.notice.startswith("BUNDLED SAMPLE, not current figures")

    def test_staging_never_falls_back_and_says_where_keys_are(self):
        source = source_of(environment=STAGING)
        with pytest.raises(ConfigError) as caught:
            _ = source.notice
        assert "BEA_API_KEY is not set" in str(caught.value)
        assert "https://apps.bea.gov/API/signup/" in str(caught.value)

    def test_staging_refuses_the_sample_even_if_asked_for(self):
        with pytest.raises(ConfigError, match="never reads the bundled sample"):
            _ = source_of(environment=STAGING, channel="sample").notice

    def test_channels_without_a_network_need_no_key(self):
        assert len(source_of(environment=STAGING).datasets()) == 4

    def test_figures_from_the_api_have_beas_disclaimer(self):
        assert "not endorsed or certified by BEA" in source_of(key=Secret("k" * 36)).attribution


class TestSelection:
    def test_lines_areas_and_years_can_be_selected(self):
        source = source_of(
            tables=("SAPCE3",), lines=(1, 46), areas=("US", "CA"), years=(2020, 2021)
        )
        silver = silver_of(source, "SAPCE3")
        assert len(silver) == 2 * 2 + 2  # line 46 is published for the US alone
        assert set(silver["ref_area"].to_pylist()) == {"US", "CA"}

    @pytest.mark.parametrize(
        ("settings", "text"),
        [
            ({"tables": ("SAPCE9",)}, "there is no 'SAPCE9'; did you mean SAPCE4?"),
            ({"areas": ("ca",)}, "there is no 'ca'; did you mean CA?"),
            ({"years": (1990,)}, "1990 must be 1997 or later"),
            ({"lines": (500,)}, "none of SAPCE1, SAPCE2, SAPCE3, SAPCE4 has any of lines [500]"),
            ({"tables": ()}, "tables is empty"),
        ],
    )
    def test_an_unknown_selection_is_reported_with_the_known_ones(self, settings, text):
        with pytest.raises(ConfigError) as caught:
            source_of(**settings)
        assert text in str(caught.value)

    def test_a_smoke_run_requests_one_line_one_area_and_one_year(self):
        source = source_of()
        (dataset, *_) = source.datasets()
        tiny = source.smallest(dataset)
        payloads = list(source.fetch(tiny, source.probe(tiny)))
        assert len(RegionalNormalizer().normalize(tiny, payloads)) == 1


@pytest.mark.parametrize(
    ("asked", "volume"), [(None, 90_000_000), (9, 90_000_000), (900, 900_000_000)]
)
def test_the_byte_limit_grows_with_the_request_limit(asked, volume):
    from statpipe_bea.api.client import limits

    (minute,) = limits(asked)
    assert (minute.requests, minute.bytes, minute.errors) == (asked or 90, volume, 20)
