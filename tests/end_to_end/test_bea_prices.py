"""BEA's price tables from the command line: three shapes of one table, and PCE in constant prices."""

import json
import math
import shutil
from dataclasses import replace
from decimal import Decimal

import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg.rows import dict_row

from statpipe_bea.gold.models import pce_state_real_models, rpp_state_models
from support.price_releases import (
    PCE,
    PRICES,
    FakePrices,
    Line,
    first_release,
    nominal_pce,
    release_of_2025,
    release_of_2026,
    zipped,
)

from .conftest import new_home

LAKE_ONLY = "[environments.local.sinks.lake]\n"
PCE_2024 = (
    "Last updated: October 3, 2024-- new statistics for 2023; revised statistics for 2019-2022."
)
PCE_2025 = "Last updated: September 26, 2025-- new statistics for 2024."


class Archives:
    """A home whose two sources read folders of zips."""

    def __init__(self, home, sinks=LAKE_ONLY):
        self.home = home
        for name in ("prices", "pce"):
            (home.folder / name).mkdir()
        home.configure(
            f"{sinks}[sources.bea_rpp_state]\n"
            'channel = "archive"\narchive = ["prices"]\n'
            "[sources.bea_pce_state]\n"
            'channel = "archive"\narchive = ["pce"]\ntables = ["SAPCE1"]\n'
        )

    def prices(self, name, body):
        (self.home.folder / "prices" / f"{name}.zip").write_bytes(body)

    def pce(self, name, body):
        (self.home.folder / "pce" / f"{name}.zip").write_bytes(body)

    def run(self, source, *arguments, code=0):
        done = self.home.run("run", source, "--json", *arguments, code=code)
        (manifest,) = json.loads(done.stdout)
        return manifest


def verdicts(manifest, check):
    return [c for c in manifest["checks"] if c["check"] == check]


def revisions(manifest):
    return {v["dataset"]: v["revision"] for v in manifest["vintages"] if v["revision"]}


def gold(home, model):
    return pq.read_table(home.lake / "gold" / model).to_pylist()


def test_without_a_key_the_samples_give_real_pce_in_constant_prices(home):
    home.configure("[sources.bea_pce_state]\ntables = ['SAPCE1']\n")  # that of the total
    home.run("db", "start")  # once, and not for each question
    done = home.run("run", "bea_rpp_state")
    lines = done.stderr.strip().splitlines()
    assert "BUNDLED SAMPLE, not current figures: BEA's release of 15 December 2022" in lines[0]
    assert not home.query("SELECT * FROM pg_views WHERE viewname = 'pce_state_real'")
    home.run("run", "bea_pce_state")
    (counted,) = home.query(
        "SELECT count(*) AS n, count(DISTINCT ref_area) AS states, min(year) AS first, "
        "max(year) AS last, max(abs(relative_difference)) < 1e-5 AS close, "
        "count(bea_value) AS compared FROM pce_state_real"
    )
    assert counted == {
        "n": 255,
        "states": 51,
        "first": 2017,
        "last": 2021,
        "close": True,
        "compared": 255,
    }
    (row,) = home.query(
        "SELECT round(value::numeric, 1)::text AS value, bea_value::text, unit, pce_vintage, "
        "deflator_vintage FROM pce_state_real WHERE ref_area = 'CA' AND year = 2021"
    )
    assert row == {
        "value": "1611318.8",
        "bea_value": "1611323.6",
        "unit": "Millions of constant 2012 dollars",
        "pce_vintage": "2022-10-06",
        "deflator_vintage": "2022-12-15",
    }
    of = ("--area", "CA", "--category", "SAPCE1:1", "--period", "2021")
    asked = home.run("explain", "pce_state_real", *of, code=2)
    assert asked.stderr.strip() == (
        "statpipe: model pce_state_real has no column category, so its rows do not describe one "
        "figure each; explain one of pce_state_history, rpp_state_history (exit 2)"
    )
    assert "2,082,806.8" in home.run("explain", "pce_state_history", *of).stdout
    assert home.query("SELECT * FROM pce_state_real_check") == []
    assert home.query("SELECT * FROM pce_state_real_as_of('2022-12-14')") == []


