"""The price tables: four ways to the same figures, and each figure as BEA prints it."""

import csv
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from statpipe.api import (
    ConfigError,
    ContentError,
    Environment,
    Rejected,
    Secret,
    Snapshot,
    Vintage,
)
from statpipe.domain.canonical import content_hash
from statpipe.domain.new_codes import with_new_codes
from statpipe.domain.seal import seal
from statpipe_bea.family import regional_prices
from statpipe_bea.line_numbers import LineNumbers
from statpipe_bea.lines import lines_in_token
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_bea.settings import LineNumberSettings, PriceSettings
from statpipe_bea.source import BeaSource
from support.price_releases import (
    NOTE_2026,
    PRICES,
    FakePrices,
    first_release,
    release_of_2025,
    release_of_2026,
    zipped,
)

TABLES = ("SARPP", "SARPI", "SAIRPD")
YEARS = (2017, 2018, 2019, 2020, 2021)
ROWS = {"SARPP": 52 * 5 * 5, "SARPI": 52 * 4 * 5, "SAIRPD": 51 * 5}
LOCAL = Environment(name="local", home=Path("/nowhere"), embedded=True)
STAGING = Environment(name="staging", home=Path("/nowhere"))


def source_of(**settings):
    return BeaSource(PriceSettings(**{"environment": LOCAL, **settings}), regional_prices())


def of_table(source, table):
    (dataset,) = [d for d in source.datasets() if d.name == table]
    return dataset


def silver_of(source, table, release="2022-12-15"):
    dataset = of_table(source, table)
    (vintage,) = [v for v in source.vintages(dataset) if v.id == release]
    payloads = list(source.fetch(dataset, vintage))
    assert len(payloads) == source.requests(dataset, vintage)
    return seal(RegionalNormalizer().normalize(dataset, payloads), dataset, vintage.id)


@pytest.fixture(scope="module")
def _prices():
    with FakePrices() as fake:
        yield fake


@pytest.fixture
def prices(_prices, monkeypatch):
    """BEA on this machine, without the waiting for the minute's budget."""
    from statpipe_bea.api import client

    monkeypatch.setattr(client, "limits", lambda *_: [])
    _prices.reset()
    _prices.publish(PRICES.read_bytes())
    return _prices


def api_of(fake, **settings):
    return source_of(key=Secret(fake.key), api_url=fake.url, channel="api", **settings)


# --- Channels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_all_channels_give_the_same_silver(table, prices):
    api = api_of(prices, years=YEARS)
    by_api = silver_of(api, table)
    api.close()
    by_sample = silver_of(source_of(channel="sample"), table)
    by_bulk = silver_of(source_of(channel="bulk", bulk=prices.zip_url, years=YEARS), table)
    by_archive = silver_of(source_of(channel="archive", archive=(str(PRICES),), years=YEARS), table)

    assert len(by_sample) == ROWS[table]
    for other in (by_api, by_bulk, by_archive):
        assert content_hash(other) == content_hash(by_sample)


@pytest.mark.parametrize("release", [first_release, release_of_2025, release_of_2026])
def test_api_and_zip_agree_on_every_past_layout(release, prices):
    sheets = release()
    prices.publish(zipped(sheets))
    api, bulk = api_of(prices), source_of(channel="bulk", bulk=prices.zip_url)
    for table in sheets:
        (one,) = api.vintages(of_table(api, table))
        (other,) = bulk.vintages(of_table(bulk, table))
        assert one.selection == other.selection
        assert lines_in_token(one.token) == lines_in_token(other.token) != {}
        day = one.id
        assert content_hash(silver_of(api, table, day)) == content_hash(silver_of(bulk, table, day))
    api.close()


def test_every_channel_reads_a_new_line_and_reports_it(prices):
    sheets = first_release()
    first, *rest = sheets["SARPP"].lines
    more = first.__class__("RPPs: Services: Education", "Percent", first.figures)
    sheets["SARPP"] = sheets["SARPP"].with_lines([more, first, *rest])
    prices.publish(zipped(sheets))
    code = "SARPP:new_rpp_service_education_percent"
    tables = []
    for source in (api_of(prices), source_of(channel="bulk", bulk=prices.zip_url)):
        dataset = of_table(source, "SARPP")
        (vintage,) = source.vintages(dataset)
        assert len(vintage.selection.categories) == 6
        assert code in vintage.selection.categories
        assert code not in lines_in_token(vintage.token).values()
        payloads = list(source.fetch(dataset, vintage))
        assert len(payloads) == source.requests(dataset, vintage)
        for selection in (dataset.selection, vintage.selection):  # fetched, and made from Bronze
            chosen = attrs.evolve(dataset, selection=selection)
            table = RegionalNormalizer().normalize(chosen, payloads)
            described, new = with_new_codes(table, chosen)
            assert [(one.code, one.name) for one in new] == [(code, "RPPs: Services: Education")]
            tables.append(seal(table, described, vintage.id))
        source.close()
    assert all(table.equals(tables[0]) for table in tables)
    assert set(tables[0]["unit_measure"].to_pylist()) == {"Index", "Percent"}


