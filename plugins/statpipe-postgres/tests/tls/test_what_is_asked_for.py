"""What an address asks for where it says little of TLS, and what it may not ask for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from psycopg.conninfo import conninfo_to_dict

from statpipe.api import ConfigError, Environment, Secret
from statpipe_postgres.connection import Connection
from statpipe_postgres.plugin import make_postgres
from statpipe_postgres.settings import PostgresSettings
from statpipe_postgres.tls import RDS_BUNDLE

TUNNEL = "host=db.example.org hostaddr=127.0.0.1 port=15432"


@pytest.fixture
def asked(tmp_path):
    """Return what libpq is told, given a dsn and other settings."""

    def ask(dsn, *, embedded=False, **settings):
        environment = Environment(name="staging", home=tmp_path, embedded=embedded)
        made = PostgresSettings(dsn=Secret(dsn), environment=environment, **settings)
        return dict(Connection(made).address.parameters)

    return ask


@pytest.mark.parametrize(
    "dsn",
    [
        "host=db.example.org",
        "postgresql://u:p@db.example.org/d",
        "hostaddr=192.0.2.1",
        TUNNEL,
        "host=localhost hostaddr=192.0.2.1",
        "host=127.0.0.1,db.example.org",
        "service=figures",
    ],
)
def test_another_machine_is_verified_by_default(asked, dsn):
    assert asked(dsn)["sslmode"] == "verify-full"
    assert asked(dsn)["gssencmode"] == "disable"


@pytest.mark.parametrize(
    "dsn",
    [
        "host=127.0.0.1",
        "host=localhost",
        "host=::1",
        "hostaddr=127.0.0.9",
        "host=/run/pg",
        "host=/run/pg,localhost",
        "user=u",
    ],
)
def test_tls_on_this_machine_is_left_to_the_address(asked, dsn):
    assert asked(dsn) == conninfo_to_dict(dsn)
    assert asked(f"{dsn} sslmode=disable")["sslmode"] == "disable"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PGHOST", "db.example.org"), ("PGHOSTADDR", "192.0.2.1"), ("PGSERVICE", "figures")],
)
def test_environment_variables_of_libpq_count(asked, monkeypatch, variable, value):
    assert "sslmode" not in asked("dbname=d")
    monkeypatch.setenv(variable, value)
    assert asked("dbname=d")["sslmode"] == "verify-full"


def test_an_embedded_environment_may_use_any_address(asked):
    assert "sslmode" not in asked("host=db.example.org", embedded=True)
    assert asked("host=db.example.org sslmode=disable", embedded=True)["sslmode"] == "disable"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_a_mode_without_verification_is_refused(asked, mode):
    with pytest.raises(ConfigError) as caught:
        asked(f"{TUNNEL} sslmode={mode}")
    assert str(caught.value) == (
        f"environment staging: sslmode={mode} in the dsn of the sink postgres lets an attacker "
        "on the network impersonate db.example.org through 127.0.0.1:15432, database (default); "
        "remove sslmode from the dsn (verify-full is the default) and set `ca`, or write "
        "allow_insecure = true if you trust that network"
    )
    assert asked(f"{TUNNEL} sslmode={mode}", allow_insecure=True)["sslmode"] == mode


def test_allow_insecure_does_not_change_the_default(asked):
    assert asked(TUNNEL, allow_insecure=True)["sslmode"] == "verify-full"


def test_the_ca_is_a_path_that_starts_at_the_configuration(asked, tmp_path, authority):
    (tmp_path / "ca.pem").write_bytes(authority.bundle.read_bytes())
    assert asked(TUNNEL, ca="ca.pem")["sslrootcert"] == str(tmp_path / "ca.pem")
    assert asked(TUNNEL, ca=str(authority.bundle))["sslrootcert"] == str(authority.bundle)
    own = f"{TUNNEL} sslmode=verify-ca sslrootcert=/own.pem"
    assert asked(own, ca="ca.pem")["sslrootcert"] == "/own.pem"


def test_an_unused_ca_is_not_looked_up(asked):
    assert asked("host=localhost", ca="absent.pem") == {"host": "localhost"}


def test_a_missing_or_invalid_ca_is_named(asked, tmp_path):
    path = tmp_path / "ca.pem"
    remedy = 'write the path of the CA\'s certificate in PEM, or "rds" for those of Amazon RDS'
    start = 'environment staging: ca = "ca.pem" of the sink postgres: '
    with pytest.raises(ConfigError) as caught:
        asked(TUNNEL, ca="ca.pem")
    said = f"{start}{path} cannot be read (No such file or directory); {remedy}"
    assert str(caught.value) == said
    path.write_text("<html>")
    with pytest.raises(ConfigError) as caught:
        asked(TUNNEL, ca="ca.pem")
    assert str(caught.value) == f"{start}{path} contains no PEM certificate; {remedy}"


def test_the_bundled_cas_of_rds_are_used_unless_the_user_has_newer_ones(asked, tmp_path, authority):
    assert asked(TUNNEL, ca="rds")["sslrootcert"] == str(RDS_BUNDLE)
    path = tmp_path / "certs" / "rds-global-bundle.pem"
    path.parent.mkdir()
    path.write_bytes(authority.bundle.read_bytes())
    assert asked(TUNNEL, ca="rds")["sslrootcert"] == str(path)
    path.write_text("<html>")
    with pytest.raises(ConfigError) as caught:
        asked(TUNNEL, ca="rds")
    assert str(caught.value) == (
        f'environment staging: ca = "rds" of the sink postgres: {path} contains no PEM '
        'certificate; write the path of the CA\'s certificate in PEM, or "rds" for those of '
        "Amazon RDS"
    )


def test_the_bundled_cas_of_rds_cover_all_regions_and_stay_valid():
    roots = x509.load_pem_x509_certificates(RDS_BUNDLE.read_bytes())
    names = [root.subject.rfc4514_string() for root in roots]
    assert len(roots) == len(set(names)) == 81
    assert all("CN=Amazon RDS " in name and "Beta" not in name for name in names)
    assert {"us-east-1", "us-west-2", "eu-central-1"} <= {
        found[1] for name in names if (found := re.search(r"CN=Amazon RDS (\S+) Root CA", name))
    }
    for root in roots:
        root.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert root.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3650)


@pytest.mark.parametrize("login", ["statpipe_loader", "statpipe_reader"])
def test_a_group_role_as_login_is_refused(tmp_path, login):
    environment = Environment(name="staging", home=tmp_path)
    settings = PostgresSettings(dsn=Secret("host=h"), environment=environment, iam_login=login)
    with pytest.raises(ConfigError) as caught:
        make_postgres(settings)
    assert str(caught.value) == (
        f"environment staging: {login} is a group role, not a login; give "
        "iam_login of the sink postgres another name"
    )
