"""One answer of a server with any behaviour."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib

import pytest

from statpipe.api import ConfigError, ContentError, Rejected, Secret, Unavailable
from statpipe.api.http import Credential, Passing
from statpipe.api.http import deadline as deadline_module
from support.rude_server import reply

KEY = "C0FFEE00-dead-4BAD-8bad-00CaFe00Beef"


def zipped(body):
    """Without the time, so that each process names the tests alike."""
    return gzip.compress(body, mtime=0)


BOMB = zipped(zipped(b"\0" * 30_000_000))


def test_an_answer_has_status_headers_and_body_and_requests_a_user_agent(serve, transport):
    server = serve(reply(b"figures", X_Two="a", Content_Type="Text/CSV; charset=utf-8"))
    answer = transport.get(server.url, {"Year": "2021", "Area": "Puerto Rico"})
    assert (answer.status, answer.body, answer.media_type) == (200, b"figures", "text/csv")
    assert answer.headers["x-two"] == "a"
    (head,) = server.heads
    assert head.startswith(b"GET /SAPCE.zip?Year=2021&Area=Puerto+Rico HTTP/1.1\r\n")
    assert f"Host: {server.address}\r\n".encode() in head
    assert b"User-Agent: tests/1\r\n" in head
    assert b"Accept-Encoding: gzip\r\n" in head


class TestTime:
    """The whole answer has a deadline, whatever the server does meanwhile."""

    @pytest.mark.parametrize(
        "pieces",
        [
            (reply()[:-2].replace(b"Content-Length: 0", b"Content-Length: 9"), b"X"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
            (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
            (b"HTTP/1.1 100 Continue\r\n\r\n",),
            (b"H", b"T"),
        ],
        ids=["header", "body", "chunks", "no-length", "continue", "status"],
    )
    def test_an_answer_that_arrives_too_slowly_times_out(self, serve, open_transport, pieces):
        server = serve(b"")
        server.scripts = [server.drip(*pieces)]
        transport = open_transport(seconds=0.3)
        with pytest.raises(Passing) as raised:
            transport.get(server.url, name="SAPCE.zip")
        if pieces[0] != b"H":
            assert str(raised.value.error) == (
                "SAPCE.zip: 127.0.0.1 did not answer completely within 0 s; run again later, or "
                "allow more time"
            )
        assert isinstance(raised.value.error, Unavailable)

    def test_a_silent_server_times_out(self, serve, open_transport):
        server = serve(b"")
        server.scripts = [server.silent()]
        with pytest.raises(Passing, match="ReadTimeout"):
            open_transport(silence=0.05).get(server.url)

    def test_a_handshake_that_never_ends_times_out(self, open_transport):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            with pytest.raises(Passing, match=r"cannot be reached|did not answer"):
                open_transport(seconds=0.2).get(f"https://127.0.0.1:{port}/")

    def test_a_name_lookup_that_never_ends_times_out(self, open_transport, monkeypatch):
        answered = threading.Event()
        monkeypatch.setattr(
            deadline_module.socket, "getaddrinfo", lambda *_, **__: answered.wait(10) and []
        )
        try:
            with pytest.raises(Passing, match=r"did not answer completely|was not found within"):
                open_transport(seconds=0.05).get("http://agency.example/")
        finally:
            answered.set()

    def test_an_unknown_host_is_reported(self, open_transport, monkeypatch):
        def unknown(*_, **__):
            raise socket.gaierror(-2, "Name or service not known")

        monkeypatch.setattr(deadline_module.socket, "getaddrinfo", unknown)
        with pytest.raises(
            Passing, match=r"agency\.example cannot be reached \(ConnectError: the name"
        ):
            open_transport().get("http://agency.example/")

    def test_the_next_address_of_a_host_is_tried(self, serve, transport, monkeypatch):
        server = serve(reply(b"figures"))
        port = int(server.address.rpartition(":")[2])
        monkeypatch.setattr(deadline_module, "resolved", lambda *_: ["127.0.0.2", "127.0.0.1"])
        assert transport.get(f"http://agency.example:{port}/").body == b"figures"

    def test_no_connection_stays_open_after_a_failure(self, serve, open_transport):
        server = serve(b"")
        server.scripts = [server.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x")]
        transport = open_transport(seconds=0.1)
        with pytest.raises(Passing):
            transport.get(server.url)
        (pool,) = transport._pools.values()
        assert pool.connections == []


class TestSize:
    def test_an_answer_without_end_is_cut_off(self, serve, open_transport):
        server = serve(b"")
        server.scripts = [server.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 50_000, every=0)]
        with pytest.raises(ContentError, match="is too large: more than 1,000,000 bytes"):
            open_transport(largest=1_000_000).get(server.url)

    def test_an_answer_that_swells_when_unpacked_is_cut_off(self, serve, open_transport):
        packed = zipped(b"\0" * 30_000_000)
        server = serve(reply(packed, Content_Encoding="gzip"))
        with pytest.raises(ContentError, match="is too large"):
            open_transport(largest=1_000_000).get(server.url)

    @pytest.mark.parametrize(
        "told", ["gzip, gzip", "deflate,gzip", "gzip\r\nContent-Encoding: gzip", "br", "zstd"]
    )
    def test_nested_or_unrequested_encodings_are_refused(self, serve, transport, told):
        server = serve(reply(BOMB, Content_Encoding=told))
        with pytest.raises(
            Passing, match=r"cannot be decompressed \(content-encoding .* not requested"
        ):
            transport.get(server.url)


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "packed"),
        [
            ("gzip", zipped(b"figures")),
            ("x-gzip", zipped(b"figures")),
            ("GZIP", zipped(b"fig") + zipped(b"ures")),
            ("gzip", zipped(b"figures") + b"\0" * 10),
            ("identity, gzip", zipped(b"figures")),
            ("deflate", zlib.compress(b"figures")),
            ("deflate", zlib.compress(b"figures")[2:-4]),
            ("identity", b"figures"),
            ("", b"figures"),
        ],
    )
    def test_each_encoding_is_decoded(self, serve, transport, encoding, packed):
        assert transport.get(serve(reply(packed, Content_Encoding=encoding)).url).body == b"figures"

    def test_an_empty_body_stays_empty(self, serve, transport):
        assert transport.get(serve(reply(b"", Content_Encoding="gzip")).url).body == b""

    @pytest.mark.parametrize(
        ("encoding", "packed"),
        [
            ("gzip", b"figures"),
            ("gzip", zipped(b"figures" * 100)[:-9]),
            ("gzip", zipped(b"figures")[:-1] + b"!"),
            ("gzip", zipped(b"figures") + b"figures"),
            ("deflate", b"figures"),
            ("deflate", zlib.compress(b"figures")[:-1]),
        ],
    )
    def test_a_damaged_body_is_retried_and_then_unavailable(
        self, serve, transport, encoding, packed
    ):
        with pytest.raises(Passing, match="cannot be decompressed") as raised:
            transport.get(serve(reply(packed, Content_Encoding=encoding)).url)
        assert isinstance(raised.value.error, Unavailable)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01 not http at all",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nabc",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n broken: header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
    ],
)
def test_a_protocol_error_is_retried_and_then_unavailable(serve, transport, raw):
    with pytest.raises(Passing, match=r"127\.0\.0\.1 cannot be reached") as raised:
        transport.get(serve(raw).url, name="SAPCE.zip")
    assert isinstance(raised.value.error, Unavailable)
    assert "\n" not in str(raised.value)


def test_an_old_server_without_a_length_is_read_to_its_end(serve, transport):
    assert transport.get(serve(b"HTTP/1.0 200 OK\r\n\r\nfigures").url).body == b"figures"


@pytest.mark.parametrize(
    ("value", "text"),
    [(b"gr\xfc\xdfe", "grüße"), ("grüße".encode(), "grüße"), (b"\xff\xfe", "ÿþ")],
)
def test_header_bytes_that_are_not_ascii_are_read(serve, transport, value, text):
    server = serve(reply(b"x", "200 \xff\xfc?", Retry_After=value, Content_Type=value, X=value))
    answer = transport.get(server.url)
    assert answer.headers["x"] == text
    assert answer.media_type == text
    assert answer.phrase == "200 OK"


class TestRedirects:
    """They are followed if the request has no credential."""

    @pytest.mark.parametrize(
        "status",
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"],
    )
    @pytest.mark.parametrize(
        "location", ["/there", "there?a=b#c", "//{0}/there", "http://{0}/there"]
    )
    def test_redirects_are_followed(self, serve, transport, status, location):
        server = serve(b"", reply(b"figures"))
        server.scripts[0] = reply(b"", status, Location=location.format(server.address))
        answer = transport.get(server.url)
        assert answer.body == b"figures"
        assert answer.url.startswith(f"http://{server.address}/there")

    def test_a_redirect_with_non_ascii_letters_is_followed(self, serve, transport):
        server = serve(reply(b"", "301 Moved", Location="/Espa\xf1a"), reply(b"figures"))
        assert transport.get(server.url).body == b"figures"
        assert server.heads[1].startswith(b"GET /Espa%C3%B1a ")

    def test_redirect_cycles_end(self, serve, transport):
        server = serve(reply(b"", "302 Found", Location="/a"), reply(b"", "302 F", Location="/a"))
        with pytest.raises(Passing, match="redirects in circles") as raised:
            transport.get(server.url)
        assert isinstance(raised.value.error, Unavailable)

    def test_an_endless_chain_of_redirects_ends(self, serve, transport):
        count = iter(range(100))
        server = serve(
            lambda wire: wire.sendall(reply(b"", "302 Found", Location=f"/{next(count)}"))
        )
        with pytest.raises(Passing, match="redirects in circles"):
            transport.get(server.url)
        assert len(server.heads) == 11

    @pytest.mark.parametrize(
        ("location", "why"),
        [
            ("ftp://agency.example/", "does not begin with http:// or https://"),
            ("file:///etc/passwd", "does not begin with http:// or https://"),
            ("javascript:alert(1)", "does not begin with http:// or https://"),
            ("http://[::1/", "an invalid address"),
            ("http://agency.example:99999/", "an unusable address"),
            ("http://agency..example/", "its host is not a valid name"),
            (f"http://{'a' * 64}.example/", "an unusable address"),
            ("http://me:secret@agency.example/", "with a password in the address"),
        ],
    )
    def test_a_redirect_to_an_invalid_url_is_refused_by_name(self, serve, transport, location, why):
        with pytest.raises(Rejected, match="redirects to") as raised:
            transport.get(serve(reply(b"", "302 Found", Location=location)).url)
        assert why in str(raised.value)
        assert "secret" not in str(raised.value)

    def test_a_redirect_without_a_location_is_returned(self, serve, transport):
        answer = transport.get(serve(reply(b"", "302 Found")).url)
        assert (answer.status, answer.redirect) == (302, "")

    def test_no_redirect_is_followed_with_a_credential(self, serve, open_transport):
        transport = open_transport(credential=Credential(name="UserID", secret=Secret(KEY)))
        server = serve(reply(b"", "302 Found", Location=f"/there?UserID={KEY}"))
        answer = transport.get(server.url)
        assert len(server.heads) == 1
        assert answer.redirect == "/there?UserID=REDACTED"


class TestCredential:
    @pytest.mark.parametrize(
        ("place", "sent"),
        [("query", f"?Year=2021&UserID={KEY} "), ("header", f"\r\nUserID: {KEY}\r\n")],
    )
    def test_the_credential_is_sent_and_removed_from_answers(
        self, serve, open_transport, place, sent
    ):
        credential = Credential(name="UserID", secret=Secret(KEY), place=place)
        transport = open_transport(credential=credential)
        server = serve(reply(KEY.lower().encode(), X=KEY))
        answer = transport.get(server.url, {"Year": "2021"})
        assert sent.encode() in server.heads[0]
        assert (answer.body, answer.headers["x"]) == (b"REDACTED", "REDACTED")
        assert KEY not in repr(answer) + repr(vars(transport)) + repr(credential)

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "short",
            f'"{KEY}"',
            f"'{KEY}'",
            f" {KEY}",
            f"{KEY}\n",
            f"“{KEY}”",
            "ñ" * 10,
            "a\rbcdefghi",
        ],
    )
    def test_an_invalid_credential_is_refused_and_not_shown(self, value):
        with pytest.raises(ConfigError, match="sent as UserID is not valid") as raised:
            Credential(name="UserID", secret=Secret(value)).checked()
        assert KEY not in str(raised.value)


def test_an_unusable_url_is_a_config_error(transport):
    for address in (
        "",
        "agency.example",
        "ftp://agency.example/",
        "http://",
        "http://[::1",
        "http://a..b/",
    ):
        with pytest.raises(ConfigError, match="is not a valid address"):
            transport.get(address)


def test_the_path_of_another_port_is_refused_connections(transport):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Passing, match=r"127\.0\.0\.1 cannot be reached \(ConnectError"):
            transport.get(f"http://127.0.0.1:{unused.getsockname()[1]}/")