def test_a_probe_requests_the_list_of_lines_and_one_line(prices):
    api = api_of(prices)
    api.probe(of_table(api, "SARPP"))
    assert [r["method"] for r in prices.requests] == ["GetParameterValuesFiltered", "GetData"]
    prices.requests.clear()
    list(api.fetch(of_table(api, "SARPP"), api.probe(of_table(api, "SARPP"))))
    assert [r.get("linecode") for r in prices.requests] == ["2", "3", "4", "5"]
    api.close()


def test_a_release_only_covers_its_own_categories(prices):
    prices.publish(zipped(release_of_2025()))
    api = api_of(prices)
    (vintage,) = api.vintages(of_table(api, "SARPP"))
    assert len(vintage.selection.categories) == 10
    prices.publish(zipped(release_of_2026()))
    again = api_of(prices)
    (vintage,) = again.vintages(of_table(again, "SARPP"))
    assert vintage.selection.categories == (
        "SARPP:rpp_all_items",
        "SARPP:rpp_goods",
        "SARPP:rpp_housing",
        "SARPP:rpp_other_services",
        "SARPP:rpp_utilities",
    )
    api.close()
    again.close()


def test_a_zip_with_everything_in_one_table_offers_nothing_for_the_others(tmp_path):
    (tmp_path / "SARPP.zip").write_bytes(zipped(release_of_2025(), 2023))
    source = source_of(channel="bulk", bulk=str(tmp_path / "SARPP.zip"))
    found = {d.name: len(source.vintages(d)) for d in source.datasets()}
    assert found == {"SARPP": 1, "SARPI": 0, "SAIRPD": 0}
    with pytest.raises(Rejected, match="SARPI is not in any configured channel"):
        source.probe(of_table(source, "SARPI"))


def test_a_zip_without_parities_is_rejected(tmp_path):
    sheets = release_of_2026()
    del sheets["SARPP"]
    (tmp_path / "x.zip").write_bytes(zipped(sheets))
    source = source_of(channel="bulk", bulk=str(tmp_path / "x.zip"))
    with pytest.raises(Rejected, match="SARPP is not in"):
        source.vintages(of_table(source, "SARPP"))


def test_the_zip_of_another_family_is_refused(bulk):
    source = source_of(channel="bulk", bulk=str(bulk))
    with pytest.raises(
        ConfigError, match=r"SAPCE\.zip contains none of SARPP, SARPI, SAIRPD; name"
    ):
        source.vintages(of_table(source, "SARPP"))


def test_an_archive_holds_a_vintage_for_each_release(tmp_path):
    for name, release in (("b", release_of_2025), ("c", release_of_2026)):
        (tmp_path / f"{name}.zip").write_bytes(zipped(release()))
    (tmp_path / "a.zip").write_bytes(PRICES.read_bytes())
    source = source_of(channel="archive", archive=(str(tmp_path),))
    found = {d.name: [v.id for v in source.vintages(d)] for d in source.datasets()}
    assert found == {
        "SARPP": ["2022-12-15", "2025-02-20", "2026-02-19"],
        "SARPI": ["2022-12-15", "2026-02-19"],
        "SAIRPD": ["2022-12-15", "2026-02-19"],
    }


def test_an_unreadable_title_is_refused_by_the_normalizer_and_not_by_the_channel(tmp_path):
    """So what arrived is in Bronze, and a title can be accepted in the configuration."""
    sheets = release_of_2026()
    first, *rest = sheets["SARPP"].lines
    odd = first.__class__("RPPs: Everything", first.unit, first.figures)
    sheets["SARPP"] = sheets["SARPP"].with_lines([odd, *rest])
    (tmp_path / "x.zip").write_bytes(zipped(sheets))
    source = source_of(channel="bulk", bulk=str(tmp_path / "x.zip"))
    dataset = of_table(source, "SARPP")
    vintage = source.probe(dataset)
    payloads = list(source.fetch(dataset, vintage))
    with pytest.raises(ContentError, match="line 1 of SARPP is titled 'RPPs: Everything'"):
        RegionalNormalizer().normalize(dataset, payloads)
    titles = {"SARPP:rpp_all_items": "RPPs: Everything"}
    accepted = RegionalNormalizer(titles=titles).normalize(dataset, payloads)
    assert len(accepted) == 52 * 5 * 14
    assert lines_in_token(vintage.token) == {}


