"""The client that all sources share: it sends requests to an agency within the agency's limits and
ours.

It reads proxies and certificates from the environment and limits the time and size of each answer. It
adds the credential when it sends a request, removes it from the answer, and never follows a redirect
with it. Import this package where you need it: it loads httpx.
"""

from statpipe.api.http.address import checked_address
from statpipe.api.http.answer import Answer
from statpipe.api.http.client import Client
from statpipe.api.http.client_source import ClientSource
from statpipe.api.http.credential import Credential
from statpipe.api.http.limits import Limits
from statpipe.api.http.one_line import one_line
from statpipe.api.http.page import page_title
from statpipe.api.http.retries import Passing, Patience, persist
from statpipe.api.http.status import failure_of
from statpipe.api.http.transport import Transport

__all__ = [
    "Answer",
    "Client",
    "ClientSource",
    "Credential",
    "Limits",
    "Passing",
    "Patience",
    "Transport",
    "checked_address",
    "failure_of",
    "one_line",
    "page_title",
    "persist",
]