def test_a_second_run_is_unchanged_and_writes_nothing(home):
    home.configure(LAKE_ONLY)
    home.run("run", "bea_rpp_state")
    before = home.published()
    (manifest,) = json.loads(home.run("run", "bea_rpp_state", "--json").stdout)
    assert manifest["outcome"] == "unchanged"
    assert home.published() == before
    assert not any(r["bytes_written"] for r in manifest["receipts"])
    (manifest,) = json.loads(home.run("run", "bea_rpp_state", "--full", "--json").stdout)
    assert manifest["outcome"] == "unchanged"
    assert home.published() == before


def test_checks_that_do_not_apply_to_prices_are_silent(home):
    home.configure(LAKE_ONLY)
    (manifest,) = json.loads(home.run("run", "bea_rpp_state", "--json").stdout)
    assert {c["check"] for c in manifest["checks"]} == {
        "schema",
        "non_null_keys",
        "unique_keys",
        "row_count",
        "complete",
        "value_range",
        "stable_categories",
        "plausible_revision",
        "stable_descriptions",
        "still_shown",
        "suspect_patterns",
        "bea_line_numbers",
    }
    assert all(c["passed"] for c in manifest["checks"])


def test_a_renumbered_release_is_reported_and_revises_nothing(home):
    archives = Archives(home)
    archives.prices("2022", PRICES.read_bytes())
    archives.run("bea_rpp_state")
    parities = {
        (r["ref_area"], r["category"], r["year"]): r["value"]
        for r in gold(home, "rpp_state")
        if r["dataset"] == "SARPP"
    }
    assert len(parities) == 52 * 5 * 14

    archives.prices("2025", zipped(release_of_2025()))
    manifest = archives.run("bea_rpp_state")
    assert manifest["outcome"] == "loaded"
    (revision,) = revisions(manifest).values()
    assert revision["overall"]["revised"] == 0
    assert revision["dropped"] == 0
    assert revision["added"] == 52 * 5 * 14
    assert revision["overall"]["compared"] == 52 * 5 * 14
    (told,) = [c for c in manifest["checks"] if not c["passed"]]
    assert (told["check"], told["severity"], told["failures"]) == ("bea_line_numbers", "warning", 5)
    assert "first: SARPP:rpp_all_items was line 1 and is now line 5" in told["message"]
    shown = home.run("runs", "show", "latest").stderr
    assert "warning: bea_line_numbers on SARPP 2025-02-20" in shown
    now = {
        (r["ref_area"], r["category"], r["year"]): r["value"]
        for r in gold(home, "rpp_state")
        if r["category"].startswith("SARPP:rpp_")
    }
    assert now == parities
    assert gold(home, "rpp_state_revisions") == []
    california = [
        (r["value"], r["unit"])
        for r in gold(home, "rpp_state")
        if (r["ref_area"], r["category"], r["year"]) == ("CA", "SARPP:real_income_2017", 2021)
    ]
    assert california == [(Decimal("2473783.4"), "Millions of constant 2017 dollars")]