def test_a_smoke_run_requests_a_category_of_the_release():
    for table in TABLES:
        source = source_of(tables=(table,))
        (dataset,) = source.datasets()
        tiny = source.smallest(dataset)
        payloads = list(source.fetch(tiny, source.probe(tiny)))
        assert len(RegionalNormalizer().normalize(tiny, payloads)) == 1


# --- Figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_silver_has_exactly_the_printed_cells(table):
    silver = silver_of(source_of(channel="bulk", bulk=str(PRICES)), table)
    with zipfile.ZipFile(PRICES) as archive:
        text = archive.read(f"{table}_STATE_2008_2021.csv").decode()
    rows = [r for r in csv.DictReader(io.StringIO(text)) if r["LineCode"]]
    printed = {
        (
            row["GeoFIPS"].strip(' "'),
            row["Description"].strip().rstrip("/").rstrip("12345 "),
            year,
        ): (
            Decimal(figure),
            row["Unit"],
        )
        for row in rows
        for year, figure in row.items()
        if year.isdigit()
    }
    found = {
        (row["geo_fips"], row["category_name"], row["time_period"]): (
            row["obs_value"],
            row["unit_measure"],
        )
        for row in silver.to_pylist()
    }
    assert found == printed


def test_the_deflator_of_the_us_is_missing_with_a_reason(tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(release_of_2025()))
    source = source_of(channel="bulk", bulk=str(tmp_path / "x.zip"))
    silver = silver_of(source, "SARPP", "2025-02-20").to_pylist()
    nation = [r for r in silver if (r["ref_area"], r["category"]) == ("US", "SARPP:deflator_2017")]
    assert len(nation) == 14
    for row in nation:
        assert (row["obs_value"], row["obs_status"]) == (None, "O")
        assert (row["source_symbol"], row["notes"]) == ("(NA)", "Not available.")


def test_states_are_parts_of_the_us_if_the_table_has_it():
    for dataset in source_of().datasets():
        nation = dataset.area("US")
        assert (nation is None) == (dataset.name == "SAIRPD")
        assert {a.parent for a in dataset.areas if a.level == "state"} == {nation and "US"}
        assert len(dataset.areas) == 51 + (nation is not None)


def test_nothing_adds_up_and_ranges_are_declared():
    for dataset in source_of().datasets():
        assert dataset.additive == frozenset()
        assert dataset.agreements == ()
        assert dataset.valid_range is not None


# --- Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"tables": ("SARPX",)}, "sources.bea_rpp_state.tables: there is no 'SARPX'"),
        ({"areas": ("FWST",)}, "sources.bea_rpp_state.areas: there is no 'FWST'"),
        ({"years": (2007,)}, "2007 must be 2008 or later, because regional prices by state"),
        ({"tables": ()}, "sources.bea_rpp_state.tables is empty"),
        ({"tables": ("SAIRPD",), "areas": ("US",)}, "areas: SAIRPD has none of US"),
    ],
)
def test_an_unknown_selection_is_reported_with_the_known_ones(settings, text):
    with pytest.raises(ConfigError) as caught:
        source_of(**settings)
    assert text in str(caught.value)


def test_staging_never_falls_back_and_names_its_own_settings():
    with pytest.raises(ConfigError, match=r'set sources\.bea_rpp_state\.channel = "bulk"'):
        _ = source_of(environment=STAGING).notice
    with pytest.raises(ConfigError, match=r"sources\.bea_rpp_state\.channel to api, bulk"):
        _ = source_of(environment=STAGING, channel="sample").notice


def test_the_sample_is_described_as_a_sample():
    assert source_of().notice.startswith(
        "BUNDLED SAMPLE, not current figures: BEA's release of 15 December 2022, five years each."
    )


