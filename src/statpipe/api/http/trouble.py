"""What to raise if a server cannot be reached or does not answer properly."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import httpcore
import httpx
from attrs import frozen

from statpipe.api.http.decoding import Undecodable
from statpipe.api.http.one_line import one_line
from statpipe.api.http.proxy import Proxy
from statpipe.api.http.redaction import Redactor
from statpipe.api.http.retries import Passing
from statpipe.domain.errors import ConfigError, Unavailable

TROUBLE = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    Undecodable,
    ssl.SSLError,
)


@frozen(kw_only=True)
class Trouble:
    """
    A failed exchange. ``start`` begins each message; ``proxy`` is the proxy in between.

    ``late`` is the time for the whole answer, in seconds, where it is over. ``certificates`` are the
    variables that name them.
    """

    url: httpx.URL
    start: str
    proxy: Proxy | None
    late: float | None
    certificates: Sequence[str]
    redactor: Redactor

    def failure(self, error: Exception) -> Exception:
        """
        Return what to raise for the HTTP library's *error*.
        """
        start, host, proxy, via = self.start, self.url.host, self.proxy, self._via
        if isinstance(error, httpcore.ProxyError) and proxy and str(error).startswith("4"):
            return ConfigError(
                f"{start}the proxy that {proxy.variable} names does not allow connections to "
                f"{host} ({one_line(str(error), 100)}): correct {proxy.variable}, or list the "
                "host in NO_PROXY"
            )
        if self.late is not None:
            return Passing(
                Unavailable(
                    f"{start}{host} did not answer completely within {self.late:.0f} s{via}; run "
                    "again later, or allow more time"
                )
            )
        if isinstance(error, Undecodable):
            msg = (
                f"{start}the answer of {host} cannot be decompressed{via} ({error}); run again "
                "later"
            )
            return Passing(Unavailable(msg))
        for reason in error.args:
            if isinstance(reason, ssl.SSLCertVerificationError):
                return Unavailable(f"{start}{self._unverified(reason)}")
        what = one_line(self.redactor.text(f"{type(error).__name__}: {error}").rstrip(": "))
        return Passing(
            Unavailable(
                f"{start}{host} cannot be reached{via} ({what}); check the network, then run again"
            )
        )

    @property
    def _via(self) -> str:
        return f" through the proxy that {self.proxy.variable} names" if self.proxy else ""

    def _unverified(self, error: ssl.SSLCertVerificationError) -> str:
        if self.certificates:
            named = " and ".join(self.certificates)
            remedy = f"{named} sets the trusted certificates: correct or unset it"
        else:
            remedy = (
                "if a proxy in your network re-signs connections, set SSL_CERT_FILE to the file "
                "with its certificate"
            )
        why = one_line(error.verify_message or str(error))
        return (
            f"the certificate of {self.url.host} cannot be verified{self._via} ({why}), so "
            f"nothing was sent: {remedy}; otherwise wait until the agency has renewed it"
        )