def test_a_revision_in_a_renumbered_release_is_found(home):
    archives = Archives(home)
    archives.prices("2022", PRICES.read_bytes())
    archives.prices("2025", zipped(release_of_2025()))
    archives.run("bea_rpp_state")
    sheets = release_of_2026()
    first, *rest = sheets["SARPP"].lines
    sheets["SARPP"] = sheets["SARPP"].with_lines([first.changed("06000", "2021", "112.195"), *rest])
    archives.prices("2026", zipped(sheets))
    manifest = archives.run("bea_rpp_state")
    revision = revisions(manifest)["SARPP"]
    assert (revision["overall"]["revised"], revision["added"], revision["dropped"]) == (1, 0, 0)
    (cell,) = revision["largest"]
    assert (cell["ref_area"], cell["category"], cell["time_period"]) == (
        "CA",
        "SARPP:rpp_all_items",
        "2021",
    )
    assert (cell["old"], cell["new"]) == ("111.797", "112.195")
    (row,) = gold(home, "rpp_state_revisions")
    assert (row["old_vintage"], row["new_vintage"]) == ("2022-12-15", "2026-02-19")
    (told,) = [c for c in manifest["checks"] if not c["passed"]]
    assert (told["check"], told["failures"]) == ("bea_line_numbers", 5)
    # In prices of 2017 they are other series; nothing was revised or dropped.
    for table in ("SARPI", "SAIRPD"):
        one = revisions(manifest)[table]
        assert (one["overall"]["compared"], one["dropped"]) == (0, 0)


@pytest.mark.slow
def test_releases_may_come_in_any_order(home):
    archives = Archives(home)
    zips = {
        "2022": PRICES.read_bytes(),
        "2025": zipped(release_of_2025()),
        "2026": zipped(release_of_2026()),
    }
    for name in ("2026", "2022", "2025"):
        archives.prices(name, zips[name])
        archives.run("bea_rpp_state")
    piecemeal = home.published()
    assert len(piecemeal) > 10
    (home.folder / ".statpipe").rename(home.folder / "before")
    archives.run("bea_rpp_state")
    assert home.published() == piecemeal


def test_backfill_loads_older_releases(home):
    home.configure(f"{LAKE_ONLY}[sources.bea_rpp_state]\nyears = [2020, 2021]\n")
    home.run("run", "bea_rpp_state")
    (home.folder / "2025.zip").write_bytes(zipped(release_of_2025()))
    home.run("backfill", "bea_rpp_state", "--from-archive", "2025.zip")
    vintages = {r["vintage"] for r in gold(home, "rpp_state") if r["dataset"] == "SARPP"}
    assert vintages == {"2022-12-15", "2025-02-20"}


@pytest.mark.slow
def test_api_and_zip_agree_on_a_renumbering(home):
    with FakePrices() as bea:
        home.configure(
            f'{LAKE_ONLY}[sources.bea_rpp_state]\nchannel = "api"\napi_url = "{bea.url}"\n'
            'tables = ["SARPP"]\nyears = [2020, 2021]\n'
        )
        home.environment["BEA_API_KEY"] = bea.key
        home.run("run", "bea_rpp_state")
        bea.requests.clear()
        home.run("run", "bea_rpp_state")
        assert len(bea.requests) == 2
        bea.publish(zipped(release_of_2025()))
        (manifest,) = json.loads(home.run("run", "bea_rpp_state", "--json").stdout)
    assert revisions(manifest)["SARPP"]["overall"]["revised"] == 0
    (told,) = verdicts(manifest, "bea_line_numbers")
    assert not told["passed"]


def test_an_unknown_title_is_refused_with_a_remedy_and_can_be_accepted(home):
    archives = Archives(home)
    sheets = release_of_2026()
    first, *rest = sheets["SARPP"].lines
    odd = Line("RPPs: Everything", first.unit, first.figures)
    sheets["SARPP"] = sheets["SARPP"].with_lines([odd, *rest])
    archives.prices("2026", zipped(sheets))
    refused = home.run("run", "bea_rpp_state", code=4)
    assert "line 1 of SARPP is titled 'RPPs: Everything'" in refused.stderr
    assert '"SARPP:rpp_all_items" = "<the new title>"' in refused.stderr
    assert "the payload is in Bronze" in refused.stderr
    assert not (home.lake / "silver").exists()
    settings = (home.folder / "statpipe.toml").read_text()
    home.configure(
        f'{settings}[normalizers.bea_regional.titles]\n"SARPP:rpp_all_items" = "RPPs: Everything"\n'
    )
    home.run("run", "bea_rpp_state")
    assert {r["category_name"] for r in gold(home, "rpp_state_category")} >= {"RPPs: All items"}


