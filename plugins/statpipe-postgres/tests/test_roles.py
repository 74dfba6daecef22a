"""Least rights: one role owns what statpipe makes, another reads it, and neither can do more."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import attrs
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.api import ConfigError, Environment, Unavailable
from statpipe_postgres.connection import transaction
from statpipe_postgres.plugin import make_postgres
from statpipe_postgres.roles import LOADER, READER, make_roles
from statpipe_postgres.settings import PostgresSettings

UNCHANGED = [
    "unchanged the roles statpipe_loader and statpipe_reader",
    "unchanged rights on the database",
    "unchanged the owner of the schemas",
    "unchanged the owner of the objects in the schemas",
    "unchanged read rights",
    "unchanged read rights on later tables",
]


@pytest.fixture
def no_roles(admin):
    """Roles are the whole server's: what an earlier test made goes, in any database."""
    drop_roles(admin)
    yield
    drop_roles(admin)


def drop_roles(admin):
    there = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (LOADER,)).fetchone()
    if there is None:
        return
    for (database,) in admin.execute(
        "SELECT datname FROM pg_database WHERE datallowconn AND oid IN"
        " (SELECT dbid FROM pg_shdepend) OR datname = current_database()"
    ).fetchall():
        address = make_conninfo(admin.info.dsn, password=admin.info.password, dbname=database)
        with psycopg.connect(address, autocommit=True) as session:
            session.execute(f"REASSIGN OWNED BY {LOADER}, {READER} TO CURRENT_USER")
            # One after the other: default privileges that name both confuse PostgreSQL.
            session.execute(f"DROP OWNED BY {READER}; DROP OWNED BY {LOADER}")
    admin.execute(f"DROP ROLE {LOADER}, {READER}")


@pytest.fixture
def login(admin, dsn, no_roles):
    """Make a login that is a member of some roles, and no more; return its address."""
    made = []

    def make(*roles, attributes=""):
        name = f"login_{len(made)}_{admin.info.dbname}"
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw' {attributes}")
        for role in roles:
            admin.execute(f"GRANT {role} TO {name}")
        made.append(name)
        return make_conninfo(dsn, user=name, password="pw")

    yield make
    for name in made:
        admin.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER; DROP OWNED BY {name}")
        admin.execute(f"DROP ROLE {name}")


def rows(session, statement):
    return session.execute(statement).fetchall()


def owners(admin):
    return rows(
        admin,
        "SELECT n.nspname || '.' || c.relname, c.relowner::regrole::text FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('gold', 'statpipe')"
        " AND c.relkind IN ('r', 'v') UNION ALL SELECT nspname, nspowner::regrole::text"
        " FROM pg_namespace WHERE nspname IN ('gold', 'statpipe') ORDER BY 1",
    )


def test_an_administrator_creates_the_roles_and_gets_a_report(sink, admin, no_roles):
    assert sink.init() == [
        "created role statpipe_loader",
        "created role statpipe_reader",
        "unchanged rights on the database",
        "made statpipe_loader the owner of schema gold",
        "made statpipe_loader the owner of schema statpipe",
        "made statpipe_loader the owner of statpipe.check_results",
        "made statpipe_loader the owner of statpipe.dataset_state",
        "made statpipe_loader the owner of statpipe.ingest_runs",
        "made statpipe_loader the owner of statpipe.lineage",
        "granted USAGE on schema gold to statpipe_reader",
        "granted USAGE on schema statpipe to statpipe_reader",
        "granted SELECT on statpipe.check_results to statpipe_reader",
        "granted SELECT on statpipe.dataset_state to statpipe_reader",
        "granted SELECT on statpipe.ingest_runs to statpipe_reader",
        "granted SELECT on statpipe.lineage to statpipe_reader",
        "granted SELECT on later tables of schema gold to statpipe_reader",
        "granted EXECUTE on later functions of schema gold to statpipe_reader",
        "granted SELECT on later tables of schema statpipe to statpipe_reader",
        "granted EXECUTE on later functions of schema statpipe to statpipe_reader",
    ]
    powers = rows(
        admin,
        "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication,"
        " rolbypassrls FROM pg_roles WHERE rolname ~ '^statpipe_' ORDER BY 1",
    )
    assert powers == [(role, *([False] * 6)) for role in (LOADER, READER)]
    assert {owner for _, owner in owners(admin)} == {LOADER}


