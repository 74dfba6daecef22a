"""Where a key may be sent."""

from __future__ import annotations

import pytest

from statpipe.api import ConfigError
from statpipe.api.http.address import checked_address

WHAT = "the url of the BEA source"
BEA = "https://apps.bea.gov/api/data"


@pytest.mark.parametrize(
    "url",
    [
        BEA,
        "https://mirror.example:8443/api/data",
        "http://localhost:8080/api/data",
        "http://127.0.0.1:8080/api/data",
        "http://127.8.8.8/api/data",
        "http://[::1]:8080/api/data",
    ],
)
def test_a_key_is_only_sent_over_https_or_on_this_machine(url):
    assert str(checked_address(url, what=WHAT, keyed=True)) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://apps.bea.gov/api/data",
        "http://localhost.example/api/data",
        "http://127.0.0.1.example/api/data",
        "http://0.0.0.0/api/data",
    ],
)
def test_a_key_is_never_sent_unencrypted(url):
    with pytest.raises(ConfigError, match="must be https, or the key would be sent unencrypted"):
        checked_address(url, what=WHAT, keyed=True)


@pytest.mark.parametrize("hidden", ["?UserID=TOP-SECRET", "#TOP-SECRET"])
def test_a_key_in_the_url_is_refused_and_not_quoted(hidden):
    with pytest.raises(ConfigError, match="give the key as a variable") as error:
        checked_address(BEA + hidden, what=WHAT, keyed=True)
    assert "TOP-SECRET" not in str(error.value)


def test_a_password_in_the_url_is_refused_and_not_quoted():
    with pytest.raises(ConfigError) as error:
        checked_address("https://me:TOP-SECRET@apps.bea.gov/api/data", what=WHAT)
    assert "TOP-SECRET" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["", "apps.bea.gov/api/data", "https://", "https://bea.gov:port/", "https:///a"]
)
def test_an_invalid_url_is_refused(url):
    with pytest.raises(ConfigError, match="the url of the BEA source is not a valid address"):
        checked_address(url, what=WHAT, keyed=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://apps.bea.gov/regional/zip/SAPCE.zip",
        "http://mirror.example:8080/x.zip?version=1",
        "http://10.0.0.1/x.zip",
        "http://host_with_underscore/x.zip",
        "http://trailing.dot./x.zip",
        "http://m\u00fcnchen.example/x.zip",
    ],
)
def test_without_a_key_http_and_a_query_are_fine(url):
    assert checked_address(url, what="the bulk file")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("apps.bea.gov/x.zip", "it does not begin with http:// or https://"),
        ("ftp://apps.bea.gov/x.zip", "it does not begin with http:// or https://"),
        ("http://apps..gov/x.zip", "its host is not a valid name"),
        (f"http://{'a.' * 130}gov/x.zip", "its host is not a valid name"),
        ("http://-a.gov/x.zip", "its host is not a valid name"),
        ("http://a b.gov/x.zip", "its host is not a valid name"),
        ("http://apps.bea.gov:0/x.zip", "its port is not between 1 and 65535"),
        ("http://apps.bea.gov:65536/x.zip", ""),
        ("http://apps.bea.gov:-1/x.zip", ""),
        ("http://[::1/x.zip", "it cannot be parsed"),
        ("http://[::zz]/x.zip", "it cannot be parsed"),
        ("http://1.2.3.4.5.6/x\n.zip", "it cannot be parsed"),
        ("http:///x.zip", "it has no host"),
    ],
)
def test_an_unusable_url_is_named_with_the_reason(url, why):
    with pytest.raises(ConfigError) as error:
        checked_address(url, what="the bulk file")
    assert str(error.value).startswith("the bulk file is not a valid address (")
    assert why in str(error.value)
    assert str(error.value).endswith("): give it as https://host/path")
