"""Views and functions of ours: in place where that can be, and never at the cost of others."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from statpipe.api import Column, ConfigError
from statpipe_postgres.connection import transaction
from statpipe_postgres.dependents import set_aside
from statpipe_postgres.views import replace_function, replace_view

AREA = Column(name="area", type="text", description="Area of the figure")
VALUE = Column(name="value", type="decimal", description="Spending", unit="million USD")
YEAR = Column(name="year", type="integer", description="Year of the figure")
DAY = Column(name="released", type="date", description="Day of the release")

BODY = "SELECT area, value, year, released FROM gold.history -- all of them"


@pytest.fixture
def reader(admin):
    """Figures of two vintages, and a role that others gave rights to."""
    name = f"reader_{admin.info.dbname}"
    admin.execute(
        "CREATE SCHEMA gold; CREATE TABLE gold.history"
        " (area text, value numeric(20, 8), year integer, released date);"
        "INSERT INTO gold.history VALUES ('CA', 1.50, 2022, '2023-10-04'),"
        " ('CA', 1.75, 2022, '2024-10-03')"
    )
    admin.execute(f"CREATE ROLE {name}; GRANT USAGE ON SCHEMA gold TO {name}")
    yield name
    admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def view(admin, *columns, body=BODY, title="Spending", **others):
    with transaction(admin):
        replace_view(admin, "gold", "pce", sql.SQL(body), columns, title, **others)


def function(admin, *columns, body=BODY + "\nWHERE released <= as_of", title="As of", **others):
    with transaction(admin):
        replace_function(admin, "gold", "pce_as_of", sql.SQL(body), columns, title, **others)


def rows(admin, statement):
    return admin.execute(statement).fetchall()


def shape(admin, name="gold.pce"):
    return rows(
        admin,
        "SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
        f" FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0 ORDER BY attnum",
    )


def oid(admin, name="gold.pce"):
    return rows(admin, f"SELECT '{name}'::regclass::oid")[0][0]


def may(admin, role, right="SELECT", name="gold.pce"):
    return rows(admin, f"SELECT has_table_privilege('{role}', '{name}', '{right}')") == [(True,)]


def test_a_view_has_the_declared_columns_types_and_comments(admin, reader):
    view(admin, AREA, YEAR, VALUE)
    assert shape(admin) == [
        ("area", "text", "Area of the figure"),
        ("year", "bigint", "Year of the figure"),
        ("value", "numeric", "Spending [million USD]"),
    ]
    assert rows(admin, "SELECT obj_description('gold.pce'::regclass)") == [("Spending",)]
    assert len(rows(admin, "SELECT * FROM gold.pce")) == 2


def test_names_in_the_body_are_looked_up_on_the_search_path(admin, reader):
    with transaction(admin):
        admin.execute("SELECT set_config('search_path', 'pg_catalog, gold', true)")
        body = sql.SQL("SELECT area FROM history")
        replace_view(admin, "gold", "user", body, [AREA], "It's 100 %")
    assert rows(admin, 'SELECT DISTINCT area FROM gold."user"') == [("CA",)]


def test_an_added_column_and_a_new_body_replace_the_view_in_place(admin, reader):
    view(admin, AREA, VALUE)
    admin.execute(f"GRANT SELECT ON gold.pce TO {reader}")
    admin.execute("ALTER VIEW gold.pce SET (security_barrier = true)")
    admin.execute("CREATE VIEW gold.theirs AS SELECT sum(value) FROM gold.pce")
    before = oid(admin), oid(admin, "gold.theirs")
    # Declared in another order: the columns that are there stay where they are.
    view(admin, YEAR, VALUE, DAY, AREA, body=BODY + "\nWHERE value < 1.6")
    assert (oid(admin), oid(admin, "gold.theirs")) == before
    assert [name for name, _, _ in shape(admin)] == ["area", "value", "year", "released"]
    assert rows(admin, "SELECT * FROM gold.theirs") == [(Decimal("1.5"),)]
    assert may(admin, reader)
    assert rows(admin, "SELECT reloptions FROM pg_class WHERE oid = 'gold.pce'::regclass") == [
        (["security_barrier=true"],)
    ]


def test_only_different_comments_are_written(admin, reader):
    view(admin, AREA, VALUE)
    stamp = "SELECT objsubid, xmin::text FROM pg_description WHERE objoid = 'gold.pce'::regclass"
    before = dict(rows(admin, stamp))
    view(admin, AREA, Column(name="value", type="decimal", description="Outlays"))
    after = dict(rows(admin, stamp))
    assert {number for number in after if after[number] != before[number]} == {2}
    view(admin, AREA, VALUE, title="Outlays")
    assert rows(admin, "SELECT obj_description('gold.pce'::regclass)") == [("Outlays",)]


@pytest.mark.parametrize(
    ("columns", "types"),
    [
        ((AREA, VALUE), ["text", "numeric"]),
        ((AREA, VALUE, Column(name="year", type="text", description="")), None),
    ],
)
def test_a_removed_or_changed_column_rebuilds_the_view(admin, reader, columns, types):
    view(admin, AREA, VALUE, YEAR)
    admin.execute(
        f"GRANT SELECT ON gold.pce TO {reader} WITH GRANT OPTION;"
        f"GRANT UPDATE (year, area) ON gold.pce TO {reader};"
        "CREATE VIEW public.theirs AS SELECT area FROM gold.pce;"
        f"GRANT SELECT ON public.theirs TO {reader}; COMMENT ON VIEW public.theirs IS 'Theirs';"
        "CREATE MATERIALIZED VIEW public.kept AS SELECT * FROM public.theirs"
    )
    view(admin, *columns)
    assert [type_ for _, type_, _ in shape(admin)] == (types or ["text", "numeric", "text"])
    assert may(admin, reader, "SELECT WITH GRANT OPTION")
    assert may(admin, reader, name="public.theirs")
    column = f"SELECT has_column_privilege('{reader}', 'gold.pce', 'area', 'UPDATE')"
    assert rows(admin, column) == [(True,)]
    assert rows(admin, "SELECT obj_description('public.theirs'::regclass)") == [("Theirs",)]
    assert rows(admin, "SELECT * FROM public.kept") == [("CA",), ("CA",)]


def test_a_foreign_view_on_a_removed_column_is_named_and_nothing_changes(admin, reader):
    view(admin, AREA, VALUE, YEAR)
    admin.execute("CREATE VIEW public.theirs AS SELECT year FROM gold.pce")
    with pytest.raises(ConfigError) as caught:
        view(admin, AREA, VALUE)
    assert str(caught.value) == (
        "gold.pce must be rebuilt, but the view public.theirs on it cannot be recreated: "
        'column "year" does not exist; drop or change that view, and run again'
    )
    assert len(shape(admin)) == 3
    assert len(rows(admin, "SELECT * FROM public.theirs")) == 2


def test_the_view_replaces_a_table_of_an_earlier_version(admin, reader):
    admin.execute(
        "CREATE TABLE gold.pce (area text, year bigint, value numeric, PRIMARY KEY (area, year));"
        f"GRANT SELECT ON gold.pce TO {reader}; COMMENT ON TABLE gold.pce IS 'Spending';"
        "CREATE VIEW public.theirs AS SELECT area, value FROM gold.pce"
    )
    view(admin, AREA, VALUE)
    assert rows(admin, "SELECT relkind::text FROM pg_class WHERE oid = 'gold.pce'::regclass") == [
        ("v",)
    ]
    assert may(admin, reader)
    assert rows(admin, "SELECT obj_description('gold.pce'::regclass)") == [("Spending",)]
    assert len(rows(admin, "SELECT * FROM public.theirs")) == 2


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE MATERIALIZED VIEW gold.pce AS SELECT 1", "a materialized view"),
        ("CREATE SEQUENCE gold.pce", "a sequence"),
        ("CREATE TYPE gold.pce AS (area text)", "a composite type"),
        ("CREATE INDEX pce ON gold.history (area)", "an index"),
    ],
)
def test_another_object_with_the_name_is_not_changed(admin, reader, statement, kind):
    admin.execute(statement)
    with pytest.raises(ConfigError) as caught:
        view(admin, AREA)
    assert str(caught.value) == (
        f"gold.pce is {kind}, but must become a view; drop or rename it, and run again"
    )


def test_our_views_on_a_view_may_be_rebuilt_before_others_are_restored(admin, reader):
    view(admin, AREA, VALUE, YEAR)
    over = "SELECT area, {} FROM gold.pce"
    with transaction(admin):
        body = sql.SQL(over.format("year"))
        replace_view(admin, "gold", "pce_yoy", body, [AREA, YEAR], "Change")
    admin.execute("CREATE VIEW public.theirs AS SELECT area FROM gold.pce_yoy")
    admin.execute(f"GRANT SELECT ON gold.pce_yoy TO {reader}")
    with transaction(admin):
        later = []
        replace_view(admin, "gold", "pce", sql.SQL(BODY), [AREA, VALUE], "Spending", later=later)
        body = sql.SQL(over.format("value"))
        replace_view(admin, "gold", "pce_yoy", body, [AREA, VALUE], "Change", later=later)
        for aside in reversed(later):
            aside.put_back(admin)
    assert [name for name, _, _ in shape(admin, "gold.pce_yoy")] == ["area", "value"]
    assert may(admin, reader, name="gold.pce_yoy")
    assert len(rows(admin, "SELECT * FROM public.theirs")) == 2


def test_a_function_returns_the_figures_known_on_a_date(admin, reader):
    function(admin, AREA, VALUE, YEAR)
    given = admin.execute("SELECT * FROM gold.pce_as_of('2024-01-01')")
    assert [column.name for column in given.description] == ["area", "value", "year"]
    assert given.fetchall() == [("CA", Decimal("1.5"), 2022)]
    assert len(rows(admin, "SELECT * FROM gold.pce_as_of(DATE '2024-10-03')")) == 2
    comment = "SELECT obj_description('gold.pce_as_of(date)'::regprocedure)"
    assert rows(admin, comment) == [("As of",)]
    function(admin, AREA, VALUE, YEAR, title="As it stood")
    assert rows(admin, comment) == [("As it stood",)]


def test_a_query_of_the_function_is_planned_as_a_query_of_the_table(admin, reader):
    admin.execute("CREATE INDEX ON gold.history (area); SET enable_seqscan = off")
    function(admin, AREA, VALUE, DAY)
    plan = "\n".join(
        line
        for (line,) in rows(
            admin, "EXPLAIN SELECT value FROM gold.pce_as_of('2024-01-01') WHERE area = 'CA'"
        )
    )
    assert "Function Scan" not in plan
    assert "Index Cond: (area = 'CA'::text)" in plan
    assert "released <= '2024-01-01'::date" in plan


def test_a_function_with_another_body_stays_the_same_one(admin, reader):
    function(admin, AREA, VALUE)
    before = rows(admin, "SELECT 'gold.pce_as_of(date)'::regprocedure::oid")
    admin.execute("CREATE VIEW public.theirs AS SELECT * FROM gold.pce_as_of('2024-01-01')")
    function(admin, AREA, VALUE, body=BODY + "\nWHERE released < as_of - 365")
    assert rows(admin, "SELECT 'gold.pce_as_of(date)'::regprocedure::oid") == before
    assert rows(admin, "SELECT * FROM public.theirs") == []


def test_a_column_hides_the_date_unless_the_function_is_named(admin, reader):
    admin.execute("ALTER TABLE gold.history ADD as_of date")
    function(admin, AREA)
    assert rows(admin, "SELECT * FROM gold.pce_as_of('2024-01-01')") == []
    function(admin, AREA, body=BODY + "\nWHERE released <= pce_as_of.as_of")
    assert rows(admin, "SELECT * FROM gold.pce_as_of('2024-01-01')") == [("CA",)]


def test_a_function_with_other_columns_is_rebuilt_with_its_grants(admin, reader):
    function(admin, AREA, VALUE)
    admin.execute(
        "REVOKE EXECUTE ON FUNCTION gold.pce_as_of FROM PUBLIC;"
        f"GRANT EXECUTE ON FUNCTION gold.pce_as_of TO {reader}"
    )
    function(admin, AREA, YEAR, DAY)
    assert rows(admin, "SELECT * FROM gold.pce_as_of('2024-01-01')") == [
        ("CA", 2022, date(2023, 10, 4))
    ]
    grants = "SELECT proacl::text FROM pg_proc WHERE proname = 'pce_as_of'"
    ((acl,),) = rows(admin, grants)
    assert f"{reader}=X/" in acl
    assert "{=X" not in acl
    assert ",=X" not in acl


def test_a_foreign_view_keeps_its_columns_of_a_function_with_new_ones(admin, reader):
    """The view knows the columns by their places."""
    function(admin, AREA, VALUE)
    admin.execute(
        "CREATE VIEW public.theirs AS SELECT value, area FROM gold.pce_as_of('2024-01-01');"
        "CREATE VIEW public.every AS SELECT * FROM gold.pce_as_of('2024-01-01')"
    )
    for _ in range(2):
        function(admin, YEAR, AREA, DAY, VALUE)
        assert rows(admin, "SELECT * FROM public.theirs") == [(Decimal("1.5"), "CA")]
        assert rows(admin, "SELECT area, value FROM public.every") == [("CA", Decimal("1.5"))]
        given = admin.execute("SELECT * FROM gold.pce_as_of('2024-01-01')")
        assert [column.name for column in given.description] == [
            "area",
            "value",
            "year",
            "released",
        ]


LOST = (
    "the view public.theirs calls gold.pce_as_of, which no longer has value, so the view would "
    "read other columns instead; drop that view, run again, and create it again"
)


def test_a_foreign_view_on_a_removed_column_of_a_function_is_named(admin, reader):
    function(admin, AREA, VALUE, YEAR)
    admin.execute("CREATE VIEW public.theirs AS SELECT year FROM gold.pce_as_of('2024-01-01')")
    with pytest.raises(ConfigError) as caught:
        function(admin, AREA, YEAR)
    assert str(caught.value) == LOST
    assert rows(admin, "SELECT * FROM public.theirs") == [(2022,)]
    admin.execute("DROP VIEW public.theirs")
    function(admin, AREA, YEAR)
    assert rows(admin, "SELECT * FROM gold.pce_as_of('2024-01-01')") == [("CA", 2022)]


def test_a_foreign_view_that_was_set_aside_for_a_table_is_named(admin, reader):
    function(admin, AREA, VALUE, YEAR)
    admin.execute(
        "CREATE VIEW public.theirs AS SELECT a.year, (SELECT count(*) FROM gold.history)"
        " FROM gold.pce_as_of('2024-01-01') AS a"
    )

    def lose_a_column():
        with transaction(admin):
            later = [set_aside(admin, "gold", "history")]
            body = sql.SQL("SELECT 'CA' AS area, 2022 AS year")
            replace_function(admin, "gold", "pce_as_of", body, (AREA, YEAR), "As of", later=later)

    with pytest.raises(ConfigError) as caught:
        lose_a_column()
    assert str(caught.value) == LOST
    assert rows(admin, "SELECT * FROM public.theirs") == [(2022, 2)]


def test_a_function_that_returns_no_table_is_replaced(admin, reader):
    admin.execute("CREATE FUNCTION gold.pce_as_of(date) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    function(admin, AREA)
    assert rows(admin, "SELECT * FROM gold.pce_as_of('2024-01-01')") == [("CA",)]


def test_a_procedure_with_the_name_is_not_changed(admin, reader):
    admin.execute("CREATE PROCEDURE gold.pce_as_of(date) LANGUAGE sql AS ''")
    with pytest.raises(ConfigError) as caught:
        function(admin, AREA)
    assert str(caught.value) == (
        "gold.pce_as_of(date) is a procedure or an aggregate, but must become a function; drop "
        "or rename it, and run again"
    )


def test_an_invalid_body_changes_nothing(admin, reader):
    view(admin, AREA)
    with pytest.raises(psycopg.errors.UndefinedColumn):
        view(admin, AREA, body="SELECT nothing FROM gold.history")
    assert len(rows(admin, "SELECT * FROM gold.pce")) == 2
