"""What others built on a relation of ours survives its being rebuilt."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.api import ConfigError, Unavailable
from statpipe_postgres.connection import transaction
from statpipe_postgres.dependents import set_aside

BEFORE = """
CREATE SCHEMA gold;
CREATE TABLE gold.spending (area text PRIMARY KEY, year bigint CHECK (year > 0), value numeric,
    note text DEFAULT '');
CREATE INDEX ON gold.spending (year);
INSERT INTO gold.spending VALUES ('CA', 2023, 1.5, ''), ('NY', 2023, 2.5, '(D)');
CREATE SCHEMA "Bi team";
"""


@pytest.fixture
def bi(admin):
    """The role of a BI tool; roles are the whole server's, so each database has its own."""
    name = f"bi_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {name}")
    admin.execute(BEFORE)
    admin.execute(f'GRANT USAGE, CREATE ON SCHEMA "Bi team", gold TO {name}')
    admin.execute(f"GRANT SELECT ON gold.spending TO {name}")
    yield name
    admin.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def rows(admin, statement):
    return admin.execute(statement).fetchall()


def catalogue(admin):
    """All that the catalogue says of views, whatever number they have."""
    return rows(
        admin,
        """
        SELECT c.oid::regclass::text, c.relkind::text, pg_get_viewdef(c.oid), c.relowner::regrole::text,
            c.reloptions, c.relispopulated, obj_description(c.oid, 'pg_class'),
            ARRAY(SELECT g.grantee::regrole || g.privilege_type || g.is_grantable
                FROM aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) g ORDER BY 1),
            ARRAY(SELECT (attname, format_type(atttypid, atttypmod), attacl,
                col_description(attrelid, attnum))::text
                FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 ORDER BY attnum),
            ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid ORDER BY 1),
            ARRAY(SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = c.oid)
        FROM pg_class c WHERE c.relkind IN ('v', 'm')
            AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        ORDER BY 1
        """,
    )


def change(admin, statement):
    """What a caller does in between may be any statement."""
    with transaction(admin):
        aside = set_aside(admin, "gold", "spending")
        admin.execute(statement)
        aside.put_back(admin)


def make_anew(
    admin, columns="area text PRIMARY KEY, year bigint, value numeric, note text", readers=()
):
    with transaction(admin):
        aside = set_aside(admin, "gold", "spending")
        admin.execute("ALTER TABLE gold.spending RENAME TO old")
        admin.execute(f"CREATE TABLE gold.spending ({columns})")
        admin.execute("INSERT INTO gold.spending SELECT * FROM gold.old; DROP TABLE gold.old")
        for reader in readers:
            admin.execute(f"GRANT SELECT ON gold.spending TO {reader}")
        aside.put_back(admin)
    return aside


VIEWS = """
CREATE VIEW "Bi team"."by year" ("the year", total) WITH (security_barrier) AS
    SELECT year, sum(value) FROM gold.spending GROUP BY year;
COMMENT ON VIEW "Bi team"."by year" IS 'Per year, 100% of it';
COMMENT ON COLUMN "Bi team"."by year".total IS 'It''s a sum';
GRANT SELECT, UPDATE ON "Bi team"."by year" TO {bi} WITH GRANT OPTION;
GRANT SELECT ON "Bi team"."by year" TO PUBLIC;

CREATE VIEW gold.checked AS SELECT area, note, value FROM gold.spending WHERE value > 0
    WITH LOCAL CHECK OPTION;
GRANT SELECT (area), UPDATE (area, value) ON gold.checked TO PUBLIC;
ALTER VIEW gold.checked OWNER TO {bi};

CREATE MATERIALIZED VIEW public.kept WITH (fillfactor = 70) AS
    SELECT y.total, c.area, c.note FROM "Bi team"."by year" y, gold.checked c;
CREATE UNIQUE INDEX kept_by_area ON public.kept (area) INCLUDE (total) WHERE area <> '';
CREATE INDEX ON public.kept (lower(area));
CREATE STATISTICS public.kept_together ON area, note FROM public.kept;
COMMENT ON MATERIALIZED VIEW public.kept IS 'Kept';
CREATE MATERIALIZED VIEW public.unfilled AS SELECT count(*) FROM gold.spending WITH NO DATA;

CREATE VIEW public.over AS SELECT k.area, s.value, s AS whole, u.count FROM public.kept k
    JOIN gold.spending s USING (area) CROSS JOIN public.unfilled u;
CREATE VIEW public.grouped AS SELECT area, year FROM gold.spending GROUP BY area;
CREATE VIEW public.apart AS SELECT 1 AS n;
"""