def test_a_table_without_the_selected_areas_is_left_out():
    found = {d.name: d.selection.areas for d in source_of(areas=("US",)).datasets()}
    assert found == {"SARPP": ("US",), "SARPI": ("US",)}
    found = {d.name: d.selection.areas for d in source_of(areas=("US", "CA")).datasets()}
    assert found == {"SARPP": ("CA", "US"), "SARPI": ("CA", "US"), "SAIRPD": ("CA",)}


def test_areas_and_years_can_be_selected():
    silver = silver_of(source_of(areas=("US", "CA"), years=(2020,)), "SARPP")
    assert len(silver) == 2 * 5


# --- The check on line numbers -------------------------------------------------------------------


def snapshot(release, tmp_path, turn=None):
    sheets = release()
    if turn:
        sheets["SARPP"] = sheets["SARPP"].with_lines(turn(list(sheets["SARPP"].lines)))
    (tmp_path / "x.zip").write_bytes(zipped(sheets))
    source = source_of(channel="bulk", bulk=str(tmp_path / "x.zip"))
    dataset = of_table(source, "SARPP")
    vintage = source.probe(dataset)
    table = RegionalNormalizer().normalize(dataset, list(source.fetch(dataset, vintage)))
    return Snapshot(dataset=dataset, vintage=vintage, table=seal(table, dataset, vintage.id))


def judged(*snapshots, severity="warning"):
    current, previous = [*snapshots[::-1], None][:2]
    check = LineNumbers(LineNumberSettings(severity=severity))
    assert check.applies_to(current.dataset)
    return check.check(current, previous)


def test_a_first_release_with_recorded_numbers_passes(tmp_path):
    verdict = judged(snapshot(first_release, tmp_path))
    assert (verdict.passed, verdict.message) == (True, "the lines have the recorded numbers")


def test_a_recorded_renumbering_is_a_warning_with_its_lines(tmp_path):
    verdict = judged(snapshot(first_release, tmp_path), snapshot(release_of_2025, tmp_path))
    assert not verdict.passed
    assert not verdict.refuses
    assert verdict.message == (
        "5 categories have other line numbers than in 2022-12-15, first: "
        "SARPP:rpp_all_items was line 1 and is now line 5; figures are identified by title and "
        "unit, so none is revised"
    )
    assert [(c["title"], c["previous_line"], c["line"]) for c in verdict.cells] == [
        ("RPPs: All items", "1", "5"),
        ("RPPs: Goods", "2", "6"),
        ("RPPs: Services: Housing", "3", "7"),
        ("RPPs: Services: Utilities", "4", "8"),
        ("RPPs: Services: Other", "5", "9"),
    ]


def test_renumbering_back_is_reported_as_well(tmp_path):
    verdict = judged(snapshot(release_of_2025, tmp_path), snapshot(release_of_2026, tmp_path))
    assert verdict.message.startswith("5 categories have other line numbers than in 2025-02-20")


def test_an_unrecorded_renumbering_says_where_to_record_it(tmp_path):
    before = snapshot(first_release, tmp_path)
    verdict = judged(before, snapshot(release_of_2026, tmp_path, lambda lines: lines[::-1]))
    assert verdict.message.startswith("4 categories have other line numbers")
    assert (
        "the line numbers of 2026-02-19 are not recorded: add these lines with their titles and "
        "units to statpipe_bea/data/price_lines.csv" in verdict.message
    )
    assert {(c["category"], c["line"]) for c in verdict.cells} == {
        ("SARPP:rpp_all_items", "5"),
        ("SARPP:rpp_goods", "4"),
        ("SARPP:rpp_housing", "3"),
        ("SARPP:rpp_utilities", "2"),
        ("SARPP:rpp_other_services", "1"),
    }


def test_unchanged_numbers_pass_and_a_severity_can_be_chosen(tmp_path):
    before, after = snapshot(first_release, tmp_path), snapshot(release_of_2026, tmp_path)
    assert judged(before, after).passed
    moved = snapshot(release_of_2025, tmp_path)
    assert judged(before, moved, severity="error").refuses


def test_a_release_without_line_numbers_is_not_judged(tmp_path):
    one = snapshot(first_release, tmp_path)
    silent = Snapshot(
        dataset=one.dataset,
        vintage=Vintage(released=one.vintage.released, note=NOTE_2026, token="csv:1"),
        table=one.table,
    )
    assert judged(silent).passed
    assert "does not say how its lines are numbered" in judged(silent).message


def test_the_check_ignores_tables_identified_by_number():
    from statpipe_bea import tables

    check = LineNumbers(LineNumberSettings())
    assert not check.applies_to(tables.dataset("SAPCE1"))
