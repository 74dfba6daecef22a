"""Gold in parts: a new vintage keeps unaffected parts, and the result equals a rebuild."""

import weakref
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api.gold import gold_models
from statpipe.domain.canonical import content_hash
from statpipe.domain.partition import what_differs
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.engine.gold import maker
from statpipe.engine.gold.maker import gold_key, opened_gold
from statpipe.engine.gold.relations import Relations
from statpipe.engine.gold.standing import source_standing
from support.examples import examples
from support.silver_lake import SOURCE, SilverLake

MODELS = gold_models(name="tea", source=SOURCE, title="Tea", freq="A")
IN_PARTS = ("tea_history", "tea_first_release", "tea_revisions")
SELECTIONS = (EVERYTHING, EVERYTHING, Selection(areas=("CA",)), Selection(periods=("2020",)))
CELLS = [(area, period) for area in ("CA", "NY") for period in ("2020", "2021")]


@st.composite
def vintages(draw):
    said = st.tuples(st.sampled_from([None, "1", "2"]), st.sampled_from([None, "n"]))
    return {
        "released": date(draw(st.sampled_from((2022, 2023, 2024))), draw(st.integers(1, 2)), 1),
        "sequence": draw(st.integers(1, 2)),
        "selection": draw(st.sampled_from(SELECTIONS)),
        "figures": draw(st.dictionaries(st.sampled_from(CELLS), said, min_size=1)),
        "geo_name": draw(st.sampled_from(["here", "there"])),
        "dataset": draw(st.sampled_from(["black", "black", "green"])),
    }


def written(lake, *, compare=False):
    """Bring all models into the lake, as a run does; return what was made."""
    made = {}
    with opened_gold(lake, MODELS, lambda _: lake.holds, print, compare=compare) as gold:
        for model in MODELS:
            if lake.fingerprint(gold_key(model)) != gold.fingerprint(model):
                made[model.name] = gold.partition(model)
                lake.write(made[model.name])
    return made


def anew(lake):
    """Make all models in a lake that holds nothing but Silver."""
    fresh = lake.with_silver_alone()
    written(fresh)
    return fresh


@settings(deadline=None, max_examples=examples(12, 50))
@given(arriving=st.lists(st.tuples(vintages(), st.booleans()), min_size=1, max_size=5))
def test_the_order_of_vintages_does_not_change_gold(arriving):
    lake = SilverLake()
    for vintage, withdraws in arriving:
        lake.publish(**vintage)
        if withdraws and len(lake.vintages) > 1:
            lake.vintages.pop(next(iter(lake.vintages)))
        written(lake)
    fresh = anew(lake)
    with opened_gold(fresh, MODELS, lambda _: lake.holds) as gold:
        for model in MODELS:
            found, wanted = lake.read(gold_key(model)), gold.remade(model).table
            assert found.to_pylist() == wanted.to_pylist(), model.name
            assert content_hash(found) == content_hash(wanted)
            assert content_hash(found) == content_hash(fresh.read(gold_key(model)))
            assert identities(lake, model.name) == identities(fresh, model.name)


def identities(lake, name):
    return [part.identity for part in lake.held[key_of(name)].parts]


def key_of(name):
    return gold_key(next(model for model in MODELS if model.name == name))


@pytest.fixture(scope="module")
def three_years():
    """Three years with a release each, in Gold; read only."""
    lake = SilverLake()
    for year in (2022, 2023, 2024):
        lake.publish(date(year, 1, 1), {("CA", "2020"): str(year), ("NY", "2020"): "1"})
        written(lake)
    return lake


@pytest.fixture
def lake(three_years):
    return three_years.copy()


def test_a_new_vintage_computes_the_parts_of_its_year_and_the_current_rows(lake):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    made = written(lake)
    for name in IN_PARTS:
        assert [part.year for part in made[name].parts if not part.held] == [2024, None]
        assert [part.year for part in made[name].parts if part.held] == [2022, 2023]


def test_neither_the_history_nor_the_changes_of_closed_years_are_read(lake):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    lake.seen.clear()
    written(lake)
    assert [path for path in lake.seen if path.startswith("changes")] == [
        "changes/tea_prices/dataset=black",
        "changes/tea_prices/dataset=black/year=2024",
    ]
    assert not any(path.startswith("gold/tea_history") for path in lake.seen)