def test_views_survive_with_everything_that_belongs_to_them(admin, bi):
    admin.execute(VIEWS.format(bi=bi))
    # The definition of a view reads otherwise where its relations are on the path; names are not.
    admin.execute("SET search_path = gold, public")
    before = catalogue(admin)
    aside = make_anew(admin, readers=[bi])
    assert [str(view) for view in aside.views][-1] == "public.over"
    assert len(aside.views) == 6
    assert catalogue(admin) == before
    assert rows(admin, 'SELECT * FROM "Bi team"."by year"') == [(2023, 4)]
    assert sorted(rows(admin, "SELECT area FROM public.kept")) == [("CA",), ("NY",)]
    assert rows(admin, "SHOW search_path") == [("gold, public",)]


def test_default_privileges_are_not_added_to_restored_views(admin, bi):
    admin.execute("CREATE VIEW gold.private AS SELECT * FROM gold.spending")
    admin.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA gold GRANT ALL ON TABLES TO {bi}")
    before = catalogue(admin)
    make_anew(admin)
    assert catalogue(admin) == before


def test_a_missing_relation_has_no_dependents(admin):
    assert set_aside(admin, "gold", "nothing").views == ()


def test_a_view_takes_the_new_type_of_a_column(admin, bi):
    admin.execute("CREATE VIEW gold.years AS SELECT area, year FROM gold.spending")
    make_anew(admin, "area text PRIMARY KEY, year integer, value numeric, note text")
    assert rows(
        admin,
        "SELECT format_type(atttypid, -1) FROM pg_attribute"
        " WHERE attrelid = 'gold.years'::regclass AND attname = 'year'",
    ) == [("integer",)]


def test_a_view_on_a_removed_column_stops_the_change_without_loss(admin, bi):
    admin.execute("CREATE VIEW gold.first AS SELECT area FROM gold.spending")
    admin.execute('CREATE VIEW "Bi team".notes AS SELECT area, note FROM gold.spending')
    before = catalogue(admin)
    with pytest.raises(ConfigError) as caught:
        change(admin, "ALTER TABLE gold.spending DROP COLUMN note")
    assert str(caught.value) == (
        "gold.spending must be rebuilt, but the view Bi team.notes on it cannot be "
        'recreated: column "note" does not exist; drop or change that view, and run again'
    )
    assert catalogue(admin) == before


def test_a_materialized_view_that_cannot_be_filled_stops_the_change(admin, bi):
    admin.execute("CREATE MATERIALIZED VIEW gold.m AS SELECT 1 / value AS n FROM gold.spending")
    with pytest.raises(
        ConfigError, match=r"view gold\.m on it cannot .*: division by zero; drop or"
    ):
        change(admin, "UPDATE gold.spending SET value = 0")
    assert len(rows(admin, "SELECT * FROM gold.m")) == 2


