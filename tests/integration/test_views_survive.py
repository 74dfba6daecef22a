"""What BI tools hold on to survives a reload, another release, and a change of the models."""

from __future__ import annotations

from typing import Any

import attrs
import psycopg
import pytest

from statpipe.api import Column, Model
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import LOAD, Options
from support.tea import DATASETS, SOURCE, TeaAgency, TeaPlugin, family, prices

READ = "SELECT has_table_privilege('bi', %s, 'SELECT')"


class Shop:
    """An agency, a lake, an embedded PostgreSQL, and a BI tool beside them."""

    def __init__(self, home: Any) -> None:
        self.home = home
        self.agency = TeaAgency()
        self.models = family()
        self.publish("2024-03-01", 1)
        self.site = self._site()

    def publish(self, day: str, start: int) -> None:
        for name in DATASETS:
            self.agency.publish(name, day, prices(start))

    def change(self, name: str, **changes: Any) -> None:
        self.models = [attrs.evolve(m, **changes) if m.name == name else m for m in self.models]

    def run(self) -> Any:
        self.site.close()
        self.site = self._site()
        (manifest,) = run_sources(self.site, [SOURCE], Options())
        return manifest

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        address = self.site.sinks["postgres"].start()
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def model(self, name: str) -> Model:
        return next(m for m in self.models if m.name == name)

    def _site(self) -> Any:
        import importlib

        registry = Registry(
            [("tea", "statpipe-tea", "1", TeaPlugin(lambda: self.agency, self.models))]
        )
        for plugin in ("lake", "postgres"):
            module = importlib.import_module(f"statpipe_{plugin}.plugin")
            registry.register(plugin, f"statpipe-{plugin}", "1", module)
        document = {"environments": {"local": {"sinks": {"lake": {}, "postgres": {}}}}}
        configuration = Configuration(path=None, home=self.home, document=document, variables={})
        return open_site(configuration, registry, "local")


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    assert opened.run().exit_code == 0
    opened.query("CREATE ROLE bi")
    opened.query("GRANT USAGE ON SCHEMA gold TO bi")
    opened.query("GRANT SELECT ON gold.tea, gold.tea_yoy, gold.tea_history TO bi")
    opened.query("CREATE SCHEMA marts")
    opened.query(
        "CREATE VIEW marts.board AS SELECT category, avg(value) AS mean FROM gold.tea GROUP BY 1"
    )
    opened.query("GRANT SELECT ON marts.board TO bi")
    yield opened
    opened.site.sinks["postgres"].stop()
    opened.site.close()


