"""Two group roles: one owns statpipe's objects, the other may read them. On RDS, also a login."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import psycopg
from attrs import frozen
from psycopg import sql

from statpipe.api import ConfigError, Unavailable
from statpipe_postgres.acting import LOADER, as_loader
from statpipe_postgres.connection import Session, advisory_lock, transaction

READER = "statpipe_reader"
"""The role that may read both schemas and all later objects in them."""

RDS_IAM = "rds_iam"
"""On Amazon RDS, the role whose members can only log in with tokens."""


@frozen(kw_only=True)
class _Change:
    """A statement, and a text that says what it did."""

    done: str
    statement: sql.Composed


@frozen(kw_only=True)
class _Place:
    """The two schemas, and the roles that have owned statpipe's objects in them so far."""

    gold: str
    operations: str
    former: tuple[str, ...]
    iam_login: str | None

    @property
    def schemas(self) -> tuple[str, str]:
        return self.gold, self.operations


@frozen
class _Step:
    """A step: what it examines, how its changes are found, and which privilege they need."""

    what: str
    changes: Callable[[Session, _Place], Iterator[_Change]]
    takes: str


def make_roles(
    session: Session, *, gold: str, operations: str, iam_login: str | None = None
) -> list[str]:
    """
    Create the two roles, and give them the two schemas. Return lines that say what was done.

    If the role ``rds_iam`` exists, ``iam_login`` becomes a login that may load and needs no
    password.

    Existing correct settings are not changed. Relations and functions of the role that logged in,
    and of the owners of the operations tables, are handed over to the loading role. Other roles'
    objects in the schemas stay theirs. From then on, the session acts as the loading role, if it
    may.

    :raises ConfigError: A right is missing.
    """
    lines: list[str] = []
    with transaction(session):
        session.execute("RESET ROLE")
        advisory_lock(session, "roles")
        former = _former_owners(session, operations)
        place = _Place(gold=gold, operations=operations, former=former, iam_login=iam_login)
        on_rds = iam_login is not None and _is_on_rds(session)
        for step in (*_STEPS, _IAM_STEP) if on_rds else _STEPS:
            changes = list(step.changes(session, place))
            _make(session, step, changes)
            lines += [change.done for change in changes] or [f"unchanged {step.what}"]
    as_loader(session, gold=gold, operations=operations)
    return lines


def _make(session: Session, step: _Step, changes: Sequence[_Change]) -> None:
    for number, change in enumerate(changes):
        try:
            session.execute(change.statement)
        except psycopg.errors.InsufficientPrivilege as error:
            _refuse(session, step, changes[number:], error)
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            # Roles belong to the whole server, but our lock to one database.
            msg = f"setting up {step.what}: another session is doing the same right now; run again"
            raise Unavailable(msg) from None


def _refuse(
    session: Session, step: _Step, changes: Sequence[_Change], error: psycopg.Error
) -> NoReturn:
    statements = "; ".join(change.statement.as_string(session) for change in changes)
    said = error.diag.message_primary or str(error)
    msg = (
        f"the role {session.info.user} may not set up {step.what}: {said}; this requires "
        f"{step.takes}: log in as a role with it, or ask an administrator to run: {statements}"
    )
    raise ConfigError(msg) from None


def _former_owners(session: Session, operations: str) -> tuple[str, ...]:
    rows = session.execute(
        "SELECT session_user::text UNION SELECT pg_get_userbyid(c.relowner)::text FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s",
        (operations,),
    ).fetchall()
    return tuple(name for (name,) in rows if name != LOADER)