def test_a_new_line_has_its_own_code_even_after_a_rebuild(home):
    archives, sheets = Archives(home), first_release()
    first, *rest = sheets["SARPP"].lines
    more = replace(first, title="RPPs: Services: Education")
    archives.prices("2022", zipped({"SARPP": sheets["SARPP"].with_lines([more, first, *rest])}))
    manifest = archives.run("bea_rpp_state", "--tables", "SARPP")
    (warning,) = verdicts(manifest, "new_codes")
    code = "SARPP:new_rpp_service_education_index"
    assert warning["cells"] == [{"category": code, "title": "RPPs: Services: Education"}]
    (category,) = [r for r in gold(home, "rpp_state_category") if r["category"] == code]
    assert category["category_name"] == "RPPs: Services: Education"
    rows = [r for r in gold(home, "rpp_state") if r["category"] == code]
    assert len(rows) == 52 * 14
    assert {row["unit"] for row in rows} == {"Index"}
    published = home.published()
    shutil.rmtree(home.lake / "silver")
    archives.run("bea_rpp_state", "--tables", "SARPP")
    assert home.published() == published


def test_the_check_on_line_numbers_does_not_replace_broken_checks(tmp_path):
    """Nothing is published unjudged because the plugin that brings the other checks is broken."""
    from statpipe.api import PluginError
    from statpipe.engine.site.configuration import Configuration
    from statpipe.engine.site.offers import Broken
    from statpipe.engine.site.registry import Registry
    from statpipe.engine.site.site import open_site
    from statpipe_bea import plugin as bea
    from statpipe_lake import plugin as lake

    registry = Registry([("bea", "statpipe-bea", "1", bea), ("lake", "statpipe-lake", "1", lake)])
    configuration = Configuration(path=None, home=tmp_path, document={}, variables={})
    open_site(configuration, registry, "local").close()
    registry.broken.append(
        Broken(plugin="checks", distribution="statpipe-checks", version="1", reason="KeyError: 'x'")
    )
    with pytest.raises(PluginError, match=r"because plugins are broken: checks \(KeyError: 'x'\)"):
        open_site(configuration, registry, "local")


# --- PCE in constant prices ----------------------------------------------------------------------


@pytest.fixture
def three_seasons(home):
    return seasons(home)


def seasons(home):
    archives = Archives(home, f"{LAKE_ONLY}[environments.local.sinks.postgres]\n")
    archives.pce("2022", PCE.read_bytes())
    archives.pce("2024", nominal_pce(PCE_2024))
    archives.pce("2025", nominal_pce(PCE_2025))
    archives.prices("2022", PRICES.read_bytes())
    archives.prices("2025", zipped(release_of_2025()))
    archives.prices("2026", zipped(release_of_2026()))
    home.run("db", "start")  # once, and not for each question
    return archives


@pytest.fixture(scope="module")
def moved_seasons(tmp_path_factory):
    """Three seasons, of which the second has figures of its own; read only. And its last manifest."""
    with new_home(tmp_path_factory.mktemp("moved")) as home:
        archives = seasons(home)
        archives.pce("2024", moved(nominal_pce(PCE_2024), Decimal("1.02")))
        archives.run("bea_pce_state")
        yield home, archives.run("bea_rpp_state")


@pytest.mark.slow
def test_each_season_has_its_pair_and_each_base_year_its_unit(three_seasons, home):
    """
    PCE of October 2024 and September 2025 says the same as that of 2022 here. Only the release of
    2022 thus has figures of its own, so that the later deflators find no PCE of their season.
    """
    three_seasons.run("bea_rpp_state")
    three_seasons.run("bea_pce_state")
    rows = gold(home, "pce_state_real_history")
    assert {(r["pce_vintage"], r["deflator_vintage"], r["unit"]) for r in rows} == {
        ("2022-10-06", "2022-12-15", "Millions of constant 2012 dollars"),
    }