def brought(monkeypatch, lake):
    """Make all models; return what was brought to DuckDB, with its rows, and what lay there after each model."""
    found, left = {}, []
    bring, pick, let_go = Relations.bring, Relations.pick, Relations.let_go

    def noting(self, called, table):
        found[called] = len(table)
        bring(self, called, table)

    def picking(self, called, among, picked):
        found[called] = picked.true_count
        pick(self, called, among, picked)

    def listing(self, needed):
        let_go(self, needed)
        there = self.connection.sql("SELECT table_name FROM duckdb_tables()").fetchall()
        left.append({name for (name,) in there})

    monkeypatch.setattr(Relations, "bring", noting)
    monkeypatch.setattr(Relations, "pick", picking)
    monkeypatch.setattr(Relations, "let_go", listing)
    with opened_gold(lake, MODELS, lambda _: lake.holds, print) as gold:
        for partition in gold.partitions(MODELS):
            lake.write(partition)
    return found, left


def test_rows_final_in_a_year_are_computed_from_its_changed_cells(lake, monkeypatch):
    still = {("CA", str(year)): "1" for year in range(2000, 2020)}
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1", **still})
    written(lake)
    lake.publish(date(2025, 1, 1), {("CA", "2020"): "8", ("NY", "2020"): "1", **still})
    found, _ = brought(monkeypatch, lake)
    assert found["what stands of tea_prices"] == 23
    assert found["what moved of tea_prices"] == 2
    revisions = lake.read(key_of("tea_revisions"))
    assert [str(day) for day in revisions["revised_on"].to_pylist()][-1] == "2025-01-01"
    assert content_hash(revisions) == content_hash(anew(lake).read(key_of("tea_revisions")))


def test_a_year_that_changed_most_cells_is_computed_from_the_summary(lake, monkeypatch):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "2"})
    found, _ = brought(monkeypatch, lake)
    assert "what stands of tea_prices" in found
    assert "what moved of tea_prices" not in found


def test_tables_that_no_later_model_reads_are_freed(lake, monkeypatch):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    _, left = brought(monkeypatch, lake)
    history = next(n for n, model in enumerate(MODELS) if model.name == "tea_history")
    assert "what stands of tea_prices" in left[history - 1]
    assert "what stands of tea_prices" not in left[history]
    assert left[-1] == {"all of tea"}


def test_intervals_are_freed_once_duckdb_has_them(lake, monkeypatch):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "2"})
    made, alive = [], {}

    def noting(*given):
        standing = source_standing(*given)
        made.append(weakref.ref(standing))
        return standing

    monkeypatch.setattr(maker, "source_standing", noting)
    with opened_gold(lake, MODELS, lambda _: lake.holds, print) as gold:
        for partition in gold.partitions(MODELS):
            lake.write(partition)
            alive[partition.model.name] = any(one() for one in made)
    assert len(made) == 1
    assert not alive["tea_history"]


def test_a_late_vintage_computes_the_parts_from_its_year_on(lake):
    lake.publish(date(2023, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    made = written(lake)["tea_history"]
    before = {part.year: part.fingerprint for part in made.parts}
    assert identities(lake, "tea_history")[0] == (2022, before[2022])


def test_an_area_that_is_renamed_renames_the_revisions_of_all_years(lake):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"}, geo_name="elsewhere")
    made = written(lake)
    assert [part.held for part in made["tea_revisions"].parts] == [False] * 4
    assert set(made["tea_revisions"].table["area_name"].to_pylist()) == {"elsewhere"}


def test_a_new_area_does_not_change_the_revisions_of_other_years(lake):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1", ("TX", "2020"): "1"})
    made = written(lake)
    assert [part.held for part in made["tea_revisions"].parts] == [True, True, False, False]


def test_an_up_to_date_database_only_gets_the_parts_that_differ(lake):
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    made = written(lake, compare=True)["tea_history"]
    old, new = what_differs(made.previous, made)
    assert sorted(old["value"].to_pylist()) == [1, 2023, 2024]
    assert sorted(new["value"].to_pylist()) == [1, 7, 2023, 2024]
    assert len(made.table) == 5


def test_tables_of_an_older_version_are_split_into_parts(lake):
    key = key_of("tea_history")
    lake.in_one_piece(key)
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    made = written(lake, compare=True)["tea_history"]
    assert not any(part.held for part in made.parts)
    old, new = what_differs(made.previous, made)
    assert (len(old), len(new)) == (4, 5)


def test_a_lake_without_parts_has_complete_tables(lake):
    lake.parts = lambda _: ()
    lake.publish(date(2024, 2, 1), {("CA", "2020"): "7", ("NY", "2020"): "1"})
    made = written(lake)["tea_history"]
    assert not any(part.held for part in made.parts)
    assert len(made.table) == 5