def numbers_of(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.query(
        "SELECT relname::text, oid::int8 FROM pg_class WHERE relname IN ('tea', 'tea_yoy', 'board',"
        " 'tea_history') ORDER BY 1"
    )


def allowed(shop: Shop) -> bool:
    relations = ("gold.tea", "gold.tea_yoy", "gold.tea_history", "marts.board")
    return all(shop.query(READ, relation) == [(True,)] for relation in relations)


def test_another_release_changes_rows_and_no_object(shop):
    shop.query("CREATE VIEW marts.old AS SELECT value FROM gold.tea_as_of('2024-03-15')")
    before = numbers_of(shop)
    (mean,) = shop.query("SELECT mean FROM marts.board WHERE category = 'fine'")
    shop.publish("2024-04-01", 50)
    manifest = shop.run()
    assert manifest.outcome == "loaded"
    assert numbers_of(shop) == before
    assert allowed(shop)
    assert shop.query("SELECT mean FROM marts.board WHERE category = 'fine'") != [mean]
    assert shop.query("SELECT count(*) FROM marts.old") == [(16,)]


def test_a_rebuild_keeps_views_and_privileges_of_others(shop):
    rows = shop.query("SELECT * FROM gold.tea_history ORDER BY 1, 2, 3, 4")
    shop.query("UPDATE gold.tea_history SET value = 0")
    (manifest,) = run_sources(shop.site, [SOURCE], Options(stages=frozenset({LOAD}), how="rebuild"))
    assert manifest.exit_code == 0, manifest.message
    assert shop.query("SELECT * FROM gold.tea_history ORDER BY 1, 2, 3, 4") == rows
    assert allowed(shop)
    assert len(shop.query("SELECT * FROM marts.board")) == 2


def test_a_verifying_load_corrects_changes_by_others(shop):
    rows = shop.query("SELECT * FROM gold.tea_history ORDER BY 1, 2, 3, 4")
    shop.query("UPDATE gold.tea_history SET value = 0 WHERE ref_area = 'CAL'")
    shop.query("DELETE FROM gold.tea_history WHERE category = 'dust'")
    assert shop.run().outcome == "unchanged"  # fingerprints are trusted
    options = Options(stages=frozenset({LOAD}), how="verify")
    (manifest,) = run_sources(shop.site, [SOURCE], options)
    (receipt,) = [r for r in manifest.receipts if r.path == "gold/tea_history"]
    assert (receipt.inserted, receipt.updated, receipt.deleted) == (8, 4, 0)
    assert shop.query("SELECT * FROM gold.tea_history ORDER BY 1, 2, 3, 4") == rows


def test_a_view_that_gets_a_column_is_replaced_in_place(shop):
    before = numbers_of(shop)
    model = shop.model("tea_yoy")
    more = Column(name="doubled", type="decimal", description="Twice the price")
    shop.change(
        "tea_yoy",
        columns=(*model.columns[:1], more, *model.columns[1:]),
        sql=model.sql.replace("now.unit,", "2 * now.value AS doubled, now.unit,"),
    )
    assert shop.run().exit_code == 0
    assert numbers_of(shop) == before
    assert allowed(shop)
    assert shop.query("SELECT count(*) FROM gold.tea_yoy WHERE doubled = 2 * value") == [(16,)]


def test_a_removed_column_keeps_views_and_privileges_of_others(shop):
    history = shop.model("tea_history")
    latest = shop.model("tea")
    first = shop.model("tea_first_release")
    for model, prefix in ((history, ""), (latest, "history."), (first, "")):
        shop.change(
            model.name,
            columns=tuple(c for c in model.columns if c.name != "notes"),
            sql=model.sql.replace(f"    {prefix}notes,\n", ""),
        )
    manifest = shop.run()
    assert manifest.exit_code == 0, manifest.message
    assert allowed(shop)
    assert len(shop.query("SELECT * FROM marts.board")) == 2
    named = (
        "SELECT count(*) FROM pg_attribute WHERE attname = 'notes' AND attrelid = to_regclass(%s)"
    )
    assert shop.query(named, "gold.tea_history") == [(0,)]
    assert shop.query(named, "gold.tea") == [(0,)]


def test_a_change_that_would_break_a_foreign_view_is_refused(shop):
    shop.query("CREATE VIEW marts.noted AS SELECT category, notes FROM gold.tea")
    latest = shop.model("tea")
    shop.change(
        "tea",
        columns=tuple(c for c in latest.columns if c.name != "notes"),
        sql=latest.sql.replace("    history.notes,\n", ""),
    )
    manifest = shop.run()
    assert manifest.exit_code == 2
    assert (
        "gold.tea must be rebuilt, but the view marts.noted on it cannot be recreated"
        in manifest.message
    )
    assert "drop or change that view, and run again" in manifest.message
    assert len(shop.query("SELECT * FROM marts.noted")) == 16
    assert allowed(shop)
    shop.query("DROP VIEW marts.noted")
    assert shop.run().exit_code == 0
    assert allowed(shop)


def test_a_table_of_an_earlier_version_becomes_a_view_with_its_privileges(shop):
    shop.query("DROP VIEW marts.board")
    shop.query("DROP VIEW gold.tea CASCADE")
    shop.query("CREATE TABLE gold.tea AS SELECT 1 AS value")
    shop.query("ALTER TABLE gold.tea OWNER TO statpipe_loader")
    shop.query("GRANT SELECT ON gold.tea TO bi")
    shop.query("DELETE FROM statpipe.dataset_state WHERE relation = 'gold.tea'")
    assert shop.run().exit_code == 0
    assert shop.query("SELECT count(*) FROM gold.tea") == [(16,)]
    assert shop.query(READ, "gold.tea") == [(True,)]