class Told(psycopg.Connection):
    """A connection that remembers the statements it is given."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.statements = []

    def execute(self, query, *arguments, **options):
        text = query if isinstance(query, str) else query.as_string(self)
        self.statements.append(text.split()[0])
        return super().execute(query, *arguments, **options)


def test_a_second_run_changes_nothing(make_sink, dsn, no_roles):
    make_sink().init()
    assert make_sink().init() == UNCHANGED
    with Told.connect(dsn, autocommit=True) as session:
        assert make_roles(session, gold="gold", operations="statpipe") == UNCHANGED
        assert set(session.statements) == {"BEGIN", "RESET", "SELECT", "SET"}


def test_existing_objects_are_handed_over_and_those_of_others_are_not(
    sink, admin, dsn, login, partition, three_rows, key, make_sink
):
    sink.write(partition(three_rows))
    analyst = login()
    name = psycopg.conninfo.conninfo_to_dict(analyst)["user"]
    admin.execute(f"GRANT USAGE, CREATE ON SCHEMA gold TO {name}")
    admin.execute(f"SET ROLE {name}; CREATE VIEW gold.mine AS SELECT 1 AS n; RESET ROLE")
    admin.execute("CREATE FUNCTION gold.f(as_of date) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    done = make_sink().init()
    assert "made statpipe_loader the owner of gold.spending" in done
    assert "made statpipe_loader the owner of gold.f(as_of date)" in done
    assert dict(owners(admin))["gold.mine"] == name
    assert dict(owners(admin))["gold.spending"] == LOADER
    assert sink.fingerprint(key) == "first"


def test_tables_of_an_earlier_login_are_handed_over(make_sink, admin, login, partition, three_rows):
    admin.execute("CREATE SCHEMA gold; CREATE SCHEMA statpipe")
    address = login()
    name = psycopg.conninfo.conninfo_to_dict(address)["user"]
    admin.execute(f"GRANT USAGE, CREATE ON SCHEMA gold, statpipe TO {name}")
    make_sink(address=address).write(partition(three_rows))
    assert dict(owners(admin))["gold.spending"] == name
    make_sink().init()
    assert {owner for _, owner in owners(admin)} == {LOADER}
    admin.execute(f"GRANT {LOADER} TO {name}")
    assert make_sink(address=address).write(partition(three_rows.slice(1), "second")).deleted == 1


def test_a_member_of_the_loading_role_can_do_a_whole_load_and_no_more(
    make_sink, admin, login, partition, model, three_rows, table_of, manifest, key
):
    make_sink().init()
    address = login(LOADER)
    loader = make_sink(address=address)
    assert loader.write(partition(three_rows)).inserted == 3
    assert loader.write(partition(three_rows.slice(1), "second")).deleted == 1
    narrower = attrs.evolve(model, columns=model.columns[:3])
    loader.write(partition(three_rows, "third", of=narrower))
    loader.record(manifest)
    assert loader.fingerprint(key) == "third"
    assert [d for d in loader.diagnose() if d.state != "ok"] == []
    assert {owner for _, owner in owners(admin)} == {LOADER}
    with psycopg.connect(address, autocommit=True) as session:
        session.execute(f"SET ROLE {LOADER}")
        for statement in ("CREATE ROLE x", "CREATE DATABASE x", "CREATE SCHEMA x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


def test_a_member_of_the_reading_role_reads_later_objects_and_no_more(
    make_sink, admin, login, partition, model, three_rows
):
    make_sink().init()
    loader = make_sink(address=login(LOADER))
    loader.write(partition(three_rows))
    narrower = attrs.evolve(model, columns=model.columns[:3])
    loader.write(partition(three_rows, "anew", of=narrower))
    with loader._connection.session("making a view") as session:
        session.execute("CREATE VIEW gold.areas AS SELECT DISTINCT area FROM gold.spending")
    with psycopg.connect(login(READER), autocommit=True) as reader:
        assert rows(reader, "SELECT count(*) FROM gold.spending") == [(3,)]
        assert rows(reader, "SELECT count(*) FROM gold.areas") == [(2,)]
        assert rows(reader, "SELECT fingerprint FROM statpipe.dataset_state") == [("anew",)]
        for statement in (
            "INSERT INTO gold.spending (area, year) VALUES ('TX', 1)",
            "UPDATE gold.spending SET value = 0",
            "DELETE FROM statpipe.dataset_state",
            "TRUNCATE gold.spending",
            "CREATE TABLE gold.mine ()",
            "DROP TABLE gold.spending",
            "ALTER VIEW gold.areas RENAME TO mine",
            "CREATE ROLE mine",
            f"SET ROLE {LOADER}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)


def test_an_administrator_need_not_be_a_superuser(make_sink, admin, login, partition, three_rows):
    address = login(attributes="CREATEROLE")
    name = psycopg.conninfo.conninfo_to_dict(address)["user"]
    admin.execute(f"ALTER DATABASE {admin.info.dbname} OWNER TO {name}")
    administrator = make_sink(address=address)
    done = administrator.init()
    assert done[:3] == [
        "created role statpipe_loader",
        "created role statpipe_reader",
        f"made {name} a member of role statpipe_loader",
    ]
    assert administrator.init() == UNCHANGED
    administrator.write(partition(three_rows))
    assert {owner for _, owner in owners(admin)} == {LOADER}
    admin.execute(f"ALTER DATABASE {admin.info.dbname} OWNER TO CURRENT_USER")


def test_without_the_privilege_the_message_has_the_statements_to_run(
    make_sink, admin, login, partition, three_rows
):
    address = login()
    name = psycopg.conninfo.conninfo_to_dict(address)["user"]
    admin.execute(f"GRANT CREATE ON DATABASE {admin.info.dbname} TO {name}")
    with pytest.raises(ConfigError) as caught:
        make_sink(address=address).init()
    statements = (
        'CREATE ROLE "statpipe_loader" NOLOGIN; CREATE ROLE "statpipe_reader" NOLOGIN; '
        f'GRANT "statpipe_loader" TO "{name}"'
    )
    assert str(caught.value) == (
        f"the role {name} may not set up the roles statpipe_loader and statpipe_reader: "
        "permission denied to create role; this requires the attribute CREATEROLE: log in as a "
        f"role with it, or ask an administrator to run: {statements}"
    )
    admin.execute(statements)
    done = make_sink(address=address).init()
    assert "made statpipe_loader the owner of schema gold" in done
    assert "unchanged the roles statpipe_loader and statpipe_reader" in done
    loader = make_sink(address=address)
    assert loader.write(partition(three_rows)).inserted == 3
    assert {owner for _, owner in owners(admin)} == {LOADER}


def test_an_existing_role_loses_its_other_privileges(sink, admin, no_roles):
    admin.execute(f"CREATE ROLE {LOADER} CREATEDB; CREATE ROLE {READER} BYPASSRLS")
    assert sink.init()[:2] == [
        f"removed server-wide powers from role {role}" for role in (LOADER, READER)
    ]
    assert not rows(
        admin,
        "SELECT FROM pg_roles WHERE rolname ~ '^statpipe_' AND (rolcreatedb OR rolbypassrls)",
    )


def test_role_creation_waits_for_a_parallel_one(sink, admin, dsn, no_roles, monkeypatch):
    def look(session, _place):
        admin.execute(f"CREATE ROLE {LOADER}; CREATE ROLE {READER}")
        yield from changes

    with sink._connection.session("looking") as session:
        from statpipe_postgres import roles

        step = roles._STEPS[0]
        changes = list(step.changes(session, None))
        monkeypatch.setattr(roles, "_STEPS", (attrs.evolve(step, changes=look),))
    with pytest.raises(Unavailable, match=r"^setting up the roles .*right now; run again$"):
        sink.init()


def test_without_the_roles_everything_works_as_before(sink, admin, no_roles, partition, three_rows):
    sink.write(partition(three_rows))
    assert {owner for _, owner in owners(admin)} == {"statpipe"}
    assert not rows(admin, f"SELECT FROM pg_roles WHERE rolname IN ('{LOADER}', '{READER}')")


def test_the_roles_of_another_database_of_the_server_do_not_matter(
    sink, admin, no_roles, partition, three_rows
):
    admin.execute(f"CREATE ROLE {LOADER}; CREATE ROLE {READER}")
    sink.write(partition(three_rows))
    assert {owner for _, owner in owners(admin)} == {"statpipe"}


@pytest.fixture
def embedded(root, tmp_path):
    """A sink with a server of its own, as in the environment local."""
    made = []

    def make(**settings):
        environment = Environment(name="local", home=tmp_path, embedded=True, **settings)
        sink = make_postgres(PostgresSettings(environment=environment, embedded=str(root)))
        made.append(sink)
        return sink

    yield make
    for sink in made:
        sink.close()


def test_an_embedded_server_is_used_with_the_least_privileges(embedded, partition, three_rows, key):
    first = embedded()
    first.write(partition(three_rows))
    who = "SELECT current_user, current_setting('is_superuser')"
    assert first.query(who).rows == [(LOADER, "off")]
    with first._connection.session("looking") as session:
        assert {owner for _, owner in owners(session)} == {LOADER}
    another = embedded()
    assert another.fingerprint(key) == "first"
    assert another.query(who).rows == [(LOADER, "off")]
    assert another.write(partition(three_rows.slice(1), "second")).deleted == 1
    # A reopened connection has the same rights.
    another._connection.forget()
    assert another.query(who).rows == [(LOADER, "off")]
    with another._connection.session("dropping") as session, transaction(session):
        session.execute("DROP SCHEMA gold CASCADE")
    assert embedded().write(partition(three_rows, "third")).inserted == 3
    assert another.init() == UNCHANGED


def test_a_smoke_run_in_an_embedded_server_has_its_own_schemas(embedded, partition, three_rows):
    embedded().write(partition(three_rows))
    smoke = embedded(scratch="smoke-1")
    assert smoke.write(partition(three_rows)).inserted == 3
    smoke.remove_scratch()
    assert embedded().query("SELECT count(*) FROM spending").rows == [(3,)]