def moved(body, factor_of_2021):
    """PCE by state with every figure of 2021 changed, so that the release sets figures."""
    import csv
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        lines = archive.read(name).decode().splitlines(keepends=True)
    year = next(csv.reader([lines[0].strip()])).index("2021")
    out = []
    for line in lines:
        cells = next(csv.reader([line.strip()], skipinitialspace=True))
        if len(cells) > year and cells[4] == "1":
            text = f"{Decimal(cells[year]) * factor_of_2021:.1f}"
            out.append(f"{line.rstrip().rpartition(',')[0]},{text}\r\n")
        else:
            out.append(line)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "".join(out))
    return packed.getvalue()


def test_real_pce_that_differs_from_bea_is_reported_with_its_cells(moved_seasons):
    home, manifest = moved_seasons
    (told,) = verdicts(manifest, "real_pce")
    assert (told["passed"], told["severity"], told["failures"]) == (False, "warning", 51)
    assert len(told["cells"]) == 20
    assert {(c["year"], c["pce_vintage"], c["deflator_vintage"]) for c in told["cells"]} == {
        (2021, "2024-10-03", "2025-02-20")
    }
    assert all(math.isclose(c["relative_difference"], 0.02, rel_tol=1e-2) for c in told["cells"])
    assert len(gold(home, "pce_state_real_check")) == 51
    shown = home.run("runs", "show", "latest").stderr
    assert "warning: real_pce on pce_state_real_check latest" in shown


def test_lake_and_postgres_hold_the_same_models(moved_seasons):
    home, _ = moved_seasons
    address = home.run("db", "start").stdout.strip()
    with psycopg.connect(address, row_factory=dict_row) as connection:
        _hold_the_same(home, connection)


def _hold_the_same(home, connection):
    for model in [*rpp_state_models(), *pce_state_real_models()]:
        if model.name == "rpp_state_revisions":
            continue  # there are none here
        names = [c.name for c in model.columns]
        columns = ", ".join(
            f"{c.name}::float8" if c.type in {"double", "decimal"} else f"{c.name}::text"
            for c in model.columns
        )
        order = ", ".join(
            f'{name} COLLATE "C"' if t == "text" else name for name, t in _keys(model)
        )
        by_sql = connection.execute(
            f"SELECT {columns} FROM {model.name} ORDER BY {order}"
        ).fetchall()
        in_lake = gold(home, model.name)
        in_lake.sort(key=lambda row: [row[name] for name, _ in _keys(model)])
        assert len(in_lake) == len(by_sql) > 0, model.name
        for mine, theirs in zip(in_lake, by_sql, strict=True):
            for column, name in zip(model.columns, names, strict=True):
                _is_same(column, mine[name], theirs[name], (model.name, mine))


def _keys(model):
    types = {column.name: column.type for column in model.columns}
    return [(name, types[name]) for name in model.grain]


def _is_same(column, mine, theirs, where):
    if mine is None or theirs is None:
        assert mine is theirs, where
    elif column.type in {"double", "decimal"}:
        assert math.isclose(mine, float(theirs), rel_tol=1e-12, abs_tol=1e-12), where
    else:
        assert str(mine) == theirs, where


def test_the_figures_as_of_a_day_are_one_pair(moved_seasons):
    home, _ = moved_seasons
    found = {}
    for day in ("2022-12-14", "2022-12-15", "2024-10-03", "2025-02-19", "2025-02-20"):
        found[day] = home.query(
            "SELECT DISTINCT pce_vintage, deflator_vintage, base_year FROM "
            f"pce_state_real_as_of('{day}')"
        )
    old = {"pce_vintage": "2022-10-06", "deflator_vintage": "2022-12-15", "base_year": 2012}
    new = {"pce_vintage": "2024-10-03", "deflator_vintage": "2025-02-20", "base_year": 2017}
    assert found == {
        "2022-12-14": [],
        "2022-12-15": [old],
        "2024-10-03": [old],
        "2025-02-19": [old],
        "2025-02-20": [new],
    }