def _roles(session: Session, _place: _Place) -> Iterator[_Change]:
    rows = session.execute(
        "SELECT rolname::text,"
        " rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
        " FROM pg_roles WHERE rolname IN (%s, %s)",
        (LOADER, READER),
    ).fetchall()
    found: dict[str, bool] = dict(rows)
    for role in (LOADER, READER):
        name = sql.Identifier(role)
        if role not in found:
            statement = sql.SQL("CREATE ROLE {} NOLOGIN").format(name)
            yield _Change(done=f"created role {role}", statement=statement)
        elif found[role]:
            statement = sql.SQL(
                "ALTER ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            ).format(name)
            yield _Change(done=f"removed server-wide powers from role {role}", statement=statement)
    if not _may_act(session):
        statement = sql.SQL("GRANT {} TO {}").format(
            sql.Identifier(LOADER), sql.Identifier(session.info.user)
        )
        yield _Change(
            done=f"made {session.info.user} a member of role {LOADER}", statement=statement
        )


def _may_act(session: Session) -> bool:
    """Return whether the login may hand things over to the loading role."""
    row = session.execute(
        "SELECT u.rolsuper OR COALESCE(pg_has_role(u.oid, l.oid, 'USAGE'), false)"
        " FROM pg_roles u LEFT JOIN pg_roles l ON l.rolname = %s WHERE u.rolname = session_user",
        (LOADER,),
    ).fetchone()
    return row == (True,)


def _database(session: Session, _place: _Place) -> Iterator[_Change]:
    database = session.info.dbname
    wanted = ((LOADER, "CONNECT"), (LOADER, "TEMPORARY"), (READER, "CONNECT"))
    for role, right in wanted:
        row = session.execute(
            "SELECT has_database_privilege(%s, current_database(), %s)", (role, right)
        ).fetchone()
        if row != (True,):
            statement = sql.SQL("GRANT {} ON DATABASE {} TO {}").format(
                sql.SQL(right), sql.Identifier(database), sql.Identifier(role)
            )
            yield _Change(
                done=f"granted {right} on database {database} to {role}", statement=statement
            )


def _schemas(session: Session, place: _Place) -> Iterator[_Change]:
    rows = session.execute(
        "SELECT nspname::text FROM pg_namespace WHERE nspname IN (%s, %s)"
        " AND pg_get_userbyid(nspowner) <> %s ORDER BY nspname",
        (*place.schemas, LOADER),
    ).fetchall()
    for (schema,) in rows:
        statement = sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(
            sql.Identifier(schema), sql.Identifier(LOADER)
        )
        yield _Change(done=f"made {LOADER} the owner of schema {schema}", statement=statement)


def _objects(session: Session, place: _Place) -> Iterator[_Change]:
    rows = session.execute(
        "SELECT 'TABLE', n.nspname::text, c.relname::text, ''"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN (%(gold)s, %(operations)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND pg_get_userbyid(c.relowner)::text = ANY(%(former)s)"
        " UNION ALL SELECT 'ROUTINE', n.nspname::text, p.proname::text,"
        " '(' || pg_get_function_identity_arguments(p.oid) || ')'"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN (%(gold)s, %(operations)s)"
        " AND pg_get_userbyid(p.proowner)::text = ANY(%(former)s) ORDER BY 2, 3, 4",
        {"gold": place.gold, "operations": place.operations, "former": list(place.former)},
    ).fetchall()
    for kind, schema, name, arguments in rows:
        statement = sql.SQL("ALTER {} {}{} OWNER TO {}").format(
            sql.SQL(kind),
            sql.Identifier(schema, name),
            sql.SQL(arguments),
            sql.Identifier(LOADER),
        )
        done = f"made {LOADER} the owner of {schema}.{name}{arguments}"
        yield _Change(done=done, statement=statement)


def _reading(session: Session, place: _Place) -> Iterator[_Change]:
    for schema in place.schemas:
        row = session.execute(
            "SELECT has_schema_privilege(%s, %s, 'USAGE')", (READER, schema)
        ).fetchone()
        if row != (True,):
            yield _reader_may(f"USAGE on schema {schema}", sql.SQL("USAGE ON SCHEMA {}"), schema)
    rows = session.execute(
        "SELECT n.nspname::text, c.relname::text"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN (%s, %s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND pg_get_userbyid(c.relowner) = %s AND NOT has_table_privilege(%s, c.oid, 'SELECT')"
        " ORDER BY 1, 2",
        (*place.schemas, LOADER, READER),
    ).fetchall()
    for schema, relation in rows:
        yield _reader_may(
            f"SELECT on {schema}.{relation}", sql.SQL("SELECT ON TABLE {}"), schema, relation
        )


def _reader_may(what: str, right: sql.SQL, *name: str) -> _Change:
    statement = sql.SQL("GRANT {} TO {}").format(
        right.format(sql.Identifier(*name)), sql.Identifier(READER)
    )
    return _Change(done=f"granted {what} to {READER}", statement=statement)


def _reading_later(session: Session, place: _Place) -> Iterator[_Change]:
    """Set default privileges, so that a rebuilt table can be read like the one before."""
    for schema in place.schemas:
        for kind, letter, right in (("TABLES", "r", "SELECT"), ("FUNCTIONS", "f", "EXECUTE")):
            there = session.execute(
                "SELECT 1 FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace"
                " CROSS JOIN LATERAL aclexplode(d.defaclacl) g WHERE n.nspname = %s"
                " AND pg_get_userbyid(d.defaclrole) = %s AND d.defaclobjtype::text = %s"
                " AND pg_get_userbyid(g.grantee) = %s AND g.privilege_type = %s",
                (schema, LOADER, letter, READER, right),
            ).fetchone()
            if there is None:
                statement = sql.SQL(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT {} ON {} TO {}"
                ).format(
                    sql.Identifier(LOADER),
                    sql.Identifier(schema),
                    sql.SQL(right),
                    sql.SQL(kind),
                    sql.Identifier(READER),
                )
                done = f"granted {right} on later {kind.lower()} of schema {schema} to {READER}"
                yield _Change(done=done, statement=statement)


def _is_on_rds(session: Session) -> bool:
    return bool(session.execute("SELECT FROM pg_roles WHERE rolname = %s", (RDS_IAM,)).fetchall())


def _iam_login(session: Session, place: _Place) -> Iterator[_Change]:
    login = place.iam_login
    # Members of rds_iam can no longer log in by password, so the administrator must not become one.
    if login is None or login == session.info.user:
        return
    name = sql.Identifier(login)
    found = session.execute(
        "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", (login,)
    ).fetchone()
    if found != (True,):
        verb = sql.SQL("ALTER" if found else "CREATE")
        statement = sql.SQL("{} ROLE {} LOGIN").format(verb, name)
        yield _Change(done=f"{'opened' if found else 'created'} login {login}", statement=statement)
    member_of = session.execute(
        "SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
        " JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = %s",
        (login,),
    ).fetchall()
    for role in (LOADER, RDS_IAM):
        if (role,) not in member_of:
            statement = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), name)
            yield _Change(done=f"made {login} a member of role {role}", statement=statement)


_STEPS = (
    _Step(f"the roles {LOADER} and {READER}", _roles, "the attribute CREATEROLE"),
    _Step("rights on the database", _database, "ownership of the database"),
    _Step("the owner of the schemas", _schemas, "ownership of them, and CREATE on the database"),
    _Step("the owner of the objects in the schemas", _objects, "ownership of them"),
    _Step("read rights", _reading, f"membership in {LOADER}"),
    _Step("read rights on later tables", _reading_later, f"membership in {LOADER}"),
)
_IAM_STEP = _Step("the login for IAM tokens", _iam_login, "CREATEROLE, and admin rights on rds_iam")
