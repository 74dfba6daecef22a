"""A server that cannot prove who it is gets neither figures nor password."""

from __future__ import annotations

import contextlib

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from statpipe.api import ConfigError, Environment, Secret, Unavailable
from statpipe_postgres.address import Address
from statpipe_postgres.distrust import why_distrusted
from statpipe_postgres.plugin import make_postgres
from statpipe_postgres.settings import PostgresSettings


def refusal(sink, key, kind=ConfigError):
    """Return what is said after the place and the deed, by the error and by the doctor."""
    with pytest.raises(kind) as caught:
        sink.fingerprint(key)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert "\n" not in text
    assert "canary" not in text
    (found,) = sink.diagnose()
    assert found.state == "error"
    assert found.remedy == text.rpartition("; ")[2]
    place, _, rest = text.partition(", asking what gold holds: ")
    assert place.startswith("PostgreSQL at statpipe.test through 127.0.0.1:")
    return rest.split(" failed: ", 2)[2]


@pytest.fixture
def verifying(make_sink, ca):
    return make_sink(ca=ca)


def test_the_name_is_verified_through_a_tunnel(verifying, partition, three_rows, key):
    assert verifying.write(partition(three_rows)).inserted == 3
    assert verifying.fingerprint(key) == "first"


def test_the_printed_address_also_verifies_the_server(verifying, dsn, ca, tls_server):
    port = tls_server.port
    told = conninfo_to_dict(verifying.locations()["gold tables"])
    assert told.pop("dbname") == conninfo_to_dict(dsn)["dbname"]
    assert told == {
        "host": "statpipe.test",
        "hostaddr": "127.0.0.1",
        "port": str(port),
        "user": "master",
        "sslmode": "verify-full",
        "sslrootcert": ca,
    }


def test_another_ca_is_reported(make_sink, stranger, key):
    assert refusal(make_sink(ca=str(stranger.bundle)), key) == (
        "SSL error: certificate verify failed: it is not signed by a trusted CA; set `ca` "
        'of the sink postgres to the CA that signed it ("rds" for Amazon RDS)'
    )


def test_a_private_ca_unknown_to_the_system_is_reported(make_sink, dsn, key):
    sink = make_sink(address=make_conninfo(dsn, sslrootcert="system"))
    assert "it is not signed by a trusted CA" in refusal(sink, key)


def test_a_missing_ca_is_reported(make_sink, key):
    said = refusal(make_sink(), key)
    assert said.endswith(
        '/.postgresql/root.crt" does not exist; set `ca` of the sink postgres to the CA that '
        'signed the certificate ("rds" for Amazon RDS)'
    )


def test_a_certificate_for_another_name_is_refused(verifying, tls_server, key):
    with tls_server.presenting("of another name"):
        assert refusal(verifying, key) == (
            'server certificate for "other.test" does not match host name "statpipe.test"; set '
            "host to a name in the certificate, and for a tunnel also set hostaddr"
        )
    assert verifying.fingerprint(key) is None


def test_an_expired_certificate_is_refused(verifying, tls_server, key):
    with tls_server.presenting("expired"):
        assert refusal(verifying, key) == (
            "SSL error: certificate verify failed: it has expired; let the server's "
            "administrator renew it, and check this machine's clock"
        )
    assert verifying.fingerprint(key) is None


def test_a_certificate_that_is_not_valid_yet_is_refused(verifying, tls_server, key):
    with tls_server.presenting("of tomorrow"):
        assert refusal(verifying, key) == (
            "SSL error: certificate verify failed: it is not valid yet; check this machine's clock"
        )


def test_the_ca_is_named_if_the_handshake_cannot_be_repeated(ca):
    address = Address({"host": "127.0.0.1", "port": "1", "sslrootcert": ca})
    assert why_distrusted(address).startswith("it is not signed by a trusted CA; set `ca`")


def test_the_reason_is_found_with_the_ca_that_libpq_used(
    make_sink, tls_server, ca, key, monkeypatch
):
    monkeypatch.setenv("PGSSLROOTCERT", ca)
    with tls_server.presenting("expired"):
        assert "it has expired; " in refusal(make_sink(), key)


def test_a_server_without_tls_is_refused(verifying, tls_server, key):
    with tls_server.without_tls():
        assert refusal(verifying, key) == (
            "server does not support SSL, but SSL was required; turn TLS on in the server, or "
            "point the dsn at a server that has it"
        )


def test_a_closed_tunnel_is_reported(make_sink, dsn, ca, key):
    sink = make_sink(address=make_conninfo(dsn, port=1), ca=ca)
    assert refusal(sink, key, Unavailable).endswith(
        "; check that the tunnel at 127.0.0.1 is up and reachable, and run again"
    )


def test_a_wrong_password_is_reported_as_such(make_sink, dsn, ca, key):
    sink = make_sink(address=make_conninfo(dsn, password="canary-wrong"), ca=ca)
    assert refusal(sink, key) == (
        'FATAL:  password authentication failed for user "master"; correct the password in the dsn'
    )


def test_a_server_that_requires_tls_says_so(make_sink, dsn, tls_server, admin, key):
    # As rds.force_ssl does it: only lines for TLS.
    with tls_server.admitting("hostssl all all all scram-sha-256\n"):
        address = make_conninfo(dsn, sslmode="disable")
        said = refusal(make_sink(address=address, allow_insecure=True), key)
    assert said.endswith(
        "no encryption; the server may require TLS: remove sslmode from the dsn, or write "
        "sslmode=verify-full"
    )


def encryption(sink):
    found = list(sink.diagnose())
    assert found[0].finding.startswith("served PostgreSQL 17.")
    return found[1]


def test_the_doctor_says_that_the_connection_is_encrypted_and_verified(verifying):
    found = encryption(verifying)
    assert (found.state, found.finding) == (
        "ok",
        "the connection is encrypted by TLSv1.3; certificate and name statpipe.test are verified",
    )


@pytest.mark.parametrize(
    ("mode", "finding"),
    [
        ("disable", "figures and password are sent unencrypted"),
        (
            "require",
            "the connection is encrypted by TLSv1.3, but the server's certificate is not verified",
        ),
        (
            "verify-ca",
            "the connection is encrypted by TLSv1.3, but the server's name is not verified",
        ),
    ],
)
def test_the_doctor_warns_about_weaker_tls(make_sink, dsn, ca, mode, finding):
    sink = make_sink(address=make_conninfo(dsn, sslmode=mode), ca=ca, allow_insecure=True)
    found = encryption(sink)
    assert found.state == "warning"
    assert found.finding == (finding if mode == "disable" else f"{finding} (sslmode={mode})")
    assert found.remedy == "write sslmode=verify-full in the dsn, and set `ca` of the sink postgres"


@pytest.mark.parametrize(
    ("mode", "finding"),
    [
        ("disable", "the connection is not encrypted, but does not leave this machine"),
        ("prefer", "the connection is encrypted by TLSv1.3, and does not leave this machine"),
    ],
)
def test_the_doctor_accepts_an_unencrypted_local_connection(make_sink, dsn, mode, finding):
    found = encryption(make_sink(address=make_conninfo(dsn, host="127.0.0.1", sslmode=mode)))
    assert (found.state, found.finding) == ("ok", finding)


def test_an_embedded_environment_can_use_a_server_like_libpq(tmp_path, dsn, key):
    environment = Environment(name="local", home=tmp_path, embedded=True)
    sink = make_postgres(PostgresSettings(dsn=Secret(dsn), environment=environment))
    with contextlib.closing(sink):
        assert sink.fingerprint(key) is None
