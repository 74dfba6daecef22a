"""A network and a shell as users have them, for every channel: web pages, proxies, odd variables."""

from __future__ import annotations

import gzip
import re

import pytest

from support.rude_server import RudeServer, reply

from .conftest import DATA

PAGE = b"<!DOCTYPE html><html><head><title>Scheduled \x1b[31mmaintenance</title></head></html>"
KEY = "C0FFEE00-CAFE-4BAD-8BAD-FEEDFACE0042"
ZIP = (DATA / "SAPCE.zip").read_bytes()
LAKE = "[environments.local.sinks.lake]\n[sources.bea_pce_state]\ntables = ['SAPCE1']\nyears = [2021]\n"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@pytest.fixture
def here(home):
    for name in list(home.environment):
        if name.lower() in PROXIES:
            del home.environment[name]
    return home


def configure(home, channel, address):
    where = {"api": f"api_url = '{address}'", "bulk": f"bulk = '{address}'"}
    named = where.get(channel, f"archive = ['{address}']")
    home.configure(f"{LAKE}channel = '{channel}'\n{named}\n")
    if channel == "api":
        home.environment["BEA_API_KEY"] = KEY


@pytest.mark.parametrize("channel", ["api", "bulk", "archive", "backfill"])
def test_a_web_page_means_the_agency_is_down_and_is_in_bronze(here, channel):
    with RudeServer(reply(PAGE, Content_Type="application/json")) as server:
        configure(here, "archive" if channel == "backfill" else channel, server.url)
        command = ["run", "bea_pce_state"]
        if channel == "backfill":
            command = ["backfill", "bea_pce_state", "--from-archive", server.url]
        done = here.run(*command, code=5)
    assert "with the web page 'Scheduled [31mmaintenance' instead of data" in done.stderr
    kept = re.search(r"kept as (bronze/\S+\.html\.gz)\)", done.stderr)
    assert gzip.decompress((here.lake / kept[1]).read_bytes()) == PAGE


def test_a_file_that_has_moved_is_followed(here):
    with RudeServer(b"", reply(ZIP)) as server:
        server.scripts[0] = reply(b"", "301 Moved", Location=f"http://{server.address}/new.zip")
        configure(here, "bulk", server.url)
        here.environment["NO_PROXY"] = "[::1],127.0.0.1"
        here.environment["HTTP_PROXY"] = "socks5h://127.0.0.1:1"
        here.run("run", "bea_pce_state")
        assert [head.split()[1] for head in server.heads] == [b"/SAPCE.zip", b"/new.zip"]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (
            {"HTTP_PROXY": "gopher://me:TOP-SECRET@x"},
            "HTTP_PROXY is not a usable proxy",
        ),
        ({"all_proxy": "socks5h://127.0.0.1:1"}, "all_proxy names a SOCKS proxy, which needs"),
        ({"SSL_CERT_FILE": "/not/there.pem"}, "SSL_CERT_FILE names '/not/there.pem', which cannot"),
    ],
)
def test_a_wrong_variable_of_the_network_is_named(here, variables, says):
    configure(here, "bulk", "http://127.0.0.1:1/SAPCE.zip")
    here.environment.update(variables)
    done = here.run("run", "bea_pce_state", code=2)
    assert says in done.stderr
    assert "TOP-SECRET" not in done.stderr
    assert "a bug" not in done.stderr


@pytest.mark.parametrize(
    "address", ["http://[::1/x.zip", "ftp://127.0.0.1/x.zip", "http://a..b/x.zip"]
)
def test_a_wrong_url_is_a_config_error(here, address):
    configure(here, "bulk", address)
    done = here.run("run", "bea_pce_state", code=2)
    assert f"'{address}' is not a valid address (" in done.stderr


def test_an_empty_key_of_the_process_does_not_hide_the_one_in_the_file(here, bea):
    configure(here, "api", bea.url)
    here.environment["BEA_API_KEY"] = ""
    (here.folder / ".env").write_bytes(f"\ufeffexport BEA_API_KEY='{bea.key}'\r\n".encode())
    here.run("run", "bea_pce_state")
    assert {request["userid"] for request in bea.requests} == {bea.key}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('"{}"', "BEA_API_KEY has quotes around its value; remove them, or they would be sent"),
        (" {}\n", "BEA_API_KEY is not valid: expected the 36-character key from BEA's e-mail"),
    ],
)
def test_a_key_with_quotes_or_blanks_around_it_is_never_sent(here, bea, written, says):
    configure(here, "api", bea.url)
    here.environment["BEA_API_KEY"] = written.format(KEY)
    done = here.run("run", "bea_pce_state", code=2)
    assert says in done.stderr
    assert KEY not in done.stderr
    assert bea.requests == []