OBSTACLES = {
    "foreign key": (
        "CREATE TABLE gold.child (area text CONSTRAINT to_area REFERENCES gold.spending)",
        "constraint to_area on table gold.child",
    ),
    "function with a body of SQL": (
        (
            "CREATE FUNCTION gold.total() RETURNS numeric LANGUAGE sql"
            " BEGIN ATOMIC SELECT sum(value) FROM gold.spending; END"
        ),
        "function gold.total()",
    ),
    "function of rows": (
        "CREATE FUNCTION gold.name(gold.spending) RETURNS text LANGUAGE sql AS 'SELECT $1.area'",
        "function gold.name(gold.spending)",
    ),
    "column of rows": (
        "CREATE TABLE gold.log (was gold.spending)",
        "column was of table gold.log",
    ),
    "policy": (
        "CREATE POLICY mine ON gold.spending USING (true)",
        "policy mine on table gold.spending",
    ),
    "another table's policy": (
        (
            "CREATE TABLE gold.other (); CREATE POLICY mine ON gold.other"
            " USING (EXISTS (SELECT FROM gold.spending))"
        ),
        "policy mine on table gold.other",
    ),
    "trigger": (
        (
            "CREATE TRIGGER watch AFTER UPDATE ON gold.spending FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        "trigger watch on table gold.spending",
    ),
    "rule": (
        "CREATE RULE never AS ON DELETE TO gold.spending DO INSTEAD NOTHING",
        "rule never on table gold.spending",
    ),
    "publication": (
        "CREATE PUBLICATION p_{db} FOR TABLE gold.spending",
        "publication of table gold.spending in publication p_{db}",
    ),
    "child table": (
        "CREATE TABLE gold.child () INHERITS (gold.spending)",
        "table gold.child",
    ),
    "trigger of a view": (
        (
            "CREATE VIEW gold.v AS SELECT area FROM gold.spending; CREATE TRIGGER write INSTEAD OF INSERT"
            " ON gold.v FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        "trigger write on view gold.v",
    ),
    "default of a view": (
        (
            "CREATE VIEW gold.v AS SELECT area FROM gold.spending;"
            "ALTER VIEW gold.v ALTER COLUMN area SET DEFAULT 'US'"
        ),
        "default value for column area of view gold.v",
    ),
    "function over a view": (
        (
            "CREATE VIEW gold.v AS SELECT area FROM gold.spending;"
            "CREATE FUNCTION gold.areas() RETURNS SETOF gold.v LANGUAGE sql AS 'SELECT * FROM gold.v'"
        ),
        "function gold.areas()",
    ),
}


@pytest.mark.parametrize("kind", OBSTACLES)
def test_a_dependent_that_cannot_be_restored_is_named_and_stays(admin, bi, kind):
    statements, named = (text.format(db=admin.info.dbname) for text in OBSTACLES[kind])
    admin.execute(statements)
    with pytest.raises(ConfigError) as caught, transaction(admin):
        set_aside(admin, "gold", "spending")
    assert str(caught.value) == (
        f"gold.spending must be rebuilt, but objects on it cannot be recreated ({named}); drop "
        "them, run again, and create them again"
    )


def test_a_partitioned_table_is_not_treated_as_ours(admin, bi):
    admin.execute("CREATE TABLE gold.parted (year bigint) PARTITION BY LIST (year)")
    admin.execute("CREATE TABLE gold.part_1 PARTITION OF gold.parted DEFAULT")
    with pytest.raises(ConfigError, match=r"cannot be recreated \(table gold\.part_1\); drop them"):
        set_aside(admin, "gold", "parted")


def test_the_temporary_view_of_another_session_is_named(admin, dsn, bi):
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("CREATE TEMP VIEW mine AS SELECT area FROM gold.spending")
        with pytest.raises(ConfigError, match=r"\(view pg_temp_\d+\.mine\); drop them, run again"):
            set_aside(admin, "gold", "spending")


@pytest.fixture
def loader(admin, dsn, bi):
    """A connection of the role that owns the schema gold, and no more."""
    name = f"loader_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    admin.execute(f"ALTER SCHEMA gold OWNER TO {name}; ALTER TABLE gold.spending OWNER TO {name}")
    with psycopg.connect(make_conninfo(dsn, user=name, password="pw"), autocommit=True) as session:
        yield session


def test_a_view_of_an_inaccessible_role_is_named_with_the_privilege(admin, loader, bi):
    admin.execute(f"SET ROLE {bi}; CREATE VIEW gold.mine AS SELECT area FROM gold.spending")
    admin.execute('CREATE VIEW "Bi team".mine AS SELECT area FROM gold.mine; RESET ROLE')
    admin.execute(f'GRANT USAGE ON SCHEMA "Bi team" TO {loader.info.user}')
    before = catalogue(admin)
    with pytest.raises(ConfigError) as caught:
        make_anew(loader)
    remedy = f"make the role {loader.info.user} its owner, or drop that view, and run again"
    assert str(caught.value) == (
        "gold.spending must be rebuilt, but the view Bi team.mine on it cannot be "
        f"recreated: must be owner of view mine; {remedy}"
    )
    admin.execute('DROP VIEW "Bi team".mine')
    with pytest.raises(ConfigError, match=r"view gold\.mine .* must be able to SET ROLE") as caught:
        make_anew(loader)
    assert str(caught.value).endswith(remedy)
    assert [row[0] for row in catalogue(admin)] == [row[0] for row in before[1:]]
    admin.execute(f"GRANT {bi} TO {loader.info.user}")
    make_anew(loader)
    assert rows(admin, "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'mine'") == [
        (bi,)
    ]


def test_a_login_with_more_privileges_than_the_loading_role_restores_views(admin, loader, bi):
    admin.execute('CREATE VIEW "Bi team".mine AS SELECT area FROM gold.spending')
    admin.execute("CREATE MATERIALIZED VIEW public.kept AS SELECT area FROM gold.spending")
    before = catalogue(admin)
    admin.execute(f"SET ROLE {loader.info.user}")
    make_anew(admin)
    assert rows(admin, "SELECT current_user::text") == [(loader.info.user,)]
    admin.execute("RESET ROLE")
    assert catalogue(admin) == before


def test_the_load_waits_for_a_view_that_others_hold(admin, dsn, bi):
    admin.execute("CREATE VIEW gold.v AS SELECT area FROM gold.spending")
    admin.execute("SET lock_timeout = '200ms'")
    with psycopg.connect(dsn) as reader:
        reader.execute("SELECT * FROM gold.v").fetchall()
        with pytest.raises(psycopg.errors.LockNotAvailable), transaction(admin):
            set_aside(admin, "gold", "spending")


def test_a_view_created_in_the_meantime_is_not_an_error(admin, dsn, bi):
    admin.execute("CREATE VIEW gold.v AS SELECT area FROM gold.spending")
    failures = []

    def work():
        try:
            with transaction(admin):
                set_aside(admin, "gold", "spending")
        except Unavailable as error:
            failures.append(str(error))

    with psycopg.connect(dsn) as other:
        other.execute("CREATE VIEW gold.w AS SELECT area FROM gold.v")
        thread = threading.Thread(target=work)
        thread.start()
        with psycopg.connect(dsn, autocommit=True) as watcher:
            while not rows(watcher, "SELECT FROM pg_locks WHERE NOT granted"):
                pass
        other.commit()
        thread.join()
    assert failures == [
        (
            "gold.spending must be rebuilt, but another session is changing gold.v right now: "
            "cannot drop view gold.v because other objects depend on it (view gold.w depends on "
            "view gold.v); run again"
        )
    ]
    assert rows(admin, "SELECT count(*) FROM gold.w") == [(2,)]


def test_only_the_privileges_of_a_view_created_again_are_restored(admin, bi):
    admin.execute("CREATE VIEW gold.ours AS SELECT area, note FROM gold.spending")
    admin.execute("CREATE VIEW gold.theirs AS SELECT area FROM gold.ours")
    admin.execute(f"GRANT SELECT ON gold.ours, gold.theirs TO {bi}")
    change(
        admin,
        "ALTER TABLE gold.spending DROP COLUMN note;"
        "CREATE VIEW gold.ours AS SELECT area FROM gold.spending",
    )
    for view in ("ours", "theirs"):
        assert rows(admin, f"SELECT has_table_privilege('{bi}', 'gold.{view}', 'SELECT')") == [
            (True,)
        ]
