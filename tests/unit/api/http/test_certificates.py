"""Which certificates are trusted, and what is said of those that are not."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from statpipe.api import ConfigError, Unavailable
from statpipe.api.http import Passing, deadline
from statpipe.api.http.certificates import trust_of
from support.rude_server import reply
from support.tls_postgres import NAME, Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "tests")


@pytest.fixture
def bundle(authority) -> Path:
    return authority.bundle


@pytest.fixture
def serve_tls(serve, authority, tmp_path, monkeypatch):
    """Serve with a certificate; every name is found on this machine."""
    monkeypatch.setattr(deadline, "resolved", lambda *_: ["127.0.0.1"])

    def serve_tls(host=NAME, **dates):
        (tmp_path / "server.pem").write_bytes(b"".join(authority.certificate(host, **dates)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.pem")
        server = serve(reply(b"figures"), tls=context)
        return server, server.url.replace("127.0.0.1", NAME)

    return serve_tls


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_file_that_a_variable_names_is_trusted(serve_tls, open_transport, bundle, variable):
    _, url = serve_tls()
    transport = open_transport(environment={variable: str(bundle)})
    assert transport.get(url).body == b"figures"


def test_openssls_variable_takes_precedence(bundle):
    environment = {"SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": "/not/there"}
    assert trust_of(environment).variables == ("SSL_CERT_FILE",)


def test_an_empty_variable_counts_as_unset():
    trust = trust_of(dict.fromkeys(["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"], ""))
    assert trust.variables == ()
    assert trust.context.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_missing_file_is_a_config_error(open_transport, variable):
    transport = open_transport(environment={variable: "/not/there.pem"})
    with pytest.raises(
        ConfigError, match=rf"^{variable} names '/not/there\.pem', which cannot be used"
    ):
        transport.get("http://127.0.0.1:1/")


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"]
)
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_file_without_certificates_is_a_config_error(tmp_path, variable, content):
    path = tmp_path / "damaged.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="it holds no certificates in PEM form; name a file of"):
        trust_of({variable: str(path)})


def test_a_file_in_place_of_a_folder_or_reverse_is_a_config_error(bundle):
    with pytest.raises(ConfigError, match=r"^SSL_CERT_DIR names .* it is not a folder"):
        trust_of({"SSL_CERT_DIR": str(bundle)})
    with pytest.raises(ConfigError, match=r"^SSL_CERT_FILE names .*"):
        trust_of({"SSL_CERT_FILE": str(bundle.parent)})
    with pytest.raises(ConfigError, match=r"^SSL_CERT_FILE names .*"):
        trust_of({"SSL_CERT_FILE": "a\x00b"})


def test_session_keys_are_never_logged(tmp_path, bundle, monkeypatch):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert not trust_of({"SSL_CERT_FILE": str(bundle)}).context.keylog_filename


def test_an_untrusted_certificate_is_reported_with_a_remedy_and_not_retried(serve_tls, transport):
    server, url = serve_tls()
    with pytest.raises(Unavailable) as error:
        transport.get(url, name="SAPCE.zip")
    assert str(error.value).startswith(
        "SAPCE.zip: the certificate of statpipe.test cannot be verified (unable to get local issuer"
    )
    assert "set SSL_CERT_FILE to the file with its certificate" in str(error.value)
    assert server.heads == []


def test_the_variable_in_use_is_named_for_an_untrusted_certificate(
    serve_tls, open_transport, tmp_path
):
    other = Authority(tmp_path / "other", "other").bundle
    transport = open_transport(environment={"SSL_CERT_FILE": str(other)})
    with pytest.raises(Unavailable, match="SSL_CERT_FILE sets the trusted certificates"):
        transport.get(serve_tls()[1])


@pytest.mark.parametrize(
    ("served", "why"),
    [
        ({"host": "agency.example"}, "Hostname mismatch"),
        ({"ends": timedelta(days=-1)}, "certificate has expired"),
        ({"begins": timedelta(days=1)}, "certificate is not yet valid"),
    ],
)
def test_the_fault_of_a_certificate_is_reported(serve_tls, open_transport, bundle, served, why):
    transport = open_transport(environment={"SSL_CERT_FILE": str(bundle)})
    with pytest.raises(Unavailable, match=why):
        transport.get(serve_tls(**served)[1])


def test_a_server_without_tls_is_a_temporary_error(serve, transport):
    with pytest.raises(Passing, match=r"127\.0\.0\.1 cannot be reached"):
        transport.get(serve(b"220 mail\r\n", at_once=True).url.replace("http", "https"))
